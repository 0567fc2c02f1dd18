"""The checklist of a case: who ticks what, what stands against passing on, and what makes a tick old."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import absences
from accounts import services as people
from accounts.models import Role, StaffPost, User
from transactions import access, queues
from transactions.admin import history
from transactions.domain import service_types
from transactions.domain.checkpoints import CheckPoint
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.domain.workflow import MoveName
from transactions.duties import duties_done
from transactions.models import Check, Event, Transaction
from transactions.transitions import checklist, moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, inspected

pytestmark = pytest.mark.django_db
SERVICES = ("building-permit", "land-subdivision", "electricity-connection", "shop-licence")


@pytest.fixture
def binding(settings):
    settings.CHECKLISTS_BIND = True


@pytest.fixture
def permit(cast, submitted, binding):
    return drive(submitted("building-permit"), cast, "under_admin_audit")


@contextmanager
def refused(code):
    with pytest.raises(DomainError) as error:
        yield
    assert error.value.code == code


def press(case, code, by, state="ticked", **more):
    return checklist.press(case, stage=case.stage, code=code, state=state, by=by, now=NOW, **more)


def tick_all(case, by, but=()):
    for line in checklist.read(case, [case.stage]):
        if line.point.code not in but:
            press(case, line.point.code, by)


def open_codes(case, by=None):
    return [line.point.code for line in checklist.stands_against(case, case.current_stage.finish, by)]


@pytest.mark.parametrize("code", SERVICES)
def test_every_stage_that_is_studied_or_decided_has_points_in_both_languages(code):
    service = service_types.get(code)
    for stage in service.stages:
        points = [point for point in service.checklist if stage.code in point.stages]
        assert bool(points) == (stage.finish in (MoveName.RECOMMEND, MoveName.APPROVE)), stage.code
        for point in points:
            with translation.override("ar"):
                arabic = str(point.words)
            with translation.override("en"):
                assert arabic != str(point.words), point.code


def test_points_depend_on_the_answers(submitted):
    technical = {
        kind: {line.point.code for line in checklist.read(submitted("building-permit", **answers), ["technical"])}
        for kind, answers in {
            "villa": {},
            "flats": {"building_type": "apartments", "floors": "3", "parking": "6"},
            "mixed": {"land_use": "mixed", "parking": "30"},
        }.items()
    }
    assert technical["flats"] - technical["villa"] == {"apartments", "exits"}
    assert technical["mixed"] - technical["villa"] == {"shops", "exits", "car-park"}
    assert {"setbacks", "coverage", "height", "parking", "rooms", "accessibility", "use"} <= technical["villa"]


def test_open_points_stand_against_passing_on_and_are_named(permit, cast):
    with pytest.raises(DomainError) as error:
        moves.recommend(permit, by=cast.reviewer, now=NOW)
    assert error.value.code == "checklist_open"
    tick_all(permit, cast.reviewer, but=("soil",))
    with translation.override("en"), pytest.raises(DomainError) as error:
        moves.recommend(permit, by=cast.reviewer, now=NOW)
    said = str(error.value)
    assert "1 point" in said
    assert "Soil report" in said
    assert "Title deed" not in said
    press(permit, "soil", cast.reviewer, "not_needed")
    done = moves.recommend(permit, by=cast.reviewer, now=NOW)
    facts = done.events.get(move="recommend").facts["checklist"]
    assert facts == {"points": 9, "ticked": 8, "not_needed": 1, "left_out": 0}


def test_before_the_decision_the_points_of_every_stage_count(permit, cast):
    case = permit
    while case.stage != "approval":
        tick_all(case, cast.reviewer)
        case = moves.recommend(case, by=cast.reviewer, now=NOW)
    press(case, "study", cast.supervisor)
    assert open_codes(case) == ["authority", "fee"]
    tick_all(case, cast.supervisor)
    # What was said at an earlier stage is history now.
    with refused("stage_has_ended"):
        checklist.press(case, stage="technical", code="use", state="cleared", by=cast.reviewer, now=NOW)
    with refused("no_such_point"):
        press(case, "use", cast.supervisor, "cleared", of="technical")
    assert moves.approve(case, by=cast.supervisor, now=NOW).status == "awaiting_payment"


def test_where_checklists_do_not_bind_the_history_says_what_nobody_looked_at(permit, cast, settings):
    settings.CHECKLISTS_BIND = False
    press(permit, "deed", cast.reviewer)
    facts = moves.recommend(permit, by=cast.reviewer, now=NOW).events.get(move="recommend").facts["checklist"]
    with translation.override("en"):
        assert checklist.counts_in_words(facts) == "Checklist: 1 of 9 ticked; not looked at: 8"


def test_a_press_that_comes_twice_is_written_once_and_each_change_is_kept(permit, cast):
    assert press(permit, "deed", cast.reviewer) is not None
    assert press(permit, "deed", cast.reviewer) is None
    assert press(permit, "deed", cast.second_reviewer) is None  # the first one's stands
    press(permit, "deed", cast.reviewer, "cleared")
    assert press(permit, "deed", cast.reviewer, "cleared") is None
    press(permit, "deed", cast.second_reviewer, "deficient")
    rows = [(row.state, row.by_id) for row in permit.checks.all()]
    assert rows == [
        ("ticked", cast.reviewer.pk), ("cleared", cast.reviewer.pk), ("deficient", cast.second_reviewer.pk),
    ]  # fmt: skip
    assert "deed" in open_codes(permit)


def test_a_press_moves_nothing_and_makes_no_page_old(permit, cast):
    before = permit.version
    press(permit, "deed", cast.reviewer)
    permit.refresh_from_db()
    assert permit.version == before
    assert Event.objects.filter(transaction=permit).count() == before
    assert not permit.checks.filter(at__lt=NOW).exists()


def test_only_who_may_end_the_stage_presses(permit, cast, submitted):
    for person, code in (
        (cast.supervisor, "not_yours_to_check"), (cast.registry, "not_yours_to_check"), (cast.citizen, "not_found"),
        (cast.central_reviewer, "not_found"),
    ):  # fmt: skip
        with refused(code):
            press(permit, "deed", person)
    for code, state in (("nothing", "ticked"), ("setbacks", "ticked"), ("deed", "left_out"), ("deed", "perhaps")):
        with refused("no_such_point"):
            press(permit, code, cast.reviewer, state)
    with pytest.raises(NotVisible):
        checklist.press(permit, stage=permit.stage, code="deed", state="ticked", by=cast.other_citizen)
    assert not Check.objects.exists()


def test_a_supervisor_leaves_open_points_out_with_a_reason(permit, cast):
    tick_all(permit, cast.reviewer, but=("soil", "sketch"))
    with refused("not_yours_to_leave_out"):
        checklist.leave_out(permit, stage=permit.stage, reason="لا حاجة", by=cast.reviewer, now=NOW)
    with pytest.raises(Invalid):
        checklist.leave_out(permit, stage=permit.stage, reason="  ", by=cast.supervisor, now=NOW)
    with pytest.raises(Invalid):
        checklist.leave_out(permit, stage=permit.stage, reason="x" * 2001, by=cast.supervisor, now=NOW)
    rows = checklist.leave_out(permit, stage=permit.stage, reason="أرض سبق فحصها", by=cast.supervisor, now=NOW)
    assert {row.code for row in rows} == {"soil", "sketch"}
    assert {row.reason for row in rows} == {"أرض سبق فحصها"}
    done = moves.recommend(permit, by=cast.reviewer, now=NOW)
    assert done.events.get(move="recommend").facts["checklist"]["left_out"] == 2


def test_nobody_passes_on_a_study_whose_points_they_left_out_themselves(permit, cast):
    people.create_staff_post(cast.reviewer, permit.held_by, Role.SUPERVISOR, on=NOW.date())
    cast.reviewer.refresh_from_db()
    checklist.leave_out(permit, stage=permit.stage, reason="أعرف الموقع", by=cast.reviewer, now=NOW)
    with refused("checklist_open"):
        moves.recommend(permit, by=cast.reviewer, now=NOW)
    assert moves.recommend(permit, by=cast.second_reviewer, now=NOW).stage == "technical"


@pytest.mark.parametrize("state", ["ticked", "not_needed"])
def test_whoever_studied_a_point_does_not_decide_as_a_deputy(state, permit, cast):
    """The moves were another's; the study was theirs."""
    case = permit
    press(case, "soil", cast.second_reviewer, state)
    while case.stage != "approval":
        tick_all(case, cast.reviewer, but=("soil",))
        case = moves.recommend(case, by=cast.reviewer, now=NOW)
    people.create_staff_post(cast.second_reviewer, case.held_by, Role.SUPERVISOR, on=NOW.date())
    deputy = User.objects.get(pk=cast.second_reviewer.pk)
    case = Transaction.objects.get(pk=case.pk)
    assert not access.may_make_move(deputy, case, "approve")
    assert not queues.may_stand_in(case, deputy)
    with pytest.raises(DomainError):
        moves.approve(case, by=deputy, now=NOW)
    with refused("not_yours_to_check"):
        press(case, "fee", deputy)
    read_with_events = Transaction.objects.get(pk=case.pk)
    history.events_of(read_with_events)
    assert duties_done(read_with_events) == duties_done(case)
    assert duties_done(case)[deputy.pk] == {"reviewer"}
    Transaction.objects.filter(pk=case.pk).update(assignee=cast.supervisor)
    away = {StaffPost.objects.get(user=cast.supervisor): deputy}
    day = NOW.date()
    absences.enter_absence(cast.supervisor, away, starts_on=day, ends_on=day, by=cast.supervisor, now=NOW)
    absences.remembered.forget()
    assert not Transaction.objects.filter(queues.stood_in_by(deputy, day)).exists()


