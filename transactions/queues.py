"""Whose turn a file is: the queue of a person on the staff. Reads only."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, F, OuterRef, Q

from accounts.access import staff_posts_of
from accounts.models import NO_CASE_ROLES, Role, StaffPost, User

from .domain import service_types
from .domain.workflow import Status
from .models import Transaction, TransactionQuerySet

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
