"""A visitor at a counter, as the tests of visits begin one."""

from __future__ import annotations

import pytest
from django.urls import reverse

from transactions import access
from transactions.domain.errors import DomainError
from transactions.visits import services as counter_visits

VISIT = "/staff/counter/answers/"


def came(case, clerk, visitor=None, **more):
    visitor = visitor or case.applicant
    centre = access.case_posts(clerk)[0].office
    return counter_visits.begin_visit(
        reference=case.reference, national_id=visitor.national_id, centre=centre, by=clerk, **more
    )


def typed(case, clerk, visitor=None, **changed):
    fields = {
        "reference": case.reference,
        "national_id": (visitor or case.applicant).national_id,
        "seen": "on",
        "centre": access.case_posts(clerk)[0].office_id,
    }
    return fields | changed


def page_of(case):
    return reverse("staff:visit_answer", args=[case.reference])


def words(case, text="تم"):
    return {f"answer-{item.pk}": text for item in case.deficiencies.open()}


def refused(act):
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code
