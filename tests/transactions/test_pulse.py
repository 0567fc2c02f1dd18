"""What the home page tells of the city is true."""

from __future__ import annotations

from datetime import timedelta

import pytest

from transactions.pulse import pulse
from transactions.services import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def median_of(code):
    found = {line.code: line for line in pulse(NOW).services}[code]
    return found.median_days, found.decided


def test_days_to_approval_leave_out_waiting_for_the_applicant_and_nothing_after_it(cast, submitted):
    """Approved two weeks (ten working days) after it came in, paid for a week after that."""
    for _ in range(5):
        case = drive(submitted("building-permit", now=NOW - 5 * WEEK), cast, "awaiting_supervisor", NOW - 5 * WEEK)
        case = moves.approve(case, by=cast.supervisor, now=NOW - 3 * WEEK)
        case = moves.record_payment(case, payment_reference=f"P{case.pk}", by=cast.registry, now=NOW - 2 * WEEK)
        moves.issue(case, by=cast.registry, now=NOW - 2 * WEEK)
    assert median_of("building-permit") == (10, 5)


def test_days_of_a_returned_request_are_the_offices_own(cast, submitted):
    for _ in range(5):
        case = drive(submitted(now=NOW - 5 * WEEK), cast, "under_study", NOW - 5 * WEEK)
        code = case.service_type.deficiencies[0].code
        case = moves.return_for_completion(case, deficiencies=[moves.Asked(code)], by=cast.reviewer, now=NOW - 4 * WEEK)
        asked = {case.deficiencies.get().pk: "أرفقته"}
        case = moves.answer(case, answers=asked, by=cast.citizen, now=NOW - 2 * WEEK)
        while case.status != "awaiting_supervisor":
            case = moves.recommend(
                case, by=cast.reviewer if case.stage != "informal" else cast.informal, now=NOW - WEEK
            )
        moves.approve(case, by=cast.supervisor, now=NOW - WEEK)
    # Four weeks lie between, two of them with the applicant.
    assert median_of("electricity-connection") == (10, 5)


def test_too_few_decisions_tell_nothing(cast, submitted):
    drive(submitted(now=NOW - WEEK), cast, "completed", NOW - WEEK)
    assert median_of("electricity-connection") == (None, 1)
