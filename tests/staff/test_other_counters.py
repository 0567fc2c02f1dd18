"""A clerk at a counter is asked after any file: another office's is told as the inquiry tells it, and no more."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts import services as people
from municipality.models import Office
from transactions.domain import pins

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(cast, submitted):
    """A file of Ash-Sharafiyah, and a clerk of a centre that has nothing to do with it."""
    case = drive(submitted(), cast, "under_study")
    other = Office.objects.filter(kind="service_centre").exclude(parent=case.branch).first()
    clerk = cast.other_citizen
    people.create_staff_post(clerk, other, "centre_clerk", on=NOW.date())
    clerk.refresh_from_db()
    return case, clerk


def test_another_centres_file_is_told_as_the_inquiry_tells_it(elsewhere, cast, signed_in, client):
    case, clerk = elsewhere
    url = reverse("staff:case", args=[case.reference])
    answer = signed_in(clerk).get(url)
    html = answer.content.decode()
    assert answer.status_code == 200
    public = client.post(
        reverse("transactions:inquiry"),
        {"by": "pin", "reference": case.reference, "pin": pins.derive_pin(case.reference)},
    ).content.decode()
    for told in (case.reference, case.held_by.name):
        assert told in html
        assert told in public
    secrets = (
        case.applicant.full_name,
        case.applicant.national_id,
        case.applicant.phone,
        pins.derive_pin(case.reference),
    )
    said = html.partition('class="panel"')[2]
    for secret in (*secrets, "<textarea"):
        assert secret not in said
    for name in ("take", "recommend", "refer"):
        assert signed_in(clerk).post(reverse("staff:move", args=[case.reference, name])).status_code == 404


def test_nobody_else_gets_it_and_no_number_is_invented(elsewhere, cast, signed_in):
    case, clerk = elsewhere
    for other in (cast.other_reviewer, cast.other_registry, cast.administrator):
        assert signed_in(other).get(reverse("staff:case", args=[case.reference])).status_code == 404
    assert signed_in(clerk).get(reverse("staff:case", args=["C1A-1448-999999-Z"])).status_code == 404


def test_whoever_took_it_in_prints_the_receipt_again_from_the_case(cast, submitted, signed_in):
    case = submitted(channel="counter", centre=Office.objects.get(code="SC01"))
    receipt = reverse("transactions:receipt", args=[case.reference])
    page = reverse("staff:case", args=[case.reference])
    clerk = signed_in(cast.clerk)
    assert receipt in clerk.get(page).content.decode()
    assert clerk.get(receipt).status_code == 200
    assert receipt not in signed_in(cast.registry).get(page).content.decode()
