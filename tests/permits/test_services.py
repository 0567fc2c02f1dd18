"""Fees, advisory checks, and the fourth service: one file, no edit in transactions."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import translation

from permits.catalogue.building_permit import TARIFF
from permits.checks import areas, building, parts
from permits.consequences import fee_of_an_example
from permits.models import Tariff
from permits.services import load_tariffs, per_square_metre
from transactions.answers import cleaning as answers
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.domain.service_types import (
    Document,
    Field,
    Greater,
    Group,
    Kind,
    Output,
    RoutingRule,
    ServiceType,
    Stage,
    Step,
    SubmittedBy,
)
from transactions.domain.workflow import Actor, MoveName, Status
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import FeeDue
from transactions.transitions import moves

from ..conftest import ANSWERS, NOW, drive, files_for, stored, work_off


@pytest.mark.django_db
def test_the_fee_is_square_metres_times_the_tariff_of_the_day(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    fee = FeeDue.objects.get(transaction=case)
    # 580.5 m² × 3 SAR
    assert fee.amount == Decimal("1741.50")
    assert fee.basis == {"area_m2": "580.5", "rate": "3.00", "tariff": TARIFF.code}


@pytest.mark.django_db
def test_an_amount_is_written_one_way_on_the_permit_and_before_a_tariff_is_saved(cast, submitted):
    case = drive(submitted("building-permit"), cast, "issued")
    content = case.issued_documents.get().content.content
    for language in ("ar", "en"):
        (fee,) = [row["value"] for row in content[language]["rows"] if "1,741.50" in str(row.get("value"))]
        assert f"SADAD-{case.pk}" in fee
    row = Tariff(code=TARIFF.code, rate=Decimal("3000.5"), valid_from=date(2030, 1, 1))
    (sentence,) = fee_of_an_example(row=row, deleted=False)
    assert "1,500,250.00" in sentence
    assert "1,500.00" in sentence


@pytest.mark.django_db
def test_a_new_tariff_counts_from_its_day(city):
    Tariff.objects.create(code=TARIFF.code, rate=Decimal(5), valid_from=date(2026, 12, 1), source="test")
    days = (date(2026, 11, 30), date(2026, 12, 1))
    assert [per_square_metre(TARIFF, Decimal(100), day).amount for day in days] == [300, 500]


@pytest.mark.django_db
def test_without_a_tariff_in_force_nothing_is_approved_by_guess(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    Tariff.objects.all().delete()
    before = stored(case)
    with pytest.raises(DomainError) as caught:
        moves.approve(case, by=cast.supervisor, now=NOW)
    assert caught.value.code == "no_tariff"
    assert stored(case) == before


@pytest.mark.django_db
def test_loading_tariffs_twice_changes_nothing(city):
    before = Tariff.objects.count()
    load_tariffs()
    assert Tariff.objects.count() == before > 0


@pytest.mark.django_db
def test_one_payment_pays_one_fee(cast, submitted):
    first = drive(submitted("building-permit"), cast, "awaiting_payment")
    second = drive(submitted("building-permit"), cast, "awaiting_payment")
    moves.record_payment(first, payment_reference="SADAD-٧٧٨٨١٢", by=cast.registry, now=NOW)
    assert FeeDue.objects.get(transaction=first).payment_reference == "SADAD-778812"
    for wrong in (
        *(
            "SADAD-778812",
            "sadad-778812",
            "SADAD\u200b-778812",
            "sadad 778 812",
            "SADAD\u2212778812\u200f",
            "Sadad/778812",
        ),
        *("\uff33ADAD-778812", "SADAD-\u0667\u0667\u0668\u0668\u0661\u0662", "", "  ", "\u200f", "-", "7" * 41),
    ):
        with pytest.raises(DomainError):
            moves.record_payment(second, payment_reference=wrong, by=cast.registry, now=NOW)
    second.refresh_from_db()
    assert second.status == "awaiting_payment"


@pytest.mark.django_db
def test_people_are_told_to_pay_only_while_a_payment_can_be_recorded(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    pages = [
        (signed_in(cast.citizen), reverse("transactions:request", args=[case.reference])),
        (signed_in(cast.supervisor), reverse("staff:case", args=[case.reference])),
    ]

    def told_to_pay():
        said = [page.get(url).content.decode() for page, url in pages]
        return [any(words in html for words in ("المطلوب سداده", 'warning">بانتظار السداد')) for html in said]

    assert told_to_pay() == [True, True]
    case = moves.withdraw(case, by=cast.citizen, now=NOW)
    assert told_to_pay() == [False, False]
    case = moves.reopen(case, reason="عاد", by=cast.supervisor, now=NOW)
    assert told_to_pay() == [False, False]
    drive(case, cast, "awaiting_payment")
    assert told_to_pay() == [True, True]


def subdivision(**changed):
    return ANSWERS["land-subdivision"] | changed


def test_a_rounding_is_no_problem_a_slip_is():
    assert list(areas.problems(subdivision())) == []
    assert list(areas.flags(subdivision(area_m2="900.5"))) == []
    assert [flag.code for flag in areas.flags(subdivision(area_m2="910"))] == ["area-tolerance"]
    assert [problem.code for problem in areas.problems(subdivision(area_m2="1200"))] == ["areas_do_not_add_up"]


def test_parts_below_the_least_are_flagged_for_the_reviewer():
    small = [{"area_m2": "150", "frontage_m": "8", "street": "1", "street_width_m": "6"}] * 2
    assert len(list(parts.flags(subdivision(parts=small)))) >= 6
    assert list(parts.flags(subdivision())) == []


def test_coverage_is_flagged_and_not_refused():
    assert list(building.flags(ANSWERS["building-permit"])) == []
    assert list(building.flags(ANSWERS["building-permit"] | {"ground_area_m2": "500"}))


TREE = ServiceType(
    code="tree-planting",
    title="Planting a tree",
    summary="To plant a tree before one's house.",
    audience="Everybody.",
    conditions=("There is room.",),
    submitted_by=SubmittedBy.OWNER,
    steps=(
        Step(
            "tree",
            "The tree",
            fields=(
                Field("kind", "Kind of tree", Kind.CHOICE, choices=(("ghaf", "Ghaf"), ("sidr", "Sidr"))),
                Field("height_m", "Height", Kind.DECIMAL, unit="m", low=Decimal("0.5"), high=Decimal(30)),
                Field("district", "District", Kind.DISTRICT),
            ),
        ),
    ),
    documents=(Document("photo", "Photo of the place", accepts=("image/jpeg", "image/png"), least=1, most=2),),
    stages=(
        Stage("registration", "Registration", Status.INCOMING, Actor.REGISTRY_CLERK, 1, MoveName.REGISTER),
        Stage("study", "Study", Status.UNDER_STUDY, Actor.REVIEWER, 2, MoveName.RECOMMEND),
        Stage("approval", "Approval", Status.AWAITING_SUPERVISOR, Actor.SUPERVISOR, 1, MoveName.APPROVE),
        Stage("sending", "Sending", Status.APPROVED, Actor.REGISTRY_CLERK, 1, MoveName.DISPATCH),
    ),
    routing_rules=(RoutingRule("tree.tall", Greater("height_m", 10), "Tall trees."),),
    deficiencies=(service_types.DeficiencyCode("photo-dark", "The photo is too dark.", "photo"),),
    checklist=(service_types.CheckPoint("roots", "Room for roots", ("study",), ("height_m",)),),
    output=Output(
        "planting-letter", "Letter to the gardeners", "permits/outputs/electricity_letter.html", recipient="Gardens"
    ),
)


@pytest.fixture
def fourth():
    service_types.register(TREE)
    yield TREE
    service_types.unregister(TREE.code)


@pytest.mark.django_db
def test_a_fourth_service_is_one_declaration(fourth, cast, signed_in, client):
    # Pages and API show it.
    assert "Planting a tree" in client.get(reverse("transactions:home")).content.decode()
    assert client.get(reverse("transactions:service", args=["tree-planting"])).status_code == 200
    assert client.get("/api/v1/services/tree-planting/").json()["documents"][0]["code"] == "photo"
    # Its form is checked, it is submitted, routed by its own rule, worked and sent out.
    page = signed_in(cast.citizen)
    started = page.post(reverse("transactions:start", args=["tree-planting"]))
    draft = started.url
    wrong = page.post(f"{draft}tree/", {"kind": "palm", "height_m": "-1", "district": ""})
    assert wrong.status_code == 422
    for height, office in (("3", "SHR"), ("12", "CTR")):
        answers = {"kind": "ghaf", "height_m": height, "district": "SHR-01"}
        sent = Submission(fourth, cast.citizen, answers, files_for(fourth, answers, cast.citizen))
        case = submit(sent, by=cast.citizen, key=height, now=NOW).transaction
        work_off()
        case.refresh_from_db()
        assert case.branch.code == office
        case = drive(case, cast, "completed")
        assert case.events.get(move="route").rule == ("tree.tall" if height == "12" else "district.branch")
        assert (
            signed_in(cast.registry if office == "SHR" else cast.central_registry)
            .get(reverse("staff:case", args=[case.reference]))
            .status_code
            == 200
        )


def test_transactions_knows_no_service_by_name():
    root = Path(django_settings.BASE_DIR)
    codes = re.compile(r"building.permit|land.subdivision|electricity.connection|subdivision|informal_areas_audit")
    offenders = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in (root / "transactions").rglob("*.py")
        if "migrations" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if codes.search(line) and not line.strip().startswith(("#", '"""'))
    ]
    assert offenders == []


def test_every_service_declares_what_pages_need():
    for service in service_types.all_services():
        documents = {document.code for document in service.documents}
        fields = {spec.name for spec in service.fields()}
        assert {code.about for code in service.deficiencies} <= documents | fields
        assert service.stages[0].finish == "register"
        assert all(rule.when.names <= fields for rule in service.routing_rules)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_question_says_what_to_do_when_it_is_left_empty(language):
    """A sentence of its own, in the language of the reader, though fields for checking are kept between readers."""
    begins = {"ar": ("اكتب ", "اختر ", "اختر: ", "أكّد "), "en": ("Enter ", "Choose ", "Say ", "Confirm ")}[language]
    for service in service_types.all_services():
        for step in service.steps:
            rows = {spec.name: [{}] * spec.least for spec in step.fields if isinstance(spec, Group)}
            with translation.override(language):
                problems = answers.clean_step(step, rows, ANSWERS[service.code]).problems
                assert problems
                for problem in problems:
                    assert problem.code == "required"
                    assert str(problem.message).startswith(begins), (service.code, problem.path)
                    # Which part it is; the question is in the message.
                    assert bool(problem.label) == ("." in problem.path)
