"""Provisional becomes confirmed by itself, with its files; whoever waited long is told. On SQLite, by copies pushed."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta

import pyrage
import pytest
from django.core.management import call_command
from django.urls import reverse
from knox.models import AuthToken

from continuity import keeping
from continuity.classes import of_case, of_receipt
from continuity.models import KeptFile, Reached, Unconfirmed
from continuity.vault import restoring, store
from continuity.vault.record import Record
from continuity.worth import Worth
from journal.models import Chain
from transactions.models import Attachment, Outbox
from transactions.outbox import heartbeat, queue
from transactions.transitions import endings

from ..conftest import NOW, content_of, drive, work_off
from .conftest import hand_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
MINUTES, DAY = timedelta(minutes=1), timedelta(days=1)


def sms(settings):
    folder = settings.SMS_DIR
    return [path.read_text() for path in folder.iterdir()] if folder.exists() else []


def test_without_a_vault_nothing_is_confirmed(submitted, signed_in, cast):
    case = drive(submitted("land-subdivision"), cast, "issued")
    assert {kept.worth for kept in of_case(case)} == {Worth.PROVISIONAL}
    page = signed_in(cast.citizen).get(reverse("transactions:receipt", args=[case.reference])).content.decode()
    assert "غير مؤكد بعد" in page
    keeping.keep(NOW)
    assert not Outbox.objects.filter(kind__startswith="vault").exists()


def test_a_receipt_is_confirmed_once_row_entry_and_files_are_there(vault, submitted, cast, signed_in):
    case = submitted()
    assert of_receipt(case) is Worth.PROVISIONAL
    heartbeat.beat(NOW)
    hand_over()
    assert of_receipt(case) is Worth.CONFIRMED
    page = signed_in(cast.citizen).get(reverse("transactions:receipt", args=[case.reference])).content.decode()
    assert "غير مؤكد بعد" not in page
    assert "مؤكد" in page
    (copy,) = restoring.copies(vault.folder)
    with copy.open("rb") as sealed, (vault.folder / "clear").open("wb") as clear:
        pyrage.decrypt_io(sealed, clear, [vault.identity])
    there = sqlite3.connect(vault.folder / "clear").execute("SELECT reference FROM transactions_transaction").fetchall()
    assert there == [(case.reference,)]
    for file in Attachment.objects.all():
        with (vault.folder / "file").open("w+b") as out:
            assert restoring.file_of(vault.folder, file.sha256, vault.identity, out)
            assert out.read() == content_of(file)


def test_a_file_the_vault_lacks_leaves_it_provisional(vault, submitted):
    """The row and the entry are there; one file of it is not."""
    case = submitted()
    heartbeat.beat(NOW)
    hand_over()
    KeptFile.objects.filter(sha256=case.attachments.first().sha256).delete()
    assert of_receipt(case) is Worth.PROVISIONAL
    Outbox.objects.filter(kind="vault_file").delete()
    heartbeat.beat(NOW)  # finds that it is missing, and hands it over again
    hand_over()
    assert of_receipt(case) is Worth.CONFIRMED


def test_a_promise_after_the_copy_is_provisional(vault, submitted):
    first = submitted()
    heartbeat.beat(NOW)
    hand_over()
    second = submitted()
    for pk in queue.due_ids("vault_file", NOW, 100):
        queue.process_row(pk, NOW)
    assert [of_receipt(case) for case in (first, second)] == [Worth.CONFIRMED, Worth.PROVISIONAL]


def test_decision_payment_and_paper_have_their_class(vault, submitted, cast):
    case = drive(submitted("building-permit"), cast, "issued")
    assert {kept.kind for kept in of_case(case)} >= {"received", "decided", "paid", "issued"}
    assert {kept.worth for kept in of_case(case)} == {Worth.PROVISIONAL}
    heartbeat.beat(NOW + timedelta(days=1))
    hand_over(NOW + timedelta(days=1))
    assert {kept.worth for kept in of_case(case)} == {Worth.CONFIRMED}
    call_command("verify_journal")


def test_the_api_says_it_now(vault, submitted, cast, client):
    case = submitted()
    token = AuthToken.objects.create(user=cast.citizen)[1]
    headers = {"Authorization": f"Token {token}"}
    path = f"/api/v1/transactions/{case.reference}/receipt/"
    assert client.get(path, headers=headers).json()["worth"] == "provisional"
    heartbeat.beat(NOW)
    hand_over()
    assert client.get(path, headers=headers).json()["worth"] == "confirmed"


def test_the_api_says_of_each_promise_what_it_is_worth(vault, submitted, cast, client):
    """A paper issued after the copy is provisional, and the one it replaces stays confirmed."""
    headers = {"Authorization": f"Token {AuthToken.objects.create(user=cast.citizen)[1]}"}
    case = drive(submitted("building-permit"), cast, "issued")
    heartbeat.beat(NOW + DAY)
    hand_over(NOW + DAY)
    endings.propose(case, reason="x", by=cast.registry, now=NOW + 2 * DAY)
    endings.replace(case, reason="x", by=cast.supervisor, now=NOW + 2 * DAY)
    told = client.get(f"/api/v1/transactions/{case.reference}/promises/", headers=headers).json()
    assert [row["kind"] for row in told] == [kept.kind for kept in of_case(case)]
    assert [row["worth"] for row in told if row["kind"] == "issued"] == ["confirmed", "provisional"]
    assert {row["worth"] for row in told if row["kind"] in ("received", "decided", "paid")} == {"confirmed"}
    permit = case.issued_documents.get(ended_at=None)
    paper = client.get(f"/api/v1/transactions/{case.reference}/papers/{permit.kind}/", headers=headers).json()
    assert (paper["number"], paper["worth"]) == (permit.number, "provisional")


@pytest.mark.parametrize(("minutes", "told"), [(3, 0), (59, 0), (61, 1), (60 * 24 * 3, 1)])
def test_whoever_waited_long_is_told_once(minutes, told, vault, submitted, settings, cast):
    """The vault was away; it comes back, and what was provisional is confirmed by itself."""
    url, settings.VAULT_URL = settings.VAULT_URL, "http://portal:x@127.0.0.1:9"
    heartbeat.beat(NOW)
    case = submitted(now=NOW)
    work_off()
    heartbeat.beat(NOW + 2 * MINUTES)
    hand_over(NOW + 2 * MINUTES)
    assert Unconfirmed.objects.filter(confirmed_at=None).count() == 1
    before = len(sms(settings))
    settings.VAULT_URL = url
    back = NOW + minutes * MINUTES
    for number in range(4):
        at = back + number * MINUTES
        heartbeat.beat(at)
        Outbox.objects.filter(state="owed").update(not_before=at)
        work_off(at)
        keeping.keep(at)
        work_off(at)
    assert of_receipt(case) is Worth.CONFIRMED
    assert not Unconfirmed.objects.filter(confirmed_at=None).exists()
    said = [text for text in sms(settings)[before:] if case.reference in text]
    assert len(sms(settings)) - before == len(said) == told


def test_what_was_promised_before_there_was_a_vault_is_told_to_nobody(vault, submitted, settings):
    settings.VAULT_URL = ""
    old = submitted(now=NOW - timedelta(days=30))
    work_off()
    before = len(sms(settings))
    settings.VAULT_URL = vault.url
    heartbeat.beat(NOW)
    heartbeat.beat(NOW + 5 * MINUTES)
    hand_over(NOW + 5 * MINUTES)
    keeping.keep(NOW + 6 * MINUTES)
    work_off(NOW + 6 * MINUTES)
    assert of_receipt(old) is Worth.CONFIRMED
    assert len(sms(settings)) == before


def test_done_twice_it_comes_to_the_same(vault, submitted):
    submitted()
    for number in range(3):
        heartbeat.beat(NOW + number * MINUTES)
        hand_over(NOW + number * MINUTES)
    assert len(restoring.copies(vault.folder)) == 1
    assert Reached.objects.get().seq == Chain.objects.get().length
    assert Outbox.objects.filter(kind="vault_file").count() == Attachment.objects.count()


def test_the_vault_co_signs_each_head(vault, submitted):
    for _each in range(3):
        submitted()
        heartbeat.beat(NOW)
        hand_over()
    reached, chain = Reached.objects.get(), Chain.objects.get()
    assert reached.cosigned_seq == chain.length == Record(vault.folder).heads()["C1A"].seq == 3
    assert reached.refused == ""


def test_a_vault_that_saw_another_past_confirms_nothing_more(vault, submitted, tmp_path):
    """It was shown three entries; a journal with other ones is not taken for the same, and operators hear of it."""
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    shutil.rmtree(vault.folder / "journal")
    from .test_door import chained, exported

    Record(vault.folder).take(exported(chained(1)))
    second = submitted()
    heartbeat.beat(NOW)
    for pk in queue.due_ids("vault_heads", NOW, 10):
        queue.process_row(pk, NOW)
    assert "another" in Reached.objects.get().refused
    assert keeping.waits(NOW)["refused"] == 1
    hand_over()
    heartbeat.beat(NOW + MINUTES)
    hand_over(NOW + MINUTES)
    assert of_receipt(second) is Worth.PROVISIONAL


def test_the_second_medium_gets_each_copy_first(vault, submitted, settings, tmp_path):
    settings.SECOND_MEDIUM = str(tmp_path / "second")
    vault.close()
    case = submitted()
    heartbeat.beat(NOW)
    hand_over()
    assert len(restoring.copies(tmp_path / "second")) == 1
    assert of_receipt(case) is Worth.PROVISIONAL


def test_a_folder_of_another_authority_is_a_vault(submitted, settings, tmp_path):
    settings.VAULT_URL = f"file://{tmp_path / 'other'}"
    settings.VAULT_RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())
    settings.SECOND_MEDIUM = ""
    case = submitted()
    heartbeat.beat(NOW)
    hand_over()
    assert of_receipt(case) is Worth.CONFIRMED
    assert all(store.intact(path) for path in restoring.copies(tmp_path / "other"))


def test_a_worker_lives_whatever_the_vault_does(vault, submitted, monkeypatch):
    def breaks(*_args):
        raise RuntimeError("anything")

    submitted()
    monkeypatch.setattr(keeping.files, "owe_what_is_missing", breaks)
    heartbeat.beat(NOW)
    assert heartbeat.is_alive(NOW)


def test_every_kind_of_work_has_a_task_under_celery(settings):
    """A doorbell nobody answers would leave its rows lying for good."""
    from transactions.outbox import wake_up

    rung = []
    settings.CELERY_BROKER_URL = "redis://nowhere"

    class App:
        @staticmethod
        def send_task(name, kwargs, **_more):
            rung.append((name, kwargs))

    original, wake_up.current_app = wake_up.current_app, App
    try:
        for kind in queue.known_kinds():
            wake_up._send(kind)
    finally:
        wake_up.current_app = original
    assert {name for name, _which in rung} <= set(settings.CELERY_TASK_ROUTES)
    assert {"confirm_email", "hand_back", "vault_file"} <= {which["kind"] for _name, which in rung if which}
