"""A service, a stage, a question or a document that is dropped breaks nothing that was begun or taken before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transactions import access
from transactions.answers import summary
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.domain.statuses import IN_HAND
from transactions.intake import draft_parts, drafts
from transactions.intake.drafts import submit_draft
from transactions.models import Attachment, Draft, Transaction
from transactions.transitions import moves
from transactions.transitions.forms import FORMS

from ..answers import ANSWERS
from ..conftest import NOW, drive, pdf, picture, upload
from ..portal.world import build, client_of, routes

pytestmark = pytest.mark.django_db
ELECTRICITY = "electricity-connection"
FORMS_WITH_REASON = {name for name, form in FORMS.items() if "reason" in form.names}


@pytest.fixture
def changed(monkeypatch):
    """Put another version of a service in the place of the one in the catalogue."""

    def change(code, **fields):
        service = replace(service_types.get(code), **fields)
        monkeypatch.setitem(service_types._registry, code, service)
        return service

    return change


@pytest.fixture
def whole_draft(cast):
    """A draft of an electricity connection with everything in it."""
    service = service_types.get(ELECTRICITY)
    draft = drafts.start_draft(service, by=cast.citizen, now=NOW)
    for step in service.steps:
        typed = {
            spec.name: ANSWERS[ELECTRICITY][spec.name] for spec in step.fields if spec.name in ANSWERS[ELECTRICITY]
        }
        drafts.save_step(draft, step, typed, by=cast.citizen, now=NOW)
    for document in service.documents_for(ANSWERS[ELECTRICITY]):
        for number in range(document.least):
            photo = "application/pdf" not in document.accepts
            file = upload(f"{number}.{'jpg' if photo else 'pdf'}", picture("JPEG") if photo else pdf(number))
            attachments.attach_to_draft(draft, document.code, file, by=cast.citizen, now=NOW)
    return Draft.objects.get(pk=draft.pk)


@pytest.mark.thorough
@pytest.mark.embedded
@pytest.mark.parametrize(
    "what",
    [
        {"service": "plant-nursery"},
        {"stage": "aerial_survey"},
        {"service": "plant-nursery", "stage": "x"},
        {"answers": {"tribe": "Quraish", "walls": [{"width": 3}], "height": {"m": 4}}},
    ],
    ids=str,
)
def test_every_page_of_everybody_stands(cast, submitted, what):
    world = build(cast, submitted)
    for row in (*Transaction.objects.all(), *Draft.objects.all()):
        added = {"answers": row.answers | what["answers"]} if "answers" in what else what
        own = {name: value for name, value in added.items() if name != "stage" or isinstance(row, Transaction)}
        type(row).objects.filter(pk=row.pk).update(**(own or {"answers": row.answers}))
    for actor in ("nobody", "applicant", "engineer", "clerk", "reviewer", "supervisor", "administrator"):
        client = client_of(world.who(actor))
        for route in routes():
            if "/drafts/" in route and "service" in what and "<slug:code>" in route:
                continue  # an address of a step that is no longer there
            answer = client.get(world.url(route))
            assert answer.status_code < 500 or route == "/readyz", f"{actor}: {route}"


def test_the_owner_of_a_request_of_a_service_that_is_gone_still_finds_it(cast, submitted):
    case = submitted()
    Transaction.objects.filter(pk=case.pk).update(service="plant-nursery")
    page = client_of(cast.citizen).get(reverse("transactions:requests"))
    assert page.status_code == 200
    assert case.reference in page.content.decode()


def test_a_supervisor_leads_a_file_on_whose_stage_was_dropped(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    Transaction.objects.filter(pk=case.pk).update(stage="aerial_survey")
    page = client_of(cast.supervisor).get(reverse("staff:case", args=[case.reference]))
    assert page.status_code == 200
    assert "reject" in page.content.decode()


@pytest.mark.parametrize("whole", [True, False], ids=["service gone", "stages gone"])
def test_a_press_on_a_case_the_catalogue_no_longer_leads_on_is_done_or_said(cast, submitted, changed, whole):
    """Opened while the service was whole; pressed by everybody who may, once it, or all after its study, is gone."""
    case = drive(submitted(), cast, "under_study")
    if whole:
        Transaction.objects.filter(pk=case.pk).update(service="plant-nursery")
    else:
        changed(ELECTRICITY, stages=service_types.get(ELECTRICITY).stages[:2])
    said = set()
    for status in sorted(IN_HAND):
        Transaction.objects.filter(pk=case.pk).update(status=status, approved_at=NOW)
        for person in (cast.registry, cast.reviewer, cast.supervisor):
            now = Transaction.objects.get(pk=case.pk)
            for move in (move.name for move in access.moves_open_to(person, now) if move.name in FORMS):
                typed = {"version": now.version, "reason": "لا يطابق المخطط", "to": "CTR", "own-1": "أكمل الرسم"}
                with transaction.atomic():
                    page = client_of(person).post(reverse("staff:move", args=[case.reference, move]), typed)
                    transaction.set_rollback(True)
                assert page.status_code in (302, 409, 422), (status, person, move)
                if page.status_code == 409:
                    said.add(move)
                    assert "لا يطابق المخطط" in page.content.decode() or move not in FORMS_WITH_REASON
    assert said


def test_a_retired_service_is_offered_to_nobody_and_its_requests_go_on(cast, submitted, changed, client):
    case = submitted()
    changed(ELECTRICITY, retired=True)
    assert ELECTRICITY not in [service.code for service in service_types.offered_services()]
    assert reverse("transactions:service", args=[ELECTRICITY]) not in client.get("/").content.decode()
    assert ELECTRICITY not in [service["code"] for service in client.get("/api/v1/services/").json()]
    with pytest.raises(DomainError) as refused:
        drafts.start_draft(service_types.get(ELECTRICITY), by=cast.citizen, now=NOW)
    assert refused.value.code == "service_retired"
    assert drive(case, cast, "under_study").status == "under_study"


def test_a_draft_of_a_retired_service_is_kept_and_not_sent(cast, whole_draft, changed):
    changed(ELECTRICITY, retired=True)
    client = client_of(cast.citizen)
    for address in ("draft", "check"):
        page = client.get(reverse(f"transactions:{address}", args=[whole_draft.key]), headers={"accept-language": "en"})
        assert page.status_code == 200
    with pytest.raises(DomainError) as refused:
        submit_draft(whole_draft, by=cast.citizen, now=NOW)
    assert refused.value.code == "service_retired"
    assert Draft.objects.get(pk=whole_draft.pk).answers == whole_draft.answers


def test_what_is_typed_on_a_page_the_service_no_longer_has_is_read_back(cast, whole_draft, changed):
    steps = whole_draft.service_type.steps
    place = next(step for step in steps if step.code == "place")  # whose questions other services ask as well
    changed(ELECTRICITY, steps=tuple(step for step in steps if step is not place))
    address = reverse("transactions:step", args=[whole_draft.key, "place"])
    client = client_of(cast.citizen)
    assert client.get(address).status_code == 404
    page = client.post(address, {"plan_number": "415/ب"})
    assert (page.status_code, page.templates[0].name) == (404, "transactions/gone.html")
    assert "415/ب" in page.content.decode()


def test_a_draft_with_answers_to_dropped_questions_is_sent_without_them_and_says_so(cast, whole_draft):
    Draft.objects.filter(pk=whole_draft.pk).update(answers=whole_draft.answers | {"tribe": "قريش", "old": [{"a": "1"}]})
    page = client_of(cast.citizen).get(reverse("transactions:check", args=[whole_draft.key]))
    assert "قريش" in page.content.decode()
    taken = submit_draft(Draft.objects.get(pk=whole_draft.pk), by=cast.citizen, now=NOW).transaction
    assert set(taken.answers) == set(whole_draft.answers)


def test_a_draft_with_a_document_that_was_dropped_is_sent_without_it(cast, whole_draft, changed):
    service = service_types.get(ELECTRICITY)
    dropped = service.documents_for(ANSWERS[ELECTRICITY])[0].code
    changed(ELECTRICITY, documents=tuple(one for one in service.documents if one.code != dropped))
    taken = submit_draft(whole_draft, by=cast.citizen, now=NOW).transaction
    assert dropped not in set(taken.attachments.values_list("document", flat=True))
    assert Attachment.objects.filter(draft=whole_draft, document=dropped).exists()


def test_the_file_of_a_document_that_was_dropped_later_is_still_shown(cast, submitted, changed):
    case = submitted()
    service = service_types.get(ELECTRICITY)
    file = case.attachments.order_by("pk")[0]
    changed(ELECTRICITY, documents=tuple(one for one in service.documents if one.code != file.document))
    page = client_of(cast.citizen).get(reverse("transactions:request", args=[case.reference]))
    assert str(file.key) in page.content.decode()


@pytest.mark.parametrize("odd", [["x"], [{"a": "1"}], [None], {"a": 1}, "text"])
def test_an_answer_from_when_the_question_was_of_another_kind_is_told_and_asked_anew(cast, whole_draft, odd):
    client, kept = client_of(cast.citizen), dict(whole_draft.answers)
    choices = {"request_kind", "ownership"}  # what other questions hang on
    for names in (kept.keys(), kept.keys() - choices, choices):
        Draft.objects.filter(pk=whole_draft.pk).update(answers=kept | dict.fromkeys(names, odd))
        assert client.get(reverse("transactions:draft", args=[whole_draft.key])).status_code == 200
        assert client.get(reverse("transactions:check", args=[whole_draft.key])).status_code < 400
        for step in whole_draft.service_type.steps:
            assert client.get(reverse("transactions:step", args=[whole_draft.key, step.code])).status_code == 200


@pytest.mark.parametrize("odd", ["text", ["x"], {"a": 1}, 5])
def test_a_group_that_was_a_question_before_takes_not_its_owners_page_down(cast, submitted, odd):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | {"parts": odd, "land_use": ["x"]})
    assert client_of(cast.citizen).get(f"/requests/{case.reference}/").status_code == 200


# What a column of answers may hold of any time: other kinds, other shapes, rows with holes, words for numbers.
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
LEAVES |= st.sampled_from(["900", "NaN", "-Infinity", "1e3", "٩٠٠", "", "2026-02-30", "9999-12-31", "detached"])
ROWS = st.lists(
    LEAVES | st.dictionaries(st.sampled_from(["area_m2", "frontage_m", "street_width_m", "street", "x"]), LEAVES),
    max_size=3,
)
SHAPES = LEAVES | ROWS | st.dictionaries(st.text(max_size=4), LEAVES, max_size=2)


@pytest.mark.parametrize("code", sorted(ANSWERS))
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_stored_is_flagged_routed_and_summed_up(code, data):
    service = service_types.get(code)
    names = [spec.name for spec in service.fields()]
    odd = data.draw(st.dictionaries(st.sampled_from([*names, "dropped"]), SHAPES, max_size=4))
    gone = data.draw(st.sets(st.sampled_from(names), max_size=2))
    stored = {name: answer for name, answer in (ANSWERS[code] | odd).items() if name not in gone}
    assert all(flag.message for flag in draft_parts.flags_of(service, stored))
    assert all(isinstance(rule.fires(stored), bool) for rule in service.routing_rules)
    assert summary.summarise(service, stored, []).sections
    assert service.working_days_for(stored) > 0


@pytest.mark.thorough
@pytest.mark.parametrize("code", sorted(ANSWERS))
@given(data=st.data())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_stored_every_page_that_shows_the_case_stands(cast, submitted, code, data):
    case = Transaction.objects.first() or drive(submitted(code), cast, "under_study")
    odd = data.draw(st.dictionaries(st.sampled_from(sorted(ANSWERS[code])), SHAPES, min_size=1, max_size=5))
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | odd)
    for person in (cast.citizen, cast.reviewer, cast.supervisor, cast.administrator):
        client = client_of(person)
        for page in (
            f"/requests/{case.reference}/",
            reverse("staff:case", args=[case.reference]),
            reverse("staff:correct", args=[case.reference]),
            f"/api/v1/transactions/{case.reference}/",
            "/requests/",
        ):
            assert client.get(page).status_code < 500, (page, person)


@pytest.mark.parametrize("odd", [None, "much", ["5"], {"m2": 5}])
def test_a_fee_that_cannot_be_worked_out_is_said_and_nothing_is_approved(cast, submitted, odd):
    case = drive(submitted("building-permit"), cast, "under_study")
    case = moves.recommend(case, by=cast.reviewer, now=NOW)
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | {"total_area_m2": odd})
    case = Transaction.objects.get(pk=case.pk)
    assert client_of(cast.supervisor).get(reverse("staff:case", args=[case.reference])).status_code == 200
    with pytest.raises(DomainError) as refused:
        moves.approve(case, by=cast.supervisor, now=NOW)
    assert refused.value.code == "fee_unknown"
