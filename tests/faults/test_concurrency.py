"""The same thing at the same moment: one wins, one is told, nothing is counted twice."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from journal.models import Entry
from municipality.models import Office
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.inquiry import services as inquiry
from transactions.intake import drafts
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Draft, Event, Movement, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import moves

from ..conftest import ANSWERS, NOW, drive, files_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


def at_once(*calls):
    """Run all at the same moment in threads of their own; returns what each returned or raised."""
    gate = threading.Barrier(len(calls))
    found = [None] * len(calls)

    def attempt(place, call):
        try:
            gate.wait()
            found[place] = call()
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_two_press_approve_at_once_one_wins_and_one_is_told(cast, submitted):
    case = drive(submitted(), cast, "awaiting_supervisor")
    found = at_once(*[lambda: moves.approve(case, by=cast.supervisor, now=NOW, version=case.version)] * 2)
    refused = [one for one in found if isinstance(one, DomainError)]
    assert len(refused) == 1
    assert refused[0].code == "moved_meanwhile"
    assert Event.objects.filter(move="approve").count() == 1
    assert Entry.objects.filter(kind="decided").count() == 1


def test_one_approves_while_another_rejects(cast, submitted):
    case = drive(submitted(), cast, "awaiting_supervisor")
    at_once(
        lambda: moves.approve(case, by=cast.supervisor, now=NOW),
        lambda: moves.reject(case, reason="لا", by=cast.supervisor, now=NOW),
    )
    assert Event.objects.filter(move__in=["approve", "reject"]).count() == 1


def test_the_same_form_sent_twice_at_once_is_one_request(cast):
    service = service_types.get("electricity-connection")
    answers = ANSWERS[service.code]
    sent = Submission(service, cast.citizen, answers, files_for(service, answers, cast.citizen))
    found = at_once(*[lambda: submit(sent, by=cast.citizen, key="once", now=NOW)] * 4)
    assert {intake.token for intake in found} == {found[0].token}
    assert (Transaction.objects.count(), Entry.objects.count()) == (1, 1)


def test_registers_have_no_gap_and_no_repeat(cast, submitted):
    cases = [submitted() for _ in range(8)]
    found = at_once(*[lambda case=case: moves.register(case, by=cast.registry, now=NOW) for case in cases])
    assert not [one for one in found if isinstance(one, Exception)]
    numbers = Movement.objects.filter(office__code="SHR", direction="in").values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 9))


def test_outgoing_numbers_have_no_gap_and_no_repeat(cast, submitted):
    """Cases that leave the municipality and cases referred elsewhere, at the same moment, in one register."""
    leaving = [drive(submitted(), cast, "approved") for _ in range(3)]
    going = [submitted() for _ in range(5)]
    elsewhere = Office.objects.get(code="MTR")
    found = at_once(
        *[lambda case=case: moves.dispatch(case, by=cast.registry, now=NOW + timedelta(days=2)) for case in leaving],
        *[lambda case=case: moves.refer(case, to=elsewhere, reason="خارج الحدود", by=cast.registry, now=NOW)
          for case in going],
    )  # fmt: skip
    assert not [one for one in found if isinstance(one, Exception)]
    numbers = Movement.objects.filter(office__code="SHR", direction="out").values_list("number", flat=True)
    assert len(numbers) >= 8
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_references_and_the_journal_have_no_gap_and_no_repeat(cast):
    service = service_types.get("electricity-connection")
    answers = ANSWERS[service.code]
    sent = [Submission(service, cast.citizen, answers, files_for(service, answers, cast.citizen)) for _ in range(8)]
    calls = [lambda n=n, one=one: submit(one, by=cast.citizen, key=str(n), now=NOW) for n, one in enumerate(sent)]
    found = at_once(*calls)
    assert not [one for one in found if isinstance(one, Exception)]
    serials = sorted(int(case.reference.split("-")[2]) for case in Transaction.objects.all())
    assert serials == list(range(1, 9))
    from journal import export
    from journal.verify import verify

    heads, bad = verify(export.lines())
    assert (bad, [head.seq for head in heads.values()]) == (None, [8])


def test_the_same_work_claimed_at_once_is_done_once(cast, submitted):
    case = submitted(routed=False)
    row = Outbox.objects.get(kind="route")
    found = at_once(*[lambda: queue.process_row(row.pk, NOW)] * 4)
    assert Counter(found) == {True: 1, False: 3}
    assert case.events.filter(move="route").count() == 1


def test_guesses_sent_at_once_do_not_slip_past_the_count(cast, submitted):
    case = submitted()
    found = at_once(*[lambda: inquiry.find_by_pin(case.reference, "00000000", address="10.0.0.1", now=NOW)] * 12)
    assert Counter(error.code for error in found) == {"not_found": 5, "too_many_tries": 7}


def test_a_payment_paid_twice_at_once_is_recorded_once(cast, submitted):
    one = drive(submitted("building-permit"), cast, "awaiting_payment")
    two = drive(submitted("building-permit"), cast, "awaiting_payment")
    found = at_once(
        *[lambda case=case: moves.record_payment(case, payment_reference="7001", by=cast.registry, now=NOW)
          for case in (one, two)]
    )  # fmt: skip
    assert [one.code for one in found if isinstance(one, Exception)] == ["payment_used"]
    assert Event.objects.filter(move="record_payment").count() == 1


def test_a_request_begun_twice_at_once_is_one_draft(cast):
    service = service_types.get("land-subdivision")
    found = at_once(*[lambda: drafts.start_draft(service, by=cast.citizen, now=NOW)] * 6)
    assert len({draft.key for draft in found}) == 1
    assert Draft.objects.count() == 1
