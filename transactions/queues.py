"""Whose turn a file is: the queue of a person on the staff. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Exists, F, OuterRef, Q

from accounts import absences
from accounts.absences import Absences, StandIn
from accounts.access import staff_posts_of
from accounts.models import NO_CASE_ROLES, Role, StaffPost, User

from .domain import service_types
from .domain.workflow import ALLOCATION_MOVES, SEPARATED_DUTIES, Status, conflicting_duties
from .duties import duties_done, studied_points
from .models import Event, Transaction, TransactionQuerySet

# Who works stages; a supervisor's own stage is theirs to hand over too.
WORKERS = (Role.REVIEWER, Role.INFORMAL_AREAS, Role.INSPECTOR, Role.SUPERVISOR)


def stages_of(role: str) -> list[tuple[str, str]]:
    """(service, stage) pairs a role works."""
    return [
        (service.code, stage.code)
        for service in service_types.all_services()
        for stage in service.stages
        if stage.role == role
    ]


def at_stages_of(role: str) -> Q:
    """Files at a stage that this role works."""
    wanted = Q(pk__in=[])
    for service, stage in stages_of(role):
        wanted |= Q(service=service, stage=stage)
    return wanted


def waiting_left(today: date) -> Q:
    """Assigned to somebody who no longer works this stage in this office: they left, moved, or lost the account."""
    posts = StaffPost.objects.current(today).filter(
        user=OuterRef("assignee"), office=OuterRef("held_by"), user__is_active=True
    )
    stays = Q(pk__in=[])
    for role in (*WORKERS, Role.REGISTRY_CLERK):
        stays |= at_stages_of(role) & Q(Exists(posts.filter(role=role)))
    return Q(assignee__isnull=False) & ~stays


def unassigned(today: date) -> Q:
    """Nobody's, or of somebody who left: whoever works the stage may take it."""
    return Q(assignee=None) | waiting_left(today)


def stand_in_of(case: Transaction, day: date, known: Absences | None = None) -> StandIn | None:
    """Who stands in today for whoever has this case; None when they are there, or nobody has it."""
    if case.assignee_id is None or not case.is_open:
        return None
    known = absences.remembered() if known is None else known
    return known.of(case.assignee_id, case.held_by_id, case.current_stage.role, day)


def may_stand_in(case: Transaction, substitute: User) -> bool:
    """Nobody stands in on their own request, nor where they have moved the case in a duty that this one checks."""
    barred = conflicting_duties(duties_done(case).get(substitute.pk, ()))
    return case.applicant_id != substitute.pk and case.current_stage.role not in barred


def case_stand_in(case: Transaction, day: date) -> StandIn | None:
    """`stand_in_of`, without a substitute who cannot: for a page that knows who has moved the case."""
    stand_in = stand_in_of(case, day)
    if stand_in is None or stand_in.substitute is None or may_stand_in(case, stand_in.substitute):
        return stand_in
    return StandIn(stand_in.until, None)


def _cannot_stand_in(substitute: User, role: str) -> Q:
    """`may_stand_in` of rows, the other way round."""
    same_duty = {who for line in SEPARATED_DUTIES if role in line for who in line}
    moved = Event.objects.filter(transaction=OuterRef("pk"), actor=substitute).exclude(move__in=ALLOCATION_MOVES)
    studied = studied_points().filter(transaction=OuterRef("pk"), by=substitute)
    elsewhere = Q(Exists(moved.exclude(actor_role__in=same_duty)) | Exists(studied.exclude(acted_as__in=same_duty)))
    return Q(applicant=substitute) | elsewhere


def stood_in_by(user: User, day: date) -> Q:
    """Cases of those who are away and for whom this person stands in."""
    wanted = Q(pk__in=[])
    for absence in absences.remembered().stood_in_by(user, day):
        theirs = Q(assignee=absence.user_id, held_by=absence.office_id) & at_stages_of(absence.role)
        wanted |= theirs & ~_cannot_stand_in(user, absence.role)
    return wanted


def waiting_for_absent(day: date, offices: Collection[int]) -> Q:
    """Cases in these offices of those who are away, where nobody stands in: their supervisor hands them to somebody."""
    wanted = Q(pk__in=[])
    for absence, substitute in absences.remembered().on(day):
        if absence.office_id in offices:
            theirs = Q(assignee=absence.user_id, held_by=absence.office_id) & at_stages_of(absence.role)
            wanted |= theirs & _cannot_stand_in(substitute, absence.role) if substitute else theirs
    return wanted


def queue_of(user: User) -> TransactionQuerySet:
    """Files that wait for a role this person holds, in the office that holds them; longest past due first.

    Their own requests are not among them: a colleague decides those.
    """
    wanted = Q(pk__in=[])
    for post in staff_posts_of(user):
        if post.role in NO_CASE_ROLES:
            continue
        if post.role == Role.CENTRE_CLERK:
            wanted |= Q(centre=post.office_id, status=Status.AWAITING_PAYMENT)
            continue
        wanted |= Q(held_by=post.office_id) & at_stages_of(post.role)
    waiting = Transaction.objects.open().filter(wanted).exclude(status__in=[Status.SUBMITTED, Status.RETURNED])
    waiting = waiting.exclude(applicant=user)
    return waiting.order_by(F("stage_due_at").asc(nulls_last=True), "submitted_at", "pk")
