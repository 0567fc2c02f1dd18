"""What a submission leaves to a worker is done once, from the rows of the receipt, whatever comes between."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services as people
from accounts.models import Authorisation
from municipality.models import Office
from transactions.intake import follow_up
from transactions.models import AnswersVersion, Delivery, Event, Notification, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import moves

from ..conftest import NOW, work_off
from .test_intake import submission, submit

pytestmark = pytest.mark.django_db
WRITES = re.compile(r'(?:INSERT INTO|UPDATE) "?(\w+)')
NEEDED = [f"transactions_{name}" for name in ("attachment", "event", "intake", "outbox", "serial", "transaction")]


def told(case: Transaction) -> list[str]:
    """The moves the applicant's notices about a request tell of, and whom."""
    rows = Notification.objects.filter(event__transaction=case).order_by("pk")
    return [f"{row.event.move} {row.recipient.full_name}" for row in rows.select_related("event", "recipient")]


def state(case: Transaction) -> tuple[object, ...]:
    """All that follows a receipt, of one request."""
    case.refresh_from_db()
    versions = list(case.versions.values_list("number", "answers", "by", "at", "event__seq"))
    events = list(case.events.values_list("seq", "move"))
    return case.status, case.branch_id, case.centre_id, versions, events, told(case)


@pytest.mark.parametrize("code", ["electricity-connection", "land-subdivision", "building-permit"])
def test_a_submission_writes_what_its_receipt_needs_and_one_job(code, cast):
    submit(submission(cast), by=cast.citizen, key="the first of its year", now=NOW)
    sent = submission(cast, code)
    before = Notification.objects.count()  # of the authorisation
    with CaptureQueriesContext(connection) as asked:
        taken = submit(sent, by=cast.citizen, key="k", now=NOW)
    written = [table for query in asked for table in WRITES.findall(query["sql"])]
    assert sorted(set(written)) == ["journal_chain", "journal_entry", *NEEDED]
    assert len(written) == 8, "each once, whatever it attaches"
    assert Outbox.objects.filter(subject=taken.transaction_id, kind="route").count() == 1
    assert (Notification.objects.count(), taken.transaction.versions.count()) == (before, 0)
    assert taken.transaction.attachments.count() == sum(map(len, sent.attachments.values()))


def test_done_twice_it_is_done_once(cast, submitted):
    case = submitted()
    after = state(case)
    row = Outbox.objects.get(kind="route", subject=case.pk)
    Outbox.objects.filter(pk=row.pk).update(state="owed")
    assert queue.process_row(row.pk, NOW + timedelta(hours=1)) is True
    Outbox.objects.filter(pk=row.pk).update(state="owed")
    assert queue.process_batch("route", NOW + timedelta(hours=2)) == 1
    assert state(case) == after
    assert told(case) == ["submit citizen"]


@pytest.mark.parametrize("dies", ["keep_first", "announce", "route"])
@pytest.mark.parametrize("many", [1, 3])
def test_a_worker_that_dies_on_the_way_is_followed_by_another(cast, submitted, monkeypatch, dies, many):
    class Killed(BaseException):
        """As by SIGKILL: nothing of ours runs after it."""

    cases = [submitted(routed=False) for _ in range(many)]
    really = getattr(follow_up, dies)

    def die(*args):
        really(*args)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(follow_up, dies, die)
        with pytest.raises(Killed):
            queue.process_batch("route", NOW)
    assert all(state(case)[0] == "submitted" and not state(case)[5] for case in cases)
    assert queue.process_batch("route", NOW) == many
    assert all(state(case)[0] == "incoming" and told(case) == ["submit citizen"] for case in cases)
    assert AnswersVersion.objects.count() == many


def test_whoever_cannot_be_routed_hears_of_their_receipt_and_spoils_nobody_elses(cast, submitted, monkeypatch):
    stuck, fine = submitted(routed=False), submitted(routed=False)
    really = follow_up.route

    def route(cases, now):
        if stuck in cases:
            raise ValueError("no rule fits")
        really(cases, now)

    with monkeypatch.context() as patch:
        patch.setattr(follow_up, "route", route)
        assert queue.process_batch("route", NOW) == 2
    assert (state(stuck)[0], told(stuck)) == ("submitted", ["submit citizen"])
    assert (state(fine)[0], told(fine)) == ("incoming", ["submit citizen"])
    row = Outbox.objects.get(kind="route", subject=stuck.pk)
    assert (row.state, row.last_error) == ("owed", "ValueError: no rule fits")
    assert queue.process_row(row.pk, row.not_before) is True
    assert (state(stuck)[0], told(stuck)) == ("incoming", ["submit citizen"])
    assert stuck.versions.count() == 1


