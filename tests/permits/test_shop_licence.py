"""The shop licence: fee by area, activity and years, chosen validity, its rules, and from the form to the paper."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from core.relative_days import years_later
from permits.models import Tariff
from transactions.answers import cleaning
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.intake import drafts
from transactions.intake.drafts import submit_draft
from transactions.models import FeeDue, Transaction
from transactions.transitions import moves

from ..answers import answers_on
from ..conftest import ANSWERS, NOW, answers_today, attachments, drive, files_for, picture, upload, work_off
from ..portal.world import client_of

pytestmark = pytest.mark.django_db
CODE = "shop-licence"
SHOP = service_types.get(CODE)
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("activities", "area", "years", "amount"),
    [
        (["grocery"], "50", "1", "200.00"),  # 50 × 4
        (["grocery", "bakery"], "80.5", "2", "966.00"),  # 80.5 × 6 × 2
        (["carpentry", "bakery", "clothing"], "10", "3", "240.00"),  # 10 × 8 × 3
        (["pharmacy", "laundry"], "33.33", "1", "133.32"),
    ],
)
def test_the_fee_goes_by_area_years_and_the_dearest_activity(city, activities, area, years, amount):
    answers = ANSWERS[CODE] | {"activities": activities, "area_m2": area, "years": years}
    assert SHOP.fee.calculate(answers, TODAY).amount == Decimal(amount)


def test_a_dearer_rate_counts_from_its_day(city):
    Tariff.objects.create(code="shop-food-m2", rate=Decimal(10), valid_from=TODAY + timedelta(days=3))
    fees = [SHOP.fee.calculate(ANSWERS[CODE], TODAY + timedelta(days=n)).amount for n in (2, 3)]
    assert fees == [Decimal("966.00"), Decimal("1610.00")]


@pytest.mark.parametrize("years", ["1", "2", "3"])
def test_the_licence_is_valid_as_long_as_was_chosen(cast, submitted, years):
    case = drive(submitted(CODE, years=years), cast, "issued")
    paper = case.issued_documents.get()
    assert paper.valid_until == years_later(timezone.localdate(paper.issued_at), int(years))
    assert FeeDue.objects.get(transaction=case).amount == Decimal("483.00") * int(years)


@pytest.mark.parametrize(
    ("changed", "office", "rule"),
    [
        ({"area_m2": "1000"}, "SHR", "district.branch"),
        ({"area_m2": "1000.01"}, "CTR", "shop.large"),
        ({"activities": ["carpentry"], "area_m2": "200"}, "SHR", "district.branch"),
        ({"activities": ["clothing", "carpentry"], "area_m2": "201"}, "CTR", "shop.hazard"),
        ({"activities": ["clothing"], "area_m2": "201"}, "SHR", "district.branch"),
        ({"activities": ["gas"], "area_m2": "12"}, "CTR", "shop.hazard"),
    ],
)
def test_what_is_large_or_hazardous_is_decided_by_the_central_office(submitted, changed, office, rule):
    case = submitted(CODE, **changed)
    assert (case.branch.code, case.events.get(move="route").rule) == (office, rule)


def wrong(**changed):
    raw = answers_today(CODE) | changed
    found = cleaning.clean_answers(
        SHOP, {name: value for name, value in raw.items() if value is not None}, timezone.localdate()
    )
    return {problem.path: problem.code for problem in found.problems}


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, {}),
        ({"lease_ends": "2026-01-01"}, {"lease_ends": "date_too_early"}),
        ({"lease_ends": None}, {"lease_ends": "required"}),
        ({"register_ends": "1440/01/01"}, {"register_ends": "date_too_early"}),
        ({"activities": []}, {"activities": "required"}),
        ({"activities": "bakery"}, {"activities": "invalid_list"}),
        ({"activities": ["bakery", "casino"]}, {"activities": "invalid_choice"}),
        ({"activities": ["bakery", "grocery", "laundry", "barber", "gas"]}, {"activities": "too_many"}),
        ({"activities": ["grocery"], "cylinders": None}, {}),
        ({"cylinders": None}, {"cylinders": "required"}),
        ({"years": "4"}, {"years": "invalid_choice"}),
        ({"holding": "own", "deed_number": "320211004455", "lease_ends": None, "lease_number": None}, {}),
        ({"holding": "own"}, {"deed_number": "required"}),
    ],
)
def test_what_is_wrong_is_named(city, changed, problem):
    assert wrong(**changed) == problem


def test_a_lease_must_last_as_long_as_the_licence(city):
    soon = (timezone.localdate() + timedelta(days=400)).isoformat()
    assert wrong(lease_ends=soon, years="1") == {}
    assert wrong(lease_ends=soon, years="2") == {"years": "lease_too_short"}


def test_the_activities_are_kept_once_each_in_the_order_of_the_list(city):
    typed = answers_today(CODE) | {"activities": ["bakery", "grocery", "bakery"]}
    assert cleaning.clean_answers(SHOP, typed, timezone.localdate()).values["activities"] == ["grocery", "bakery"]


def test_only_an_establishment_can_ask_for_it(cast, client):
    for begin in (
        lambda: drafts.start_draft(SHOP, by=cast.citizen, now=NOW),
        lambda: drafts.start_draft(SHOP, by=cast.clerk, applicant=cast.citizen, centre=centre(cast), now=NOW),
    ):
        with pytest.raises(DomainError) as refused:
            begin()
        assert refused.value.code == "not_for_applicant"
    client.post("/language/", {"language": "en", "next": "/"})
    assert "begin with 7" in client.get(reverse("transactions:service", args=[CODE])).content.decode()


def centre(cast):
    return cast.clerk.posts.get().office


@pytest.mark.parametrize("language", ["ar", "en"])
def test_an_establishment_files_it_on_the_portal_and_gets_its_licence(cast, language):
    page = client_of(cast.establishment)
    page.post("/language/", {"language": language, "next": "/"})
    draft = page.post(reverse("transactions:start", args=[CODE])).url
    answers = answers_today(CODE)
    for step in SHOP.steps:
        typed = {spec.name: answers[spec.name] for spec in step.fields if spec.name in answers}
        typed |= {name: "on" for name, value in typed.items() if value is True}
        assert page.post(f"{draft}{step.code}/", typed).status_code == 302, step.code
    for document in SHOP.documents_for(answers):
        photo = "application/pdf" not in document.accepts
        file = upload("front.jpg", picture("JPEG")) if photo else upload(f"{document.code}.pdf")
        page.post(f"{draft}documents/", {document.code: file})
    receipt = page.post(f"{draft}check/")
    assert receipt.status_code == 302
    case = Transaction.objects.get(applicant=cast.establishment)
    work_off(timezone.now())
    case = drive(Transaction.objects.get(pk=case.pk), cast, "issued", timezone.now())
    paper = page.get(reverse("transactions:document", args=[case.reference, "shop-licence"])).content.decode()
    both = {"ar": ("بقالة", "مخبز أو حلويات"), "en": ("Grocery", "Bakery or sweets")}[language]
    assert all(words in paper for words in (*both, cast.establishment.national_id))
    page_of_request = page.get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert {"ar": "سنتان", "en": "2 years"}[language] in page_of_request
    assert page.get(reverse("journal:verify_token", args=[case.issued_documents.get().token])).status_code == 200
    assert page.get(reverse("transactions:request", args=[case.reference])).status_code == 200


def test_years_that_cannot_be_told_any_more_are_said_and_nothing_is_issued(cast, submitted):
    case = drive(submitted(CODE), cast, "approved")
    for odd in (None, [], "many", {"a": 1}):
        Transaction.objects.filter(pk=case.pk).update(answers=case.answers | {"years": odd})
        with pytest.raises(DomainError) as refused:
            moves.issue(Transaction.objects.get(pk=case.pk), by=cast.registry, now=NOW)
        assert refused.value.code == "validity_unknown"


def test_a_draft_of_it_is_submitted_with_the_lease_only_where_there_is_one(cast):
    draft = drafts.start_draft(SHOP, by=cast.establishment, now=NOW)
    answers = {
        name: value for name, value in answers_today(CODE).items() if name not in ("lease_ends", "lease_number")
    } | {"holding": "own", "deed_number": "320211004455"}
    for step in SHOP.steps:
        drafts.save_step(draft, step, answers, by=cast.establishment)
    for document in SHOP.documents_for(answers):
        file = upload("a.jpg", picture("JPEG")) if document.code == "shop_front" else upload(f"{document.code}.pdf")
        attachments.attach_to_draft(draft, document.code, file, by=cast.establishment)
    taken = submit_draft(draft, by=cast.establishment).transaction
    assert {file.document for file in taken.attachments.all()} == {
        "commercial_register", "deed", "shop_front", "fire_safety"
    }  # fmt: skip
    assert date.fromisoformat(taken.answers["register_ends"]) > timezone.localdate()
    assert files_for(SHOP, taken.answers, cast.establishment)


@pytest.mark.parametrize("on", [date(2019, 5, 1), date(2026, 2, 9), date(2031, 12, 31)])
def test_dates_are_held_against_the_day_the_request_is_given_on(city, on):
    """Read again later, or played in the past by the demo city, it is as right as it was."""
    given = answers_on(CODE, on)
    assert cleaning.clean_answers(SHOP, given, on).problems == ()
    for name in ("register_ends", "lease_ends"):
        late = given | {name: (on - timedelta(days=1)).isoformat(), "years": "1"}
        assert [problem.code for problem in cleaning.clean_answers(SHOP, late, on).problems] == ["date_too_early"], name
