"""Whoever leaves hands over: files of somebody who no longer does their stage in their office are free again.

Lists show such files as free at once (queues.waiting_left); here each gets its event. Enqueued when a post or an
account is changed, and run every hour, since most posts end with a day and nobody presses anything then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import StaffPost, User

from .. import queues
from ..domain.errors import DomainError
from ..domain.workflow import BY_NAME
from ..models import Transaction
from ..outbox import queue
from .moves import give_back

BATCH = 200


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


def _give_back_batch(cases: Any, now: datetime) -> int:
    """Give back the first BATCH of these that somebody who left has; returns how many were given back."""
    there = cases.open().filter(queues.waiting_left(timezone.localdate(now)), status__in=BY_NAME["give_back"].sources)
    freed = 0
    for case in there.order_by("pk")[:BATCH]:
        try:
            give_back(case, by=None, now=now, version=case.version)
            freed += 1
        except DomainError:  # somebody was faster: it has moved on, or was taken
            continue
    return freed
