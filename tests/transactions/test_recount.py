"""A holiday that is entered, changed or removed later moves the due dates of open files, and of nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from core.hijri import riyadh_day
from municipality.models import Holiday
from municipality.services import clear_caches, current_calendar, save_reference
from transactions.domain import clock
from transactions.models import Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import moves, recount

from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DATES = ("due_at", "stage_due_at", "paused_days", "stage_paused_days")


def holiday(first, days: int = 1) -> Holiday:
    row = Holiday(name_ar="عيد", name_en="Feast", first_day=first, last_day=first + (days - 1) * DAY)
    save_reference(row)
    return row


def recounted() -> None:
    """All processes know the calendar, and the workers have done what was owed."""
    while work_off(timezone.now() + recount.WAIT):
        pass


def dates(case: Transaction) -> tuple:
    return Transaction.objects.values_list(*DATES).get(pk=case.pk)


def test_a_holiday_entered_changed_or_removed_later_moves_the_due_dates(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    before = dates(case)
    feast = holiday(riyadh_day(case.due_at))
    recounted()
    longer = dates(case)
    assert longer[0] == current_calendar().add_working_days(case.due_at, 0)
    feast.first_day = feast.last_day = riyadh_day(NOW) + DAY
    save_reference(feast)
    recounted()
    moved = dates(case)
    assert (moved[0], moved[1]) == (longer[0], current_calendar().add_working_days(case.stage_due_at, 1))
    feast.delete()
    clear_caches()
    recounted()
    assert dates(case) == before


def test_a_file_taken_afterwards_has_the_dates_of_one_that_was_not(cast, submitted):
    one, two = (drive(submitted(), cast, "under_study") for _ in range(2))
    holiday(riyadh_day(one.due_at))
    recounted()
    moves.take(one, by=cast.reviewer, now=NOW + timedelta(hours=9))
    assert dates(one) == dates(two)


def test_pauses_count_anew_and_what_stands_still_or_is_closed_stays_so(cast, submitted):
    answered, waiting, closed = (drive(submitted(), cast, "under_study") for _ in range(3))
    for case in (answered, waiting):
        moves.return_for_completion(
            case, deficiencies=[moves.RequestedCompletion("photo-dark")], by=cast.reviewer, now=NOW + DAY
        )
    moves.withdraw(closed, by=cast.citizen, now=NOW + DAY)
    item = answered.deficiencies.get()
    moves.answer(answered, answers={item.pk: "نعم"}, by=cast.citizen, now=NOW + 15 * DAY)
    assert dates(answered)[2:] == (10, 10)
    still = [dates(case) for case in (waiting, closed)]
    holiday(riyadh_day(NOW + 5 * DAY), 2)
    recounted()
    assert dates(answered)[2:] == (8, 8)
    assert dates(answered)[0] == clock.due_moment(
        answered.submitted_at, answered.service_type.working_days_for(answered.answers), 8, current_calendar()
    )
    assert [dates(case) for case in (waiting, closed)] == still


def test_counting_again_changes_nothing_of_what_moves_have_counted(cast, submitted):
    """The mover adds up as it goes, the recount from the events: both come to the same."""
    reopened = drive(submitted(), cast, "under_study")
    moves.return_for_completion(
        reopened, deficiencies=[moves.RequestedCompletion("photo-dark")], by=cast.reviewer, now=NOW + DAY
    )
    moves.withdraw(reopened, by=cast.citizen, now=NOW + 6 * DAY)
    moves.reopen(reopened, reason="سبب", by=cast.supervisor, now=NOW + 15 * DAY)
    permit = drive(submitted("building-permit"), cast, "awaiting_payment")
    moves.record_payment(permit, payment_reference="7001", by=cast.registry, now=NOW + 30 * DAY)
    before = [dates(case) for case in (reopened, permit)]
    assert all(paused for _due, _stage, paused, _of_stage in before)
    recount.recount(0, NOW + 31 * DAY)
    assert [dates(case) for case in (reopened, permit)] == before


def test_many_files_are_counted_in_batches(cast, submitted, monkeypatch):
    monkeypatch.setattr(recount, "BATCH", 2)
    cases = [submitted() for _ in range(5)]
    holiday(riyadh_day(cases[0].due_at))
    recounted()
    assert {dates(case)[0] for case in cases} == {current_calendar().add_working_days(cases[0].due_at, 0)}
    assert list(Outbox.objects.filter(kind="recount").values_list("state", flat=True)) == ["done"] * 3


def test_it_waits_until_every_process_has_read_the_calendar(cast, submitted):
    submitted()
    holiday(riyadh_day(NOW) + DAY)
    row = Outbox.objects.get(kind="recount")
    assert queue.due_ids("recount", row.created_at, 10) == []
    assert queue.process_row(row.pk, row.created_at) is False
    assert queue.due_ids("recount", row.created_at + recount.WAIT, 10) == [row.pk]


def test_a_city_without_open_files_owes_nothing(city):
    holiday(riyadh_day(NOW))
    assert not Outbox.objects.exists()