def test_whose_points_another_looked_at_since_or_who_took_them_back_decides(permit, cast):
    press(permit, "soil", cast.second_reviewer)
    press(permit, "soil", cast.second_reviewer, "cleared")
    press(permit, "sketch", cast.second_reviewer)
    press(permit, "sketch", cast.reviewer, "not_needed")
    press(permit, "deed", cast.second_reviewer, "deficient")
    assert set(duties_done(Transaction.objects.get(pk=permit.pk))) & {cast.reviewer.pk, cast.second_reviewer.pk} == {
        cast.reviewer.pk
    }


def test_points_open_again_at_an_inspection_are_pressed_by_the_inspector(cast, submitted, binding):
    case = drive(submitted("shop-licence"), cast, "under_study")
    tick_all(case, cast.reviewer)
    case = moves.recommend(case, by=cast.reviewer, now=NOW)
    assert (case.stage, open_points(case)) == ("site", [])
    case = moves.correct(case, changes={"area_m2": "81"}, reason="measured again", by=cast.inspector, now=NOW)
    codes = open_points(case)
    assert codes
    with refused("not_yours_to_check"):
        press(case, codes[0], cast.reviewer, of="study")
    for code in codes:
        press(case, code, cast.inspector, of="study")
    assert open_points(case) == []
    case = inspected(case, by=cast.inspector, now=NOW)
    tick_all(case, cast.supervisor)
    assert moves.approve(case, by=cast.supervisor, now=NOW).status == "awaiting_payment"


