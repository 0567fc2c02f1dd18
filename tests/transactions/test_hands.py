"""Nobody acts twice on one case in roles that check each other, whatever posts they hold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts import services as people
from accounts.models import Role
from municipality.models import Office
from transactions import access
from transactions.domain.errors import DomainError
from transactions.domain.workflow import (
    ALLOCATION_MOVES,
    APPLICANT_SIDE,
    MOVES,
    SEPARATED_DUTIES,
    Actor,
    conflicting_duties,
)
from transactions.models import Channel
from transactions.transitions import moves

from ..conftest import NOW, STEP, drive

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def also(person, *roles, office="SHR"):
    for role in roles:
        people.create_staff_post(person, Office.objects.get(code=office), role, on=date(2020, 1, 1))
    person.__dict__.pop("_posts", None)


def refused(move):
    with pytest.raises(DomainError) as error:
        move()
    return error.value.code


def test_every_role_that_works_on_cases_is_in_one_hand():
    roles = [role for hand in SEPARATED_DUTIES for role in hand]
    assert sorted(roles) == sorted(
        {*Role.values, *(who.value for who in (*APPLICANT_SIDE, Actor.AT_COUNTER, Actor.OBJECTIONS))}
        - {Role.ADMINISTRATOR.value, Role.ACCOUNTANT.value}
    )
    assert conflicting_duties({"reviewer"}) >= {
        "supervisor",
        "registry_clerk",
        "centre_clerk",
        "applicant",
        "informal_areas",
    }
    assert "registry_clerk" not in conflicting_duties({"centre_clerk"})
    assert conflicting_duties(()) == frozenset()


def test_whoever_recommended_does_not_approve_or_reject(cast, submitted, signed_in):
    also(cast.reviewer, "supervisor", "registry_clerk")
    case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
    assert refused(lambda: moves.approve(case, by=cast.reviewer, now=LATER)) == "move_not_allowed"
    assert refused(lambda: moves.reject(case, reason="x", by=cast.reviewer, now=LATER)) == "move_not_allowed"
    assert not {"approve", "reject"} & {move.name for move in access.moves_open_to(cast.reviewer, case)}
    page = signed_in(cast.reviewer)
    typed = {"version": case.version}
    assert page.post(reverse("staff:move", args=[case.reference, "approve"]), typed).status_code != 302
    answer = page.post(
        f"/api/v1/transactions/{case.reference}/moves/", typed | {"move": "approve"}, content_type="application/json"
    )
    assert answer.status_code >= 400
    case.refresh_from_db()
    assert case.status == "awaiting_supervisor"
    done = moves.approve(case, by=cast.supervisor, now=LATER)
    assert refused(lambda: moves.issue(done, by=cast.reviewer, now=LATER)) == "move_not_allowed"


def test_whoever_registered_does_not_study_and_whoever_studied_does_not_audit(cast, submitted):
    also(cast.registry, "reviewer")
    also(cast.reviewer, "informal_areas", office="INF")
    case = drive(submitted(), cast, "under_study")
    assert refused(lambda: moves.take(case, by=cast.registry, now=LATER)) == "move_not_allowed"
    assert refused(lambda: moves.recommend(case, by=cast.registry, now=LATER)) == "move_not_allowed"
    case = moves.recommend(case, by=cast.reviewer, now=LATER)
    assert case.current_stage.role == "informal_areas"
    assert refused(lambda: moves.recommend(case, by=cast.reviewer, now=LATER)) == "move_not_allowed"
    assert moves.recommend(case, by=cast.informal, now=LATER)


def test_whoever_took_it_in_at_the_counter_does_not_study_it(cast, submitted):
    also(cast.clerk, "reviewer")
    centre = Office.objects.get(code="SC01")
    case = drive(submitted("land-subdivision", centre=centre, channel=Channel.COUNTER), cast, "under_study")
    assert refused(lambda: moves.recommend(case, by=cast.clerk, now=LATER)) == "move_not_allowed"


def test_the_same_role_goes_on_and_a_post_of_another_day_does_not_help(cast, submitted):
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    case = moves.recommend(case, by=cast.reviewer, now=LATER)
    case = moves.recommend(case, by=cast.reviewer, now=LATER)
    if case.status != "awaiting_supervisor":
        case = drive(case, cast, "awaiting_supervisor", LATER)
    cast.reviewer.posts.update(ends_on=date(2026, 11, 1))
    also(cast.reviewer, "supervisor")
    assert refused(lambda: moves.approve(case, by=cast.reviewer, now=LATER)) == "move_not_allowed"


def test_a_file_is_not_handed_to_somebody_who_has_moved_it_in_another_role(cast, submitted):
    also(cast.registry, "reviewer")
    case = drive(submitted("land-subdivision"), cast, "under_study")
    assert refused(lambda: moves.reassign(case, to=cast.registry, by=cast.supervisor, now=LATER)) == "wrong_assignee"
    assert moves.reassign(case, to=cast.second_reviewer, by=cast.supervisor, now=LATER)


def test_handing_work_out_and_taking_it_counts_for_nothing(cast, submitted):
    also(cast.second_reviewer, "supervisor")
    case = drive(submitted("land-subdivision"), cast, "under_study")
    case = moves.take(case, by=cast.second_reviewer, now=LATER)
    case = moves.reassign(case, to=cast.reviewer, by=cast.second_reviewer, now=LATER)
    case = moves.recommend(case, by=cast.reviewer, now=LATER)
    case = drive(case, cast, "awaiting_supervisor", LATER)
    assert moves.approve(case, by=cast.second_reviewer, now=LATER)


def test_whoever_corrected_the_answers_does_not_approve_them(cast, submitted):
    also(cast.reviewer, "supervisor")
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    case = moves.correct(case, changes={"land_use": "commercial"}, reason="x", by=cast.reviewer, now=LATER)
    later = LATER
    while case.current_stage.finish != "approve":
        later += STEP
        case = moves.recommend(case, by=cast.second_reviewer, now=later)
    assert refused(lambda: moves.approve(case, by=cast.reviewer, now=later)) == "move_not_allowed"
    assert moves.approve(case, by=cast.supervisor, now=later)


def test_every_move_counts_but_those_that_hand_work_out():
    hand_out = {"take", "reassign", "give_back", "hand_over", "stay", "stop_clock", "outside_answer"}
    assert hand_out | {"escalate", "answer_complaint", "hand_out", "remind"} == ALLOCATION_MOVES
    assert all(move.name in ALLOCATION_MOVES for move in MOVES if not move.is_duty)
