"""A move of the table calls for a body outside: a row says so in the same transaction, and a job that sends it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import Count
from django.dispatch import receiver

from transactions.domain.workflow import MoveName, Status
from transactions.models import Event, Transaction
from transactions.outbox import queue
from transactions.transitions.signals import moved

from .bodies import place_of
from .models import Referral, State

KIND = "refer_out"


@receiver(moved, dispatch_uid="referrals")
def create_referrals(*, event: Event, **_signal: Any) -> None:
    """One referral for each the catalogue declares after this move; a second registration makes no second one. What
    was not sent before a request ended is sent once it is opened again.
    """
    if event.move == MoveName.REOPEN:
        for referral in Referral.objects.filter(transaction=event.transaction, state=State.WAITING, rejected=""):
            enqueue_sending(referral, event.at, again=f":{event.seq}")
    for declared in event.transaction.service_type.referrals:
        if declared.after == event.move:
            referral, created = Referral.objects.get_or_create(
                transaction=event.transaction,
                code=declared.code,
                defaults={
                    "body": declared.body.code,
                    "key": key_of(event.transaction, declared.code),
                    "created_at": event.at,
                },
            )
            if created:
                enqueue_sending(referral, event.at)


def key_of(case: Transaction, code: str) -> UUID:
    """The key of what is sent, the same also after a restore: what the body has already it is not given twice, and what
    it has with another content it refuses, so that somebody looks.
    """
    return uuid5(NAMESPACE_URL, f"{case.reference}/{code}")


def enqueue_sending(referral: Referral, now: datetime, *, again: str = "") -> None:
    """Have it sent, where there is an address to send it to; else it stands in the list of letters."""
    if place_of(referral.body).url:
        queue.enqueue(KIND, referral.pk, dedupe=f"{KIND}:{referral.pk}{again}", now=now)


def is_dropped(referral: Referral) -> bool:
    """The request ended before the body had the matter: nothing is sent any more."""
    ended = referral.transaction.outcome in (Status.REJECTED, Status.WITHDRAWN)
    return ended and referral.state == State.WAITING


def waiting_by_body() -> dict[str, int]:
    """How many matters of each body are not sent yet; one query."""
    ended = {"transaction__status__in": [Status.REJECTED, Status.WITHDRAWN]}
    waiting = Referral.objects.filter(state=State.WAITING).exclude(**ended).order_by()
    return dict(waiting.values_list("body").annotate(Count("pk")))
