"""Versions of what was answered: the first at intake, others by answering a return or by a correction on record."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.models import Entry
from municipality.models import District
from transactions.admin.history import events_of
from transactions.answers.revision import all_names, revise
from transactions.answers.versions import describe_version
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.content import answers_hash
from transactions.domain.errors import Invalid
from transactions.domain.service_types import OneOf
from transactions.models import AnswersVersion, FeeDue, Notification
from transactions.notifications.messages import write_message
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import ANSWERS, NOW, STEP, drive, pdf, stored, upload

pytestmark = pytest.mark.django_db
FIRST_VERSIONS = import_module("transactions.migrations.0008_first_versions")


def entry(kind: str, reference: str) -> dict[str, object]:
    """The body of the latest journal entry of a kind about a request."""
    return json.loads(bytes(Entry.objects.filter(kind=kind, subject=reference).latest("seq").body))


@pytest.mark.parametrize("code", sorted(ANSWERS))
def test_intake_writes_the_first_version_and_the_receipt_binds_it(code, cast, submitted):
    case = submitted(code)
    version = case.versions.get()
    assert (version.number, case.answers_version, version.answers) == (1, 1, case.answers)
    assert (version.by, version.at, version.event.move) == (case.applicant, NOW, "submit")
    assert set(case.attachments.values_list("answers_version", "replaced_in")) == {(1, None)}
    files = [file.sha256 for file in case.attachments.in_force()]
    assert entry("received", case.reference)["content"] == answers_hash(case.mark_salt, version.answers, files)


def test_old_requests_get_version_one_and_nothing_else_is_invented(cast, submitted):
    cases = [submitted(), submitted(centre=cast_centre(cast), channel="counter"), submitted("land-subdivision")]
    before = list(AnswersVersion.objects.order_by("transaction").values_list("transaction", "number", "answers", "by"))
    AnswersVersion.objects.all().delete()
    for _run in range(2):
        with connection.schema_editor() if connection.vendor != "sqlite" else _Editor() as editor:
            FIRST_VERSIONS.fill(apps, editor)
        rows = AnswersVersion.objects.order_by("transaction")
        assert list(rows.values_list("transaction", "number", "answers", "by")) == before
    assert [version.event.seq for version in rows] == [1] * len(cases)


class _Editor:
    """SQLite's own schema editor refuses to open inside a test's transaction."""

    connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


def cast_centre(cast):
    return cast.clerk.posts.get().office


# -- answering a return ----------------------------------------------------------------------------------------------

PARTS = [
    {"area_m2": "460", "frontage_m": "15", "street": "شارع 1", "street_width_m": "15"},
    {"area_m2": "440", "frontage_m": "15", "street": "شارع 2", "street_width_m": "12"},
]


def returned(case, cast, *asked, status="under_study"):
    case = drive(case, cast, status)
    return moves.return_for_completion(case, deficiencies=list(asked), by=cast.reviewer, now=NOW + 5 * STEP)


def answered(case, cast, changes, **more):
    words = {item.pk: more.pop("words", "") for item in case.deficiencies.open()}
    return moves.answer(case, answers=words, changes=changes, by=cast.citizen, now=NOW + 9 * STEP, **more)


def problems(call):
    with pytest.raises(Invalid) as refused:
        call()
    return {(problem.path, problem.code) for problem in refused.value.problems}


@pytest.mark.parametrize(
    "asked",
    [
        RequestedCompletion("part-area"),
        RequestedCompletion("areas-differ"),
        RequestedCompletion("", "صحح", opens=("parts",)),
    ],
)
def test_an_answer_may_change_what_the_return_opened_and_is_a_new_version(asked, cast, submitted):
    case = returned(submitted("land-subdivision"), cast, asked, status="under_tech_audit")
    first = case.answers
    done = answered(case, cast, {"parts": [PARTS[0] | {"area_m2": "٤٦٠"}, PARTS[1] | {"area_m2": "440.0"}]})
    done.refresh_from_db()
    assert done.status == "under_tech_audit"
    assert [part["area_m2"] for part in done.answers["parts"]] == ["460", "440"]
    assert {**done.answers, "parts": None} == {**first, "parts": None}
    one, two = done.versions.all()
    assert (one.answers, two.answers, done.answers_version) == (first, done.answers, 2)
    event = done.events.get(move="answer")
    assert (two.number, two.by, two.event, two.at) == (2, cast.citizen, event, NOW + 9 * STEP)
    assert event.facts["changes"] == [
        {"path": "parts.0.area_m2", "before": "450", "after": "460"},
        {"path": "parts.1.area_m2", "before": "450", "after": "440"},
    ]
    files = [file.sha256 for file in done.attachments.in_force()]
    written = entry("answered", done.reference)
    assert (written["version"], written["event"]) == (2, done.version)
    assert written["content"] == answers_hash(done.mark_salt, two.answers, files)


def test_what_was_not_opened_is_not_changed(cast, submitted):
    case = returned(submitted("land-subdivision"), cast, RequestedCompletion("part-area"), status="under_tech_audit")
    before = stored(case)
    assert problems(lambda: answered(case, cast, {"land_use": "commercial", "nonsense": "1"}, words="x")) == {
        ("land_use", "not_open"),
        ("nonsense", "not_open"),
    }
    assert stored(case) == before
    assert case.versions.count() == 1


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"parts": PARTS[:1]}, {("parts", "count")}),
        ({"parts": [PARTS[0] | {"area_m2": "x"}, PARTS[1]]}, {("parts.0.area_m2", "invalid")}),
        ({"parts": [PARTS[0] | {"area_m2": "900"}, PARTS[1]]}, {("parts", "areas_do_not_add_up")}),
        ({"parts": []}, {("parts", "count")}),
    ],
)
def test_a_new_answer_is_checked_as_at_intake(changes, wrong, cast, submitted):
    case = returned(submitted("land-subdivision"), cast, RequestedCompletion("part-area"), status="under_tech_audit")
    assert {path for path, _code in problems(lambda: answered(case, cast, changes))} == {path for path, _ in wrong}


def test_a_contradiction_opens_the_other_answer(cast, submitted):
    case = returned(
        submitted("land-subdivision"),
        cast,
        RequestedCompletion("", "المساحة", opens=("area_m2",)),
        status="under_tech_audit",
    )
    assert problems(lambda: answered(case, cast, {"area_m2": "1200"})) == {("parts", "areas_do_not_add_up")}
    larger = [part | {"area_m2": "600"} for part in PARTS]
    done = answered(case, cast, {"area_m2": "1200", "parts": larger})
    assert (done.answers["area_m2"], done.answers["parts"][1]["area_m2"]) == ("1200", "600")


def test_an_answer_that_became_wrong_by_itself_stops_nobody(cast, submitted):
    case = returned(submitted("building-permit"), cast, RequestedCompletion("arch-parking"), status="under_study")
    late = NOW.replace(year=NOW.year + 4)
    words = {item.pk: "" for item in case.deficiencies.open()}
    done = moves.answer(case, answers=words, changes={"parking": "9"}, by=cast.engineer, now=late)
    assert done.answers["parking"] == "9" or done.answers["parking"] == 9
    # Opened and changed, it has to be right by then.
    again = moves.return_for_completion(
        done, deficiencies=[RequestedCompletion("survey-old")], by=cast.reviewer, now=late
    )
    words = {item.pk: "" for item in again.deficiencies.open()}
    old = {"survey_date": f"{NOW.year - 1}-01-01"}
    found = problems(lambda: moves.answer(again, answers=words, changes=old, by=cast.engineer, now=late))
    assert ("survey_date", "survey_too_old") in found


def test_words_alone_answer_and_the_version_says_so(cast, submitted):
    case = returned(submitted(), cast, RequestedCompletion("load-reason"))
    assert problems(lambda: answered(case, cast, {})) == {(f"answers.{case.deficiencies.get().pk}", "required")}
    assert problems(lambda: answered(case, cast, {"load_kva": "25"}))  # the same as before is no change
    done = answered(case, cast, {}, words="مكيفات")
    assert (done.answers_version, done.versions.get(number=2).answers) == (2, case.answers)
    assert done.events.get(move="answer").facts["changes"] == []


def test_questions_that_follow_from_an_opened_one_are_open_too(cast, submitted):
    own = RequestedCompletion("", "لديك صك؟", opens=("ownership",))
    case = returned(submitted(), cast, own)
    deed = {"ownership": "deed", "deed_number": "320211004455", "deed_date": "1440/03/15"}
    found = problems(lambda: answered(case, cast, {"ownership": "deed"}))
    assert {("deed_number", "required"), ("deed_date", "required")} <= found
    plot = {"plan_number": "415", "parcel_number": "27"}
    item = case.deficiencies.open().get()
    # The papers that a home with a deed needs are asked for with it.
    assert (f"answers.{item.pk}", "document_missing") in problems(lambda: answered(case, cast, deed | plot))
    for code in ("deed_or_permit", "coordination"):
        attachments.attach_to_deficiency(item, upload(f"{code}.pdf"), document=code, by=cast.citizen, now=NOW)
    done = answered(case, cast, deed | plot)
    assert done.status == "under_study"
    # It does not go through the department of informal areas any more.
    assert moves.recommend(done, by=cast.reviewer, now=NOW + 10 * STEP).stage == "approval"


def test_an_answer_may_bring_a_later_stage_with_it(cast, submitted):
    deed = {"ownership": "deed", "deed_number": "320211004455", "deed_date": "1440/03/15"}
    case = drive(submitted(**deed, plan_number="415", parcel_number="27"), cast, "under_study")
    done = moves.correct(case, changes={"ownership": "none"}, reason="لا صك", by=cast.reviewer, now=NOW + 5 * STEP)
    assert done.stage == "study"
    assert "deed_number" not in done.answers
    assert moves.recommend(done, by=cast.reviewer, now=NOW + 6 * STEP).stage == "informal"


@pytest.fixture
def stage_for_villas(cast):
    """Building permits whose completeness audit is for apartments only."""
    usual = service_types.get("building-permit")
    stages = [replace(s, when=OneOf("building_type", ("apartments",))) if s.code == "completeness" else s
              for s in usual.stages]  # fmt: skip
    service_types.unregister(usual.code)
    service_types.register(replace(usual, stages=tuple(stages)))
    yield
    service_types.unregister(usual.code)
    service_types.register(usual)


@pytest.mark.parametrize("by_answer", [False, True])
def test_an_earlier_stage_that_only_the_new_answers_ask_for_is_not_missed(by_answer, stage_for_villas, cast, submitted):
    case = drive(submitted("building-permit", building_type="villa"), cast, "under_study")
    changes, later = {"building_type": "apartments"}, NOW + 9 * STEP
    if by_answer:
        case = returned(case, cast, RequestedCompletion("", "ما نوع المبنى؟", opens=("building_type",)))
        done = answered(case, cast, changes)
    else:
        done = moves.correct(case, changes=changes, reason="x", by=cast.reviewer, now=later)
    assert (done.stage, done.status, done.stage_started_at) == ("completeness", "under_admin_audit", later)
    assert moves.recommend(done, by=cast.reviewer, now=NOW + 10 * STEP).stage == "technical"


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_new_drawing_takes_the_place_of_the_one_it_replaces_and_both_are_kept(cast, submitted):
    case = returned(submitted("building-permit"), cast, RequestedCompletion("arch-setbacks"), status="under_study")
    item, old = case.deficiencies.get(), case.attachments.get(document="arch_drawings")
    new = attachments.attach_to_deficiency(item, upload("new.pdf", pdf(300)), by=cast.engineer, now=NOW)
    other = case.attachments.filter(document="deed").first()
    call = {"answers": {item.pk: ""}, "by": cast.engineer, "now": NOW + 9 * STEP}
    for strangers in ([str(other.key)], ["no key"]):
        found = problems(lambda strangers=strangers: moves.answer(case, **call, replaced=strangers))
        assert ("replaced", "not_open") in found
    done = moves.answer(case, **call, replaced=[str(old.key)])
    drawings = done.attachments.filter(document="arch_drawings")
    assert list(drawings.values_list("pk", "answers_version", "replaced_in")) == [(old.pk, 1, 2), (new.pk, 2, None)]
    assert list(done.attachments.in_force().filter(document="arch_drawings")) == [new]
    assert done.events.get(move="answer").facts["replaced"] == [str(old.key)]


def test_a_replaced_file_without_a_new_one_leaves_a_gap_that_is_refused(cast, submitted):
    case = returned(submitted("building-permit"), cast, RequestedCompletion("arch-setbacks"), status="under_study")
    item, old = case.deficiencies.get(), case.attachments.get(document="arch_drawings")
    call = {"answers": {item.pk: "x"}, "replaced": [str(old.key)], "by": cast.engineer, "now": NOW + 9 * STEP}
    assert problems(lambda: moves.answer(case, **call)) == {(f"answers.{item.pk}", "document_missing")}


# -- corrections on record -------------------------------------------------------------------------------------------


def test_a_slip_is_corrected_on_record_and_the_applicant_is_told(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    receipt = case.intake.token
    reason = "سهو في الإدخال"
    done = moves.correct(case, changes={"parts": PARTS}, reason=reason, by=cast.reviewer, now=NOW + 5 * STEP)
    event = done.events.get(move="correct")
    assert (event.reason, event.actor, done.status) == (reason, cast.reviewer, "under_tech_audit")
    assert done.versions.get(number=2).event == event
    assert entry("corrected", done.reference)["version"] == 2
    done.refresh_from_db()
    assert (done.intake.token, done.versions.get(number=1).answers["parts"][0]["area_m2"]) == (receipt, "450")
    with translation.override("en"):
        told = write_message(Notification.objects.get(event=event, recipient=cast.citizen))
    assert "Part 1 – Area: was 450 m², is now 460 m²." in told.text
    assert reason in told.text


@pytest.mark.parametrize(
    ("changes", "reason", "code"),
    [({"parts": PARTS}, " ", "required"), ({}, "x", "no_change"), ({"area_m2": "900"}, "x", "no_change"),
     ({"area_m2": "abc"}, "x", "invalid"), ({"nonsense": 1}, "x", "not_open")],
)  # fmt: skip
def test_a_correction_says_why_and_changes_something(changes, reason, code, cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    before = stored(case)
    call = {"changes": changes, "reason": reason, "by": cast.reviewer, "now": NOW}
    assert code in {found for _path, found in problems(lambda: moves.correct(case, **call))}
    assert stored(case) == before


def test_a_correction_to_another_plot_than_was_authorised_is_refused(cast, submitted):
    case = drive(submitted("building-permit"), cast, "under_study")
    call = {"changes": {"parcel_number": "28"}, "reason": "x", "by": cast.reviewer, "now": NOW}
    assert problems(lambda: moves.correct(case, **call)) == {("parcel_number", "another_plot")}


def test_a_new_district_is_written_down_and_moves_nothing(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    elsewhere = District.objects.exclude(sub_municipality__code="SHR").exclude(sub_municipality=None).first()
    changes = {"district": elsewhere.code}
    done = moves.correct(case, changes=changes, reason="x", by=cast.reviewer, now=NOW + 5 * STEP)
    done.refresh_from_db()
    assert (done.district, done.branch.code, done.held_by.code) == (elsewhere, "SHR", "SHR")
    assert describe_version(done, events_of(done)) == elsewhere.sub_municipality.code
    moved = moves.refer(done, to=elsewhere.sub_municipality, reason="x", by=cast.reviewer, now=NOW + 6 * STEP)
    assert describe_version(moved, events_of(moved)) == ""


def test_the_fee_is_worked_out_from_the_version_approved(cast, submitted):
    case = drive(submitted("building-permit"), cast, "under_study")
    done = moves.correct(case, changes={"total_area_m2": "600"}, reason="x", by=cast.reviewer, now=NOW + 5 * STEP)
    done = drive(done, cast, "awaiting_payment", NOW + 6 * STEP)
    assert (done.fee.amount, done.fee.answers_version) == (1800, 2)
    # Withdrawn, taken up again and corrected once more: what nobody paid is worked out anew.
    done = moves.reopen(moves.withdraw(done, by=cast.citizen, now=NOW), reason="x", by=cast.supervisor, now=NOW)
    done = moves.correct(done, changes={"total_area_m2": "610"}, reason="x", by=cast.reviewer, now=NOW + 15 * STEP)
    done = drive(done, cast, "awaiting_payment", NOW + 16 * STEP)
    fee = FeeDue.objects.get(transaction=done)
    assert (fee.amount, fee.answers_version, done.events.filter(move="approve").last().facts["answers_version"]) == (
        1830,
        3,
        3,
    )
    assert entry("decided", done.reference)["version"] == 3


@pytest.mark.parametrize("code", sorted(ANSWERS))
def test_what_was_accepted_is_accepted_again_as_it_stands(code, cast, submitted):
    case = submitted(code)
    service = case.service_type
    result = revise(service, case.answers, case.answers, all_names(service), NOW.date())
    assert (result.values, result.problems, result.changed) == (case.answers, (), frozenset())


@given(
    area=st.decimals(min_value=1, max_value=2000, places=2),
    opened=st.sets(st.sampled_from(["area_m2", "parts", "villas", "district", "plan_number"])),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_not_opened_stays_letter_for_letter(area, opened, city):
    service = service_types.get("land-subdivision")
    base = ANSWERS["land-subdivision"] | {"plan_number": "٤١٥ / ج"}
    result = revise(service, base, {name: str(area) for name in opened & {"area_m2"}}, opened, NOW.date())
    untouched = set(base) - result.opened
    assert {name: result.values[name] for name in untouched} == {name: base[name] for name in untouched}
    assert result.changed <= result.opened