def test_a_database_that_goes_away_while_routing_takes_the_rest_along(cast, submitted, monkeypatch):
    case = submitted(routed=False)
    row = Outbox.objects.get(kind="route", subject=case.pk)

    def away(cases, now):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(follow_up, "route", away)
        assert queue.process_row(row.pk, NOW) is False
    assert not told(case)
    assert queue.process_row(row.pk, NOW + timedelta(seconds=2)) is True
    assert told(case) == ["submit citizen"]


def test_whoever_withdraws_first_is_told_of_that_alone(cast, submitted):
    case = submitted(routed=False)
    moves.withdraw(case, by=cast.citizen, now=NOW)
    assert queue.process_batch("route", NOW) == 1
    assert told(case) == ["withdraw citizen"]


def test_the_office_hears_of_the_receipt_too_unless_its_authorisation_has_ended_first(cast, submitted):
    heard, late = submitted("building-permit", routed=False), submitted("building-permit", routed=False)
    row = Outbox.objects.get(kind="route", subject=heard.pk)
    assert queue.process_row(row.pk, NOW) is True
    assert told(heard) == ["submit citizen", "submit engineer"]
    people.revoke_authorisation(Authorisation.objects.get(), by=cast.citizen, now=NOW)
    queue.process_batch("route", NOW)
    assert told(late) == ["submit citizen"]


def test_a_job_of_before_finds_what_the_submission_had_done_itself(cast, submitted):
    """Of a request that the version before this one took in: its notice and its first version are there."""
    case = submitted(routed=False)
    received = case.events.get()
    Notification.objects.create(event=received, recipient=cast.citizen, created_at=NOW)
    AnswersVersion.objects.create(
        transaction=case, number=1, answers=case.answers, by=cast.citizen, at=NOW, event=received
    )
    assert queue.process_batch("route", NOW) == 1
    assert (state(case)[0], told(case), case.versions.count()) == ("incoming", ["submit citizen"], 1)


def test_messages_bear_the_id_of_the_web_request_they_come_of(cast, submitted):
    cases = [submitted(routed=False) for _ in range(3)]
    for number, case in enumerate(cases):
        Outbox.objects.filter(kind="route", subject=case.pk).update(request_id=f"web-{number}")
    queue.process_batch("route", NOW)
    found = Outbox.objects.filter(kind="notify").order_by("pk").values_list("request_id", flat=True)
    assert sorted(found) == ["web-0", "web-1", "web-2"]


def test_without_workers_everybody_reads_that_it_is_received_and_no_more(cast, submitted, signed_in):
    """And all of it is said once a worker comes, however late."""
    case = submitted(routed=False)
    page = signed_in(cast.citizen)
    api = page.get(f"/api/v1/transactions/{case.reference}/").json()
    assert (api["status"], [version["number"] for version in api["versions"]]) == ("submitted", [1])
    assert api["versions"][0]["answers"] == case.answers
    assert api["versions"][0]["event"] == "submit"
    html = page.get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert not any(office.name in html for office in Office.objects.filter(kind="sub_municipality"))
    work_off(NOW + timedelta(days=3))
    assert state(case)[0] == "incoming"
    assert Delivery.objects.filter(notification__event__transaction=case).count() == 1
    assert page.get(f"/api/v1/transactions/{case.reference}/").json()["versions"] == api["versions"]


@pytest.mark.django_db(transaction=True)
def test_the_book_agrees_with_a_request_nobody_has_followed_up(cast, submitted):
    case = submitted(routed=False)
    call_command("verify_journal")
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | {"street": "آخر"})
    with pytest.raises(CommandError, match="answers or files"):
        call_command("verify_journal")


def test_a_batch_of_receipts_asks_as_much_for_five_as_for_one_and_tells_each(cast, submitted):
    submitted(routed=False)
    with CaptureQueriesContext(connection) as one:
        queue.process_batch("route", NOW)
    cases = [submitted(routed=False) for _ in range(5)]
    with CaptureQueriesContext(connection) as five:
        queue.process_batch("route", NOW)
    assert len(five) == len(one)
    assert all(told(case) == ["submit citizen"] for case in cases)
    assert Event.objects.filter(move="route").count() == 6
