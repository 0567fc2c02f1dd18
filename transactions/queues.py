"""Whose turn a file is: the queue of a person on the staff. Reads only."""

from __future__ import annotations

from django.db.models import F, Q

from accounts.access import posts_of
from accounts.models import Role, User

from . import service_types
from .models import Transaction, TransactionQuerySet
from .workflow import Status


def stages_of(role: str) -> list[tuple[str, str]]:
    """(service, stage) pairs a role works."""
    return [
        (service.code, stage.code)
        for service in service_types.every()
        for stage in service.stages
        if stage.role == role
    ]


def queue_of(user: User) -> TransactionQuerySet:
    """Files that wait for a role this person holds, in the office that holds them; longest past due first.

    Their own requests are not among them: a colleague decides those.
    """
    wanted = Q(pk__in=[])
    for post in posts_of(user):
        if post.role == Role.ADMINISTRATOR:
            continue
        if post.role == Role.CENTRE_CLERK:
            wanted |= Q(centre=post.office_id, status=Status.AWAITING_PAYMENT)
            continue
        stages = Q(pk__in=[])
        for service, stage in stages_of(post.role):
            stages |= Q(service=service, stage=stage)
        wanted |= Q(held_by=post.office_id) & stages
    waiting = Transaction.objects.open().filter(wanted).exclude(status__in=[Status.SUBMITTED, Status.RETURNED])
    waiting = waiting.exclude(applicant=user)
    return waiting.order_by(F("stage_due_at").asc(nulls_last=True), "submitted_at", "pk")