def open_points(case):
    lines = checklist.read(case, checklist.stages_so_far(case))
    return [line.point.code for line in lines if line.stage != case.stage and not line.is_settled]


def test_what_was_looked_at_is_open_again_once_it_has_changed(permit, cast):
    tick_all(permit, cast.reviewer)
    asked = [RequestedCompletion("survey-old")]
    case = moves.return_for_completion(permit, deficiencies=asked, by=cast.reviewer, now=NOW)
    item = case.deficiencies.get()
    day = (NOW - timedelta(days=3)).date().isoformat()
    case = moves.answer(
        case, answers={item.pk: "أرفقنا قراراً جديداً"}, changes={"survey_date": day}, by=cast.citizen, now=NOW
    )
    assert open_codes(case) == ["survey"]
    (line,) = [line for line in checklist.read(case, [case.stage]) if line.point.code == "survey"]
    assert line.changed
    assert line.check.answers_version == 1
    press(case, "survey", cast.reviewer)
    assert open_codes(case) == []
    assert [row.answers_version for row in case.checks.filter(code="survey")] == [1, 2]


def test_what_a_later_return_changed_is_looked_at_again_where_the_case_is(permit, cast):
    tick_all(permit, cast.reviewer)
    case = moves.recommend(permit, by=cast.reviewer, now=NOW)
    tick_all(case, cast.reviewer)
    asked = [RequestedCompletion("survey-old")]
    case = moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW)
    changes = {"survey_date": (NOW - timedelta(days=3)).date().isoformat()}
    case = moves.answer(case, answers={case.deficiencies.get().pk: ""}, changes=changes, by=cast.citizen, now=NOW)
    assert open_codes(case) == ["survey"]
    with refused("checklist_open"):
        moves.recommend(case, by=cast.reviewer, now=NOW)
    with refused("no_such_point"):
        press(case, "deed", cast.reviewer, "cleared", of="completeness")
    press(case, "survey", cast.reviewer, of="completeness")
    assert moves.recommend(case, by=cast.reviewer, now=NOW).stage == "approval"


