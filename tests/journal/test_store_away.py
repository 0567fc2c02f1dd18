"""While the store of the journal's witness is away a process goes on by what it saw, and a restored database never."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.urls import reverse

from jeddah_portal import stores
from journal import agreement, chain, standing, witness
from journal.models import Chain, Entry, Restoration
from transactions.maintenance.health import read_health

from ..conftest import NOW, drive, provision

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("wherever_files_lie", ["s3"], indirect=True),
]


@pytest.fixture(autouse=True)
def _fresh(wherever_files_lie):
    """As in a process that was just started; and none of what is seen here is left to others."""
    agreement.forget()
    standing.clear_cache()
    yield
    agreement.forget()
    standing.clear_cache()


@pytest.fixture
def store(settings, wherever_files_lie):
    """Take the store away, and bring it back."""
    there = settings.STORAGES

    def move(*, away: bool) -> None:
        url = f"s3://key:secret@127.0.0.1:{provision.free_port()}/papers?tls=0"
        settings.STORAGES = there | {"default": stores.of_attachments(url)} if away else there
        standing.clear_cache()

    return move


def promise(many=1):
    for _each in range(many):
        with transaction.atomic():
            enter()


def enter():
    serial = (Chain.objects.values_list("length", flat=True).first() or 0) + 1
    chain.append("received", f"C1A-1448-{serial:06d}-1", {"service": "x"}, NOW)


def look():
    """As before a write, half a minute later."""
    standing.clear_cache()
    standing.ensure_writable(connection)


def put_back(to):
    """The database as it was when its chain had so many entries."""
    head = Entry.objects.filter(seq=to).values_list("hash", flat=True).first()
    with standing.without_write_check():
        Chain.objects.update(length=to, head_hash=head)


def refusal():
    with pytest.raises(standing.Refused) as refused:
        look()
    return str(refused.value)


def test_a_process_that_saw_all_agree_goes_on_and_says_so(store, caplog):
    promise(2)
    look()
    assert not read_health(NOW).silent["witness_alone"]
    store(away=True)
    with caplog.at_level(logging.ERROR, logger="journal.agreement"):
        look()
        promise(2)
        look()
    assert (Chain.objects.get().length, len(caplog.records)) == (4, 1), "said once"
    assert read_health(NOW).silent["witness_alone"] == 1
    store(away=False)
    look()
    assert not read_health(NOW).silent["witness_alone"]
    assert agreement.alone_since() is None


def test_a_process_that_saw_nothing_is_refused(store):
    """One that is started meanwhile cannot know what the store knows."""
    promise(2)
    look()
    store(away=True)
    agreement.forget()
    assert "witness of the journal cannot be read" in refusal()
    with pytest.raises(standing.Refused):
        promise()
    assert Chain.objects.get().length == 2


@pytest.mark.parametrize("to", [1, 2])
def test_a_database_that_is_put_back_meanwhile_is_refused(to, store):
    promise(3)
    look()
    store(away=True)
    look()
    put_back(to)
    assert "put back to an earlier state" in refusal()


def test_entries_of_other_processes_are_held_against_a_restored_database_too(store, monkeypatch):
    """What others promised while the store was away: nothing on this disk knows of it, but this process saw it."""
    promise(2)
    look()
    store(away=True)
    monkeypatch.setattr(chain, "_note", lambda name, head: None)
    promise(3)
    look()
    assert witness.last_head("C1A").seq == 2
    put_back(4)
    assert "put back to an earlier state" in refusal()


def test_another_entry_at_the_same_place_is_another_past(store):
    """The database was put back and has gone on as far again."""
    promise(3)
    look()
    store(away=True)
    with standing.without_write_check():
        Chain.objects.update(head_hash=bytes(32))
    assert "is another one than" in refusal()


def test_a_restore_on_record_is_refused(store):
    promise(2)
    look()
    store(away=True)
    with standing.without_write_check():
        Restoration.objects.create(at=NOW, made_at=NOW)
    assert "was restored from a backup" in refusal()


def test_another_database_is_refused(store):
    promise(2)
    look()
    store(away=True)
    for place, agreed in dict(agreement._agreed).items():
        agreement._agreed[place] = replace(agreed, database="another server/1/1")
    assert "another database than the one" in refusal()


@pytest.mark.parametrize("seconds", [agreement.ALONE_SECONDS + 1, -60])
def test_it_goes_on_for_some_hours_and_never_by_a_clock_that_was_put_back(seconds, store):
    promise(2)
    look()
    store(away=True)
    look()
    for place, agreed in dict(agreement._agreed).items():
        agreement._agreed[place] = replace(agreed, at=time.time() - seconds)
    assert "cannot be read" in refusal()
    store(away=False)
    look()
    store(away=True)
    look()


def test_what_a_transaction_under_way_has_not_committed_is_not_remembered(store):
    """Were it, a rollback would look like a database that was put back."""
    promise(2)
    look()
    store(away=True)
    with transaction.atomic():
        enter()
        look()
        transaction.set_rollback(True)
    look()
    promise()
    assert Chain.objects.get().length == 3


def test_no_chain_is_begun_while_the_store_is_away(store):
    promise(1)
    look()
    with standing.without_write_check():
        Chain.objects.update(incarnation="Z")
    store(away=True)
    assert "No chain is begun" in refusal()


def test_a_damaged_witness_in_the_store_is_no_absence(store):
    promise(2)
    look()
    default_storage.save("witness/C1A", ContentFile(b"no witness"))
    assert "is damaged" in refusal()


def test_people_go_on_working(store, cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    look()
    store(away=True)
    answer = signed_in(cast.citizen).post(reverse("transactions:withdraw", args=[case.reference]), {"reason": "x"})
    case.refresh_from_db()
    assert (answer.status_code, case.status) == (302, "withdrawn")
