"""The daily check: rows, heads, keys and whole books that were changed by somebody with the database in their hands."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from importlib import import_module
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection

from journal import check as brought_back
from journal import standing
from journal.entry import GENESIS, link
from journal.models import Chain, Entry
from transactions.models import AnswersVersion, Attachment, Event, Intake, IssuedDocument, Transaction

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db(transaction=True)
APPEND_ONLY = import_module("journal.migrations.0002_append_only")


def check() -> str:
    """What the check has against the book; empty when it is good."""
    try:
        call_command("verify_journal", stdout=StringIO())
    except CommandError as wrong:
        return str(wrong)
    return ""


@pytest.fixture
def book(cast, submitted):
    issued = drive(submitted("land-subdivision"), cast, "issued")
    submitted()
    assert check() == ""
    return issued


@pytest.fixture
def owner():
    """Somebody with the rights of the tables' owner: the entries can be changed."""
    back = [APPEND_ONLY.POSTGRESQL_BACK] if connection.vendor == "postgresql" else APPEND_ONLY.SQLITE_BACK
    again = [APPEND_ONLY.POSTGRESQL] if connection.vendor == "postgresql" else APPEND_ONLY.SQLITE
    with standing.without_write_check(), connection.cursor() as cursor:
        for statement in back:
            cursor.execute(statement)
        yield
        for statement in again:
            cursor.execute(statement)


CHANGES = {
    "answers": (AnswersVersion, {"answers": {"district": "another"}}, "answers or files"),
    "answers in force": (Transaction, {"answers": {"district": "another"}}, "the answers in force"),
    "salt": (Transaction, {"mark_salt": "0" * 32}, "answers or files"),
    "service": (Transaction, {"service": "building-permit"}, "service"),
    "channel": (Transaction, {"channel": "api"}, "channel"),
    "decision": (Event, {"move": "reject"}, "outcome"),
    "number": (IssuedDocument, {"number": "SHR-1448-999999"}, "number"),
    "validity": (IssuedDocument, {"valid_until": "2099-01-01"}, "valid_until"),
    "date of the receipt": (Transaction, {"submitted_at": NOW - timedelta(days=30)}, "in at"),
    "receipt": (Intake, {"token": "x"}, "receipt"),
    "date of the paper": (IssuedDocument, {"issued_at": NOW + timedelta(days=900)}, "in at"),
    "QR": (IssuedDocument, {"token": "AAAA"}, "QR"),
    "file": (Attachment, {"sha256": "0" * 64}, "answers or files"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_row_is_named(what, book):
    model, values, said = CHANGES[what]
    rows = model.objects.filter(pk=book.pk) if model is Transaction else model.objects.filter(transaction=book)
    if model is Event:
        rows = rows.filter(move="approve")
    if model is Attachment:
        rows = rows.filter(pk=rows.order_by("pk").first().pk)
    with standing.without_write_check():
        assert rows.update(**values)
    assert f"{book.reference}: differs from entry" in check()
    assert said in check()


def test_the_person_of_a_request_is_held_to_too(book, cast):
    with standing.without_write_check():
        Transaction.objects.filter(pk=book.pk).update(applicant=cast.other_citizen)
    assert "in for" in check()


def test_a_paper_nobody_signed_is_named_also_beside_one_that_was(book):
    paper = IssuedDocument.objects.get(transaction=book)
    with standing.without_write_check():
        IssuedDocument.objects.create(
            transaction=book, kind="permit", number="SHR-1448-888888", issued_at=paper.issued_at, token=paper.token
        )
    assert f"{book.reference}: the journal has 1 entries of its 2 documents" in check()
    other = Transaction.objects.exclude(pk=book.pk).get()
    with standing.without_write_check():
        IssuedDocument.objects.filter(number="SHR-1448-888888").update(transaction=other)
    assert f"{other.reference}: the journal has 0 entries of its 1 documents" in check()


def test_a_request_without_an_entry_is_named(book, owner):
    with standing.without_write_check():
        Transaction.objects.filter(pk=book.pk).update(reference="C1A-1448-777777-7")
    said = check()
    assert "C1A-1448-777777-7: the journal has no receipt of it" in said
    assert f"{book.reference}: the journal has its entry" in said


@pytest.mark.parametrize("many", [1, 2])
def test_a_tail_that_was_cut_off_is_noticed_by_the_witness(many, book, owner):
    """The chain's own head is put back with it, so that the table is at peace with itself."""
    last = Entry.objects.order_by("-seq")[many]
    Entry.objects.filter(seq__gt=last.seq).delete()
    Chain.objects.update(length=last.seq, head_hash=last.hash)
    standing.clear_cache()
    said = check()
    assert f"ends at entry {last.seq}" in said
    assert "cut off" in said
    with pytest.raises(standing.Refused):
        standing.read_chain_state()


def test_a_book_signed_anew_with_a_strangers_key_is_noticed(book, owner):
    stranger, previous = Ed25519PrivateKey.generate(), GENESIS
    for entry in Entry.objects.order_by("seq"):
        digest = link(previous, bytes(entry.body))
        Entry.objects.filter(pk=entry.pk).update(previous_hash=previous, hash=digest, signature=stranger.sign(digest))
        previous = digest
    Chain.objects.update(head_hash=previous, public_key=stranger.public_key().public_bytes_raw())
    standing.clear_cache()
    said = check()
    assert "the key in the database is not its key" in said
    assert "its signature is not good" in said


def test_a_book_changed_and_hashed_anew_is_noticed(book, owner):
    """Without the key: bodies changed, hashes and head made to fit, old signatures kept."""
    previous = GENESIS
    for entry in Entry.objects.order_by("seq"):
        body = bytes(entry.body).replace(b"approved", b"rejected")
        digest = link(previous, body)
        Entry.objects.filter(pk=entry.pk).update(previous_hash=previous, body=body, hash=digest)
        previous = digest
    Chain.objects.update(head_hash=previous)
    assert "its signature is not good" in check()


def test_a_chain_that_was_brought_back_is_not_of_the_key_that_is_set_for_the_next(book, settings, tmp_path):
    """Lost before the vault heard of its head: nothing beside the copy knows the key, and the new one is not it."""
    settings.MEDIA_ROOT = str(tmp_path)  # without its witness
    settings.JOURNAL_KEY = b64encode(b"n" * 32).decode()
    assert brought_back.book(say=lambda good: None, whole=False) == []
    assert "the key in the database is not its key" in check(), "what goes on daily trusts its own key"
