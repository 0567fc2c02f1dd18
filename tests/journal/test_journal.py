"""The book: what was promised can be proved, and what was changed is found."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from journal import chain, keys, receipts
from journal.models import Chain, Entry
from transactions.models import Intake

from ..conftest import NOW, drive

VERIFY = Path(__file__).parents[2] / "journal" / "verify.py"

pytestmark = pytest.mark.django_db


@pytest.fixture
def export(cast, submitted, tmp_path):
    for _ in range(2):
        drive(submitted(), cast, "completed")
    out = StringIO()
    call_command("export_journal", stdout=out)
    lines = out.getvalue().strip().splitlines()
    assert len(lines) == 6
    return lines


def run(tmp_path, lines, *more):
    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(lines) + "\n")
    # -I: no project on the path, no environment; and no Django either. The checker stands alone.
    alone = "import runpy, sys; sys.modules['django'] = None; sys.argv = sys.argv[1:]; "
    alone += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-c", alone, str(VERIFY), str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)


def changed(line, **fields):
    return json.dumps(json.loads(line) | fields)


def test_a_good_export_is_good(export, tmp_path):
    done = run(tmp_path, export)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6" in done.stdout


@pytest.mark.parametrize("how", ["body", "left out", "swapped", "cut and rechained", "signature", "another key"])
def test_the_first_bad_entry_of_a_tampered_export_is_named(how, export, tmp_path):
    lines = list(export)
    if how == "body":
        body = base64.b64decode(json.loads(lines[2])["body"]).replace(b"decided", b"DECIDED", 1)
        body = body if body != base64.b64decode(json.loads(lines[2])["body"]) else body + b" "
        lines[2] = changed(lines[2], body=base64.b64encode(body).decode())
        first = 3
    elif how == "left out":
        del lines[2]
        first = 4
    elif how == "swapped":
        lines[2], lines[3] = lines[3], lines[2]
        first = 4
    elif how == "cut and rechained":
        lines[3] = changed(lines[3], previous=json.loads(lines[1])["hash"])
        first = 4
    elif how == "signature":
        lines[4] = changed(lines[4], signature=json.loads(lines[3])["signature"])
        first = 5
    else:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        done = run(tmp_path, lines, "--public-key", base64.b64encode(other).decode())
        assert done.returncode == 1
        return
    done = run(tmp_path, lines)
    assert done.returncode == 1
    assert f"entry {first}" in done.stdout + done.stderr


@pytest.mark.parametrize("junk", ["", "not json", "{}", "[1, 2]", '{"chain": 3}', "\x00"])
def test_what_cannot_be_read_is_said_to_be_unreadable(junk, tmp_path):
    assert run(tmp_path, [junk or "{"]).returncode == 2


def test_the_book_in_the_database_is_checked_too(cast, submitted):
    submitted()
    out = StringIO()
    call_command("verify_journal", stdout=out)
    assert "1 entries" in out.getvalue()
    Chain.objects.update(length=2)
    with pytest.raises(CommandError):
        call_command("verify_journal", stdout=StringIO())


def test_the_book_is_checked_while_the_portal_goes_on_writing(cast, submitted):
    submitted()
    read, came = [], []

    def meanwhile(execute, sql, params, many, context):
        """Between the reading of the entries and the next look at the chain somebody submits."""
        if read and not came and 'FROM "journal_chain"' in sql:
            came.append(True)
            submitted()
        if 'FROM "journal_entry"' in sql:
            read.append(True)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        call_command("verify_journal", stdout=StringIO())
    assert Entry.objects.count() == 2


def test_an_entry_the_chain_does_not_know_of_is_named(cast, submitted):
    submitted()
    submitted()
    first = Entry.objects.order_by("seq").first()
    Chain.objects.update(length=1, head_hash=first.hash)
    with pytest.raises(CommandError, match="the entries end at 2, the chain says 1"):
        call_command("verify_journal", stdout=StringIO())


def test_the_database_refuses_to_change_or_remove_an_entry(cast, submitted):
    submitted()
    if connection.vendor == "sqlite" and not _has_triggers():
        pytest.fail("the journal is not append-only here")
    for statement in ("UPDATE journal_entry SET kind = 'x'", "DELETE FROM journal_entry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Entry.objects.count() == 1


def _has_triggers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_entry'")
        return cursor.fetchone()[0] > 0


def test_a_promise_outside_a_transaction_is_refused(cast):
    from django.db.transaction import TransactionManagementError

    connection.in_atomic_block, before = False, connection.in_atomic_block
    try:
        with pytest.raises(TransactionManagementError):
            chain.append("received", "C1A-1448-000001-A", {}, NOW)
    finally:
        connection.in_atomic_block = before


def test_no_personal_detail_stands_in_clear_in_an_entry(cast, submitted):
    drive(submitted("building-permit"), cast, "issued")
    book = b"\n".join(bytes(entry.body) for entry in Entry.objects.all()).decode()
    person = cast.citizen
    for detail in (person.national_id, person.national_id[-6:], person.full_name, person.phone, "320211004455", "شارع"):
        assert detail not in book


def test_a_receipt_token_proves_itself_and_a_changed_one_does_not(cast, submitted):
    case = submitted()
    token = Intake.objects.get(transaction=case).token
    good = receipts.check_token(token)
    assert (good.signature_good, good.in_journal, good.subject) == (True, True, case.reference)
    for place in range(0, len(token), max(1, len(token) // 40)):
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert not receipts.check_token(other).signature_good or receipts.check_token(other).in_journal
    for junk in ("", "x", "A" * 5000, "é", token[:-10], "\x00"):
        assert not receipts.check_token(junk).signature_good
    # What was pasted behind it is no part of it.
    assert receipts.check_token(token + "AAAA") == good


@pytest.mark.parametrize(
    "body",
    [b'{"node":"\\u0000"}', b'{"node":"C1","inc":"\\u0000"}', b'{"node":["C1"],"inc":null}', b"[" * 2900, b"null"],
    ids=lambda body: body[:24].decode(),
)
def test_whatever_a_forged_token_holds_is_answered_as_no_receipt(body, client):
    token = base64.urlsafe_b64encode(bytes(96) + body).rstrip(b"=").decode()
    assert receipts.check_token(token) == receipts.Check(signature_good=False, in_journal=False, body=None)
    assert client.get(reverse("journal:verify"), {"code": token}).status_code == 200
    assert client.get(reverse("journal:verify_token", args=[token])).status_code == 200


def test_signature_good_and_in_the_journal_are_two_things(cast, submitted):
    """An entry signed with our key that this book does not hold, as from an office that was cut off."""
    from journal.entry import GENESIS, body_of, link

    submitted()
    body = body_of(kind="received", subject="C1A-1448-000077-X", facts={}, node="C1", incarnation="A", seq=77, at=NOW)
    digest = link(GENESIS, body)
    packed = GENESIS + keys.signing_key().sign(digest) + body
    token = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
    found = receipts.check_token(token)
    assert (found.signature_good, found.in_journal) == (True, False)


def test_an_empty_box_is_spoken_of_in_our_words(client, db):
    assert "هذه الخانة فارغة" in client.get(reverse("journal:verify"), {"code": " "}).content.decode()
    assert "هذه الخانة فارغة" not in client.get(reverse("journal:verify")).content.decode()