def test_a_deficient_point_is_open_until_somebody_ticks_it(permit, cast):
    tick_all(permit, cast.reviewer)
    press(permit, "soil", cast.reviewer, "deficient")
    assert open_codes(permit) == ["soil"]
    press(permit, "soil", cast.reviewer)
    assert open_codes(permit) == []


def test_what_was_ticked_keeps_its_words(permit, cast, monkeypatch):
    press(permit, "deed", cast.reviewer)
    reworded = tuple(
        CheckPoint("deed", "Other words", point.stages, point.about) if point.code == "deed" else point
        for point in checklist.points_of(permit)
    )
    monkeypatch.setattr(checklist, "points_of", lambda case: reworded)
    (line,) = [line for line in checklist.read(permit, [permit.stage]) if line.point.code == "deed"]
    with translation.override("en"):
        assert line.is_settled
        assert line.words.startswith("Title deed")
    with translation.override("ar"):
        assert line.words == line.check.words_ar


names = st.sampled_from(["area", "floors", "deed", "plan"])
answers_given = st.dictionaries(names, st.text(max_size=5) | st.none() | st.lists(st.text(max_size=3), max_size=2))
files_given = st.lists(st.tuples(names, st.sampled_from(["a" * 64, "b" * 64])), max_size=4)


@given(st.sets(names), answers_given, files_given, answers_given, files_given)
def test_a_mark_tells_exactly_whether_what_a_point_is_about_is_the_same(about, answers, files, later, later_files):
    point = CheckPoint("p", "p", ("s",), tuple(sorted(about)))

    def about_it(given, sent):
        kept = {name: value for name, value in given.items() if name in about}
        return kept, sorted(file for file in sent if file[0] in about)

    same = about_it(answers, files) == about_it(later, later_files)
    assert (point.seen(answers, files) == point.seen(later, later_files)) == same
    assert point.seen(answers, files) == point.seen(answers, files[::-1])


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"about": ("roof",)}, "not asked for"),
        ({"deficiency": "roof"}, "which there is not"),
        ({"stages": ("registration",)}, "nobody studies"),
        ({"stages": ()}, "nobody studies"),
        ({"code": "x" * 31}, "30 characters"),
    ],
)
def test_slips_in_a_checklist_do_not_start(slip, said):
    service = service_types.get("building-permit")
    wrong = replace(service.checklist[0], **slip)
    with pytest.raises(ValueError, match=said):
        service_types.register(replace(service, code="slip", fee=None, checklist=(wrong,)))
