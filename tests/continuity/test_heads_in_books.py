"""The daily books hold the vault's head against ours: what it signed, under its key, and what it refused."""

from __future__ import annotations

import base64
import threading
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from continuity import door, heads
from continuity.models import Reached
from journal import receipts
from journal.models import Chain, Entry
from transactions.books.reconcile import reconcile
from transactions.models import Difference, Outbox
from transactions.outbox import heartbeat, queue

from ..conftest import NOW
from .conftest import hand_over

pytestmark = pytest.mark.django_db


def said() -> dict:
    return reconcile(NOW).figures["journals"][0]


def test_without_a_vault_its_head_is_unknown(cast, submitted):
    submitted()
    assert said()["vault"] is None


def test_a_head_that_the_vault_signed_is_the_same(vault, submitted):
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    reached = Chain.objects.get().length
    assert said()["vault"] == {"entries": reached, "same": True}
    # The entry of the reconciliation itself came after it.
    assert said()["vault"] == {"entries": reached, "same": True}
    assert not Difference.objects.filter(kind="head_behind").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"cosignature": bytes(64)},
        {"cosignature": b""},
        {"cosignature": None},
        {"refused": "another past"},
        {"cosigned_seq": 99},
    ],
)
def test_a_head_that_is_not_ours_is_a_difference_and_nothing_is_signed(wrong, vault, submitted):
    """Also one without a signature, which whoever writes in the database could put there: this vault signs."""
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    Reached.objects.update(**wrong)
    published = reconcile(NOW)
    assert published.figures["journals"][0]["vault"]["same"] is False
    assert Difference.objects.filter(kind="head_behind", subject="C1A").exists()
    assert published.token == ""


def verified(client):
    token = receipts.encode_token(Entry.objects.order_by("seq").first())
    return client.get(f"/verify/{token}/").content.decode()


def test_whoever_verifies_reads_that_a_second_authority_signed_too(vault, submitted, client):
    submitted()
    assert "لم توقّع جهة ثانية هذا القيد حتى الآن" in verified(client)
    heartbeat.beat(NOW)
    hand_over()
    assert "وقّعت جهة ثانية سجلنا وفيه هذا القيد" in verified(client)


@pytest.mark.parametrize(
    "wrong", [{"cosignature": bytes(64)}, {"cosignature": b""}, {"refused": "another past"}, {"cosigned_seq": 0}]
)
def test_a_signature_of_the_vault_that_does_not_fit_is_not_shown(wrong, vault, submitted, client):
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    Reached.objects.update(**wrong)
    assert "وقّعت جهة ثانية سجلنا وفيه هذا القيد" not in verified(client)


def test_where_there_is_no_vault_nothing_is_said_of_one(submitted, client):
    submitted()
    assert "التوقيع الثاني" not in verified(client)


def test_what_bears_no_signature_is_shown_again_to_a_vault_that_signs(vault, submitted):
    """Before, a folder may have been the vault, and nobody signed."""
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    reached = Chain.objects.get().length
    Reached.objects.update(cosignature=b"", cosigned_at=NOW)
    heads.owe_if_behind(NOW + timedelta(seconds=1))
    assert Outbox.objects.filter(kind=heads.KIND, state__in=queue.PENDING_STATES).count() == 1
    heads.show(Chain.objects.get().pk, NOW)
    row = Reached.objects.get()
    assert (row.cosigned_seq, len(row.cosignature)) == (reached, 64)
    assert said()["vault"] == {"entries": reached, "same": True}


def test_the_later_word_stays_when_an_earlier_one_comes_late(vault, submitted):
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    before = Reached.objects.get()
    late = door.Cosigned("C1A", before.cosigned_seq - 1, bytes(32), "2026-11-24T07:00:00+00:00", bytes(64))
    heads._note(before, late)
    after = Reached.objects.get()
    assert (after.cosigned_seq, after.cosignature) == (before.cosigned_seq, before.cosignature)


def test_whoever_answers_in_place_of_the_vault_fills_no_memory(settings):
    """An answer without an end is read no further than an answer is long."""
    sent = []

    class Endless(BaseHTTPRequestHandler):
        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _piece in range(2000):
                    sent.append(self.wfile.write(b" " * 65536))

        def log_message(self, format, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.VAULT_URL = f"http://portal:token@127.0.0.1:{server.server_address[1]}"
    settings.VAULT_PUBLIC_KEY = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    settings.VAULT_CA_FILE = ""
    try:
        with pytest.raises(ValueError, match="Expecting value"):
            door.vault().journal(b"{}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert sum(sent) < 100_000_000
