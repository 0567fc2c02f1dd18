"""Every status × move × role against the table, and what the database itself refuses."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Role
from municipality.models import Office
from transactions import access
from transactions.domain import service_types
from transactions.domain.deadlines import Deadline
from transactions.domain.errors import DomainError, Invalid
from transactions.domain.workflow import CLOSED, MOVES, OPEN, STUDY, Actor, Status, Target, is_allowed
from transactions.models import Event, Transaction
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, stored

OBJECTED = {"rejected", "filed", "returned", "awaiting_payment", "approved", "issued", "completed"}
# Written out by hand, not derived from the table: (move, statuses it leaves, who may).
EXPECTED = {
    "route": ({"submitted"}, {"system"}),
    "register": ({"incoming"}, {"registry_clerk"}),
    "take": (
        {"incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor", "approved"},
        {"stage role"},
    ),
    # By the portal where somebody leaves, is away, or cases are spread.
    "reassign": (
        {"under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor"},
        {"supervisor", "system"},
    ),
    "hand_over": (
        {
            "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor", "approved",
            "returned", "awaiting_payment",
        },
        {"system"},
    ),
    "stay": (
        {
            "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor", "approved",
            "returned", "awaiting_payment",
        },
        {"system"},
    ),
    "outside_answer": (
        {
            "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor", "approved",
            "returned", "awaiting_payment", "issued", "completed", "rejected", "withdrawn", "filed",
        },
        {"system"},
    ),
    "stop_clock": (
        {
            "submitted", "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor",
            "approved", "returned", "awaiting_payment",
        },
        {"system"},
    ),
    "give_back": (
        {
            "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor", "approved",
            "returned",
        },
        {"stage role", "system"},
    ),
    "recommend": ({"under_admin_audit", "under_study", "under_tech_audit"}, {"stage role"}),
    "advise_refusal": ({"under_admin_audit", "under_study", "under_tech_audit"}, {"stage role"}),
    "inspect": ({"under_admin_audit", "under_study", "under_tech_audit"}, {"stage role"}),
    "return": ({"under_admin_audit", "under_study", "under_tech_audit"}, {"stage role"}),
    "remind": ({"returned", "awaiting_payment"}, {"stage role", "supervisor", "centre_clerk"}),
    "answer": ({"returned"}, {"applicant", "at_counter"}),
    "correct": ({"incoming", "under_admin_audit", "under_study", "under_tech_audit"}, {"stage role"}),
    "send_back": ({"awaiting_supervisor"}, {"supervisor"}),
    "approve": ({"awaiting_supervisor"}, {"supervisor"}),
    "reject": ({"under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor"}, {"supervisor"}),
    "record_payment": ({"awaiting_payment"}, {"centre_clerk", "registry_clerk", "system"}),
    "issue": ({"approved"}, {"registry_clerk", "supervisor"}),
    "dispatch": ({"approved"}, {"registry_clerk"}),
    "refer": (
        {"incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor"},
        {"registry_clerk", "reviewer", "supervisor"},
    ),
    "withdraw": (
        {
            "submitted", "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor",
            "returned", "awaiting_payment",
        },
        {"owner"},
    ),
    "file": ({"completed", "issued", "rejected", "withdrawn"}, {"registry_clerk", "supervisor"}),
    "propose_ending": ({"issued", "completed", "filed"}, {"registry_clerk", "reviewer", "supervisor"}),
    "revoke": ({"issued", "completed", "filed"}, {"supervisor"}),
    "replace": ({"issued", "completed", "filed"}, {"supervisor"}),
    "reopen": ({"rejected", "withdrawn"}, {"supervisor"}),
    "resume": ({"withdrawn"}, {"owner"}),
    "object": (OBJECTED, {"owner", "engineering_office"}),
    "uphold": (OBJECTED, {"objections"}),
    "dismiss": (OBJECTED, {"objections"}),
    "complain": (
        {
            "submitted", "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor",
            "approved",
        },
        {"owner", "engineering_office"},
    ),
    "escalate": (set(Status), {"system"}),
    "answer_complaint": (set(Status), {"complaints"}),
    "hand_out": (set(Status) - {"submitted"}, {"at_counter"}),
}  # fmt: skip


def test_the_table_is_the_one_we_mean():
    assert {move.name: (set(move.sources), {who.value for who in move.who}) for move in MOVES} == EXPECTED


def test_every_status_is_reached_and_left_or_closed():
    targets = {move.target for move in MOVES if isinstance(move.target, Status)}
    stages = {stage.status for service in service_types.all_services() for stage in service.stages}
    assert set(Status) - {Status.SUBMITTED} <= targets | stages
    assert {source for move in MOVES for source in move.sources} == set(Status)
    assert frozenset() == OPEN & CLOSED


ROLES = [*(role.value for role in Role), "applicant", "system"]


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_a_move_is_open_to_whom_the_table_names_and_to_nobody_else(move):
    sources, who = EXPECTED[move.name]
    for status, role, stage_role in itertools.product(Status, ROLES, ("reviewer", "informal_areas", "supervisor")):
        # A forward move is open only when the stage ends with it.
        for finish in (move.name, "something else"):
            right = status in sources and (role in who or ("stage role" in who and role == stage_role))
            right = right and (not move.forward or finish == move.name)
            assert is_allowed(move, status=status, stage_finish=finish, stage_role=stage_role, holds={role}) is right


STAFF = ("clerk", "registry", "reviewer", "supervisor", "informal", "administrator", "other_registry", "other_reviewer")
CALLS = {
    "register": lambda case, by: moves.register(case, by=by, now=NOW),
    "take": lambda case, by: moves.take(case, by=by, now=NOW),
    "recommend": lambda case, by: moves.recommend(case, by=by, now=NOW),
    "return": lambda case, by: moves.return_for_completion(
        case, deficiencies=[RequestedCompletion(case.service_type.deficiencies[0].code)], by=by, now=NOW
    ),
    "advise_refusal": lambda case, by: moves.advise_refusal(case, reason="it stands in a wadi", by=by, now=NOW),
    "correct": lambda case, by: moves.correct(
        case, changes={"block_number": "7"}, reason="as in the deed", by=by, now=NOW
    ),
    "send_back": lambda case, by: moves.send_back(case, reason="see the street", by=by, now=NOW),
    "approve": lambda case, by: moves.approve(case, by=by, now=NOW),
    "reject": lambda case, by: moves.reject(case, reason="it stands in a wadi", by=by, now=NOW),
    "record_payment": lambda case, by: moves.record_payment(case, payment_reference="7001", by=by, now=NOW),
    "issue": lambda case, by: moves.issue(case, by=by, now=NOW),
    "dispatch": lambda case, by: moves.dispatch(case, by=by, now=NOW),
    "withdraw": lambda case, by: moves.withdraw(case, by=by, now=NOW),
    "file": lambda case, by: moves.file(case, by=by, now=NOW),
    "reopen": lambda case, by: moves.reopen(case, reason="new paper", by=by, now=NOW),
}
REACHABLE = ("incoming", "under_admin_audit", "under_study", "awaiting_supervisor", "awaiting_payment", "approved")


@pytest.mark.django_db
@pytest.mark.parametrize("status", [*REACHABLE, "issued"])
def test_the_services_let_through_exactly_what_the_table_lets(status, cast, submitted):
    case = drive(submitted("building-permit"), cast, status)
    people = {name: getattr(cast, name) for name in (*STAFF, "citizen", "other_citizen", "engineer", "other_engineer")}
    refusals: set[str] = set()
    for (name, person), (move, call) in itertools.product(people.items(), CALLS.items()):
        # Who holds what at a building permit of Ash-Sharafiyah, by hand.
        roles = {
            "clerk": {"centre_clerk"}, "registry": {"registry_clerk"}, "reviewer": {"reviewer"},
            "supervisor": {"supervisor"}, "citizen": {"applicant", "owner"},
            "engineer": {"applicant", "engineering_office"},
        }.get(name, set())  # fmt: skip
        sources, who = EXPECTED[move]
        stage = case.current_stage
        wanted = who - {"stage role"} | ({stage.role} if "stage role" in who else set())
        right = case.status in sources and bool(roles & wanted)
        right = right and (not next(m for m in MOVES if m.name == move).forward or stage.finish == move)
        before = stored(case)
        point = transaction.savepoint()
        try:
            call(case, person)
            done = True
        except DomainError as error:
            done = False
            refusals.add(error.code)
        if not done:
            assert stored(case) == before
        transaction.savepoint_rollback(point)
        assert done is right, (status, move, name)
    assert refusals == {"move_not_allowed"}


@pytest.mark.django_db
def test_staff_of_another_office_do_not_even_see_the_file(cast, submitted):
    case = submitted()
    for person in (cast.other_registry, cast.other_reviewer, cast.administrator, cast.other_citizen):
        assert not access.visible_transactions(person).filter(pk=case.pk).exists()


@pytest.mark.django_db
def test_the_database_refuses_a_status_without_its_facts(cast, submitted):
    case = submitted()
    for status in ("approved", "issued", "rejected", "withdrawn", "filed", "returned", "nonsense"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Transaction.objects.filter(pk=case.pk).update(status=status)


@pytest.mark.django_db
@pytest.mark.parametrize("move", ["reject", "send_back", "refer", "reopen"])
def test_a_reason_that_is_only_blanks_is_no_reason(move, cast, submitted):
    case = drive(submitted(), cast, "awaiting_supervisor")
    if move == "reopen":
        case = moves.reject(case, reason="it stands in a wadi", by=cast.supervisor, now=NOW)
    before = stored(case)
    extra = {"to": Office.objects.get(code="MTR")} if move == "refer" else {}
    with pytest.raises(Invalid) as caught:
        getattr(moves, move)(case, reason="   ", by=cast.supervisor, now=NOW, **extra)
    assert [problem.code for problem in caught.value.problems] == ["required"]
    assert stored(case) == before


@pytest.mark.django_db
def test_whoever_looked_at_an_older_version_is_told_and_nothing_happens(cast, submitted):
    case = drive(submitted(), cast, "awaiting_supervisor")
    moves.approve(case, by=cast.supervisor, now=NOW, version=case.version)
    after = stored(case)
    with pytest.raises(DomainError) as caught:
        moves.reject(case, reason="no", by=cast.supervisor, now=NOW, version=case.version)
    assert caught.value.code == "moved_meanwhile"
    assert stored(case) == after


@pytest.mark.django_db
def test_events_count_without_gaps_and_agree_with_the_row(cast, submitted):
    case = drive(submitted(), cast, "completed")
    events = list(Event.objects.filter(transaction=case).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, case.version + 1))
    assert events[-1].to_status == case.status
    assert [a.to_status for a in events[:-1]] == [b.from_status for b in events[1:]]


@pytest.mark.django_db
def test_a_referred_file_is_registered_anew_where_it_goes(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    case = moves.refer(case, to=Office.objects.get(code="MTR"), reason="The plot lies there", by=cast.reviewer, now=NOW)
    assert (case.status, case.held_by.code, case.branch.code, case.assignee) == ("incoming", "MTR", "MTR", None)
    assert not access.visible_transactions(cast.reviewer).filter(pk=case.pk).exists()
    case = moves.register(case, by=cast.other_registry, now=NOW)
    lines = list(case.movements.order_by("pk").values_list("office__code", "direction", "number"))
    assert lines == [("SHR", "in", 1), ("SHR", "out", 1), ("MTR", "in", 1)]


@pytest.mark.django_db
def test_late_is_a_fact_one_can_filter_on(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    assert case.stage_due_at < case.due_at
    assert list(Transaction.objects.overdue(case.due_at)) == []
    assert list(Transaction.objects.overdue(case.due_at + timedelta(seconds=1))) == [case]
    assert list(Transaction.objects.overdue(case.stage_due_at, Deadline.STAGE)) == []
    assert list(Transaction.objects.overdue(case.stage_due_at + timedelta(seconds=1), Deadline.STAGE)) == [case]
    back = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion(case.service_type.deficiencies[0].code)], by=cast.reviewer, now=NOW
    )
    for deadline in Deadline:
        assert list(Transaction.objects.overdue(NOW + timedelta(days=900), deadline)) == []
    assert back.due_at is None


@pytest.mark.django_db
def test_an_unknown_deficiency_is_refused(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    before = stored(case)
    for deficiencies in ([], [RequestedCompletion("made-up")]):
        with pytest.raises(Invalid):
            moves.return_for_completion(case, deficiencies=deficiencies, by=cast.reviewer, now=NOW)
    assert stored(case) == before


def test_stage_roles_are_roles_people_hold():
    roles = {role.value for role in Role}
    for service in service_types.all_services():
        for stage in service.stages:
            assert stage.role in roles
            assert stage.finish in {move.name for move in MOVES if move.forward}


def test_relative_targets_are_all_used():
    assert {move.target for move in MOVES if isinstance(move.target, Target)} == set(Target)
    assert STUDY < OPEN
    assert {who.value for move in MOVES for who in move.who} <= {who.value for who in Actor}
