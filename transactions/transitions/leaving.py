"""Whoever leaves hands over: files of somebody who no longer does their stage in their office are free again.

Lists show such files as free at once (queues.waiting_left); here each gets its event. Enqueued when a post or an
account is changed, and run every hour, since most posts end with a day and nobody presses anything then. Where whoever
ends a post says to whom they go, an action on many (`bulk`) hands them over, owed in the transaction that ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Exists, OuterRef, Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from accounts.leaving import QUEUE, SPREAD, OpenWork, register
from accounts.models import StaffPost, User

from .. import queues
from ..domain.errors import DomainError
from ..domain.workflow import BY_NAME
from ..models import BulkItem, BulkJob, Transaction, TransactionQuerySet
from ..outbox import queue
from ..turns import mixed
from . import bulk
from .moves import give_back
from .spreading import spread

BATCH = 200
# For so long an action that hands files over is waited for.
WAITED_FOR = timedelta(days=1)


@receiver(post_save, sender=StaffPost, dispatch_uid="a_post_changed")
def _post_changed(instance: StaffPost, created: bool, **_signal: Any) -> None:
    if not created:
        _enqueue(instance.user_id)


@receiver(post_save, sender=User, dispatch_uid="an_account_changed")
def _account_changed(instance: User, created: bool, **_signal: Any) -> None:
    if not created and not instance.is_active:
        _enqueue(instance.pk)


def _enqueue(user: int) -> None:
    """Owed only for somebody who has files at all."""
    if Transaction.objects.open().filter(assignee=user).exists():
        queue.enqueue("hand_back", user, dedupe=f"hand_back:{uuid4().hex}", now=timezone.now())


@queue.register_handler("hand_back")
def hand_back(user: int, now: datetime) -> None:
    """Free the files of this person that they no longer work. Idempotent; owes the rest when there are many."""
    if _give_back_batch(Transaction.objects.filter(assignee=user), now) == BATCH:
        _enqueue(user)


def hand_back_all(now: datetime) -> None:
    """Free every file whose holder has left since."""
    while _give_back_batch(Transaction.objects.all(), now) == BATCH:
        pass


def _open_cases(person: User, posts: Sequence[StaffPost]) -> TransactionQuerySet:
    """What somebody has from these posts and could be handed on."""
    theirs = Q(pk__in=[])
    for post in posts:
        theirs |= Q(held_by=post.office_id) & queues.at_stages_of(post.role)
    return Transaction.objects.open().filter(theirs, assignee=person, status__in=BY_NAME["give_back"].sources)


def open_work_of(person: User, posts: Sequence[StaffPost]) -> OpenWork:
    """For whoever ends a post: how much there is, and who holds the same posts."""
    many = _open_cases(person, posts).count()
    if not many:
        return OpenWork()
    same = Q(pk__in=[])
    for post in posts:
        same |= Q(office=post.office_id, role=post.role)
    held = StaffPost.objects.current(timezone.localdate()).filter(same, user__is_active=True).exclude(user=person)
    people = {post.user_id: post.user for post in held.select_related("user").order_by("user__full_name", "pk")}
    return OpenWork(many, list(people.values()))


def hand_over(
    person: User, posts: Sequence[StaffPost], how: str, to: User | None, by: User | None, now: datetime
) -> BulkJob | None:
    """Owe that the open work of somebody whose posts end here goes to others, each file by its own move: all to one
    colleague, or shared out by load. Back to the queue it goes by itself.
    """
    cases = list(_open_cases(person, posts).for_pages().order_by("stage_due_at", "pk")) if how != QUEUE else []
    if not cases or by is None:
        return None
    owners = spread(mixed(cases, now), timezone.localdate(now), without=person) if how == SPREAD else {}
    job = BulkJob.objects.create(
        move="reassign", by=by, leaver=person, made_at=now, started_at=now, state=BulkJob.State.RUNNING
    )
    BulkItem.objects.bulk_create(
        BulkItem(
            job=job,
            position=position,
            transaction=case,
            version=case.version,
            to=to if how != SPREAD else owners[case.pk],
            state=BulkItem.State.WAITING,
        )
        for position, case in enumerate(cases, start=1)
    )
    queue.enqueue(bulk.KIND, job.pk, dedupe=f"{bulk.KIND}:{job.pk}", now=now)
    return job


register(open_work_of, hand_over)


def _give_back_batch(cases: Any, now: datetime) -> int:
    """Give back the first BATCH of these that somebody who left has; returns how many were given back."""
    handed_over = BulkItem.objects.filter(
        transaction=OuterRef("pk"),
        state=BulkItem.State.WAITING,
        job__leaver=OuterRef("assignee"),
        job__state=BulkJob.State.RUNNING,
        job__started_at__gt=now - WAITED_FOR,
    )
    cases = cases.filter(~Exists(handed_over))
    there = cases.open().filter(queues.waiting_left(timezone.localdate(now)), status__in=BY_NAME["give_back"].sources)
    freed = 0
    for case in there.order_by("pk")[:BATCH]:
        try:
            give_back(case, by=None, now=now, version=case.version)
            freed += 1
        except DomainError:  # somebody was faster: it has moved on, or was taken
            continue
    return freed
