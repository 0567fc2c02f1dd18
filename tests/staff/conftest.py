"""Who stands at counters, and what was returned to applicants."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts import services as people
from municipality.models import Office
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive


@pytest.fixture
def elsewhere(cast):
    """A clerk of a centre that has nothing to do with any file of Ash-Sharafiyah."""
    centre = Office.objects.get(code="SC10")
    people.create_staff_post(cast.other_citizen, centre, "centre_clerk", on=date(2020, 1, 1))
    cast.other_citizen.refresh_from_db()
    return cast.other_citizen


@pytest.fixture
def returned(cast, submitted):
    def make(code="electricity-connection", *asked, **more):
        status = "under_admin_audit" if code == "building-permit" else "under_study"
        case = drive(submitted(code, **more), cast, status)
        codes = asked or (case.service_type.deficiencies[0].code,)
        later = NOW + timedelta(hours=6)
        return moves.return_for_completion(
            case, deficiencies=map(RequestedCompletion, codes), by=cast.reviewer, now=later
        )

    return make
