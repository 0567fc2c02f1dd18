"""Whoever an incident touches is told of it: each once for every notice, whatever is repeated.

The rows are the notices everybody knows (notices.py), so portal, SMS and e-mail, their retries and shares an hour are
the same. A person with many cases, as in an engineering office, is told once, with how many they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Authorisation, OfficeMembership, User

from ..domain.gates import Operation
from ..incidents.signals import announced
from ..models import Delivery, Draft, IncidentNotice, Notification, Outbox, Transaction, TransactionQuerySet
from ..outbox import queue
from .notices import notify

KIND = "tell"
BATCH = 500


@receiver(announced, sender=IncidentNotice)
def _enqueue(notice: IncidentNotice, now: datetime, **_signal: Any) -> None:
    if notice.tells_people:
        queue.enqueue(KIND, notice.pk, dedupe=f"{KIND}:{notice.pk}", now=now)


@queue.register_handler(KIND)
def tell_people(notice_id: int, now: datetime) -> None:
    """Tell the next of those affected who were not told yet, and owe the rest. Idempotent."""
    notice = IncidentNotice.objects.get(pk=notice_id)
    notified = Notification.objects.filter(incident_notice=notice, recipient=OuterRef("pk"))
    people = list(affected(notice, now).exclude(Exists(notified)).order_by("pk")[:BATCH])
    notify(people, now, touched=touched_of(notice, people, now), incident_notice=notice)
    if len(people) == BATCH:
        queue.enqueue(KIND, notice.pk, dedupe=f"{KIND}:{uuid4().hex}", now=now)


def cases_of(notice: IncidentNotice) -> TransactionQuerySet:
    """The open requests it touches."""
    cases = Transaction.objects.open()
    if notice.services:
        cases = cases.filter(service__in=notice.services)
    if notice.offices:
        cases = cases.filter(held_by__code__in=notice.offices)
    return cases


def touched_of(notice: IncidentNotice, people: Iterable[User], now: datetime) -> dict[int, int]:
    """How many open requests it touches of each of these people: their own, and those their engineering office files.

    One query for all, and one more for each member of an office.
    """
    cases = cases_of(notice)
    own = cases.order_by().filter(applicant__in=people).values_list("applicant").annotate(many=Count("pk"))
    counts: dict[int, int] = dict(own)
    offices = defaultdict(set)
    current = OfficeMembership.objects.current(timezone.localdate(now)).filter(user__in=people, office__active=True)
    for person, office in current.values_list("user_id", "office_id"):
        offices[person].add(office)
    for person, theirs in offices.items():
        filed = Q(authorisation__status=Authorisation.Status.ACCEPTED, authorisation__office__in=theirs)
        counts[person] = cases.filter(filed | Q(applicant=person)).count()
    return counts


def affected(notice: IncidentNotice, now: datetime) -> QuerySet[User]:
    """Whose requests, drafts or authorisations it touches, and the engineering offices that file them."""
    cases = cases_of(notice)
    today = timezone.localdate(now)
    filed = cases.filter(authorisation__status=Authorisation.Status.ACCEPTED, authorisation__office=OuterRef("office"))
    members = OfficeMembership.objects.current(today).filter(Exists(filed), user=OuterRef("pk"), office__active=True)
    wanted = Q(Exists(cases.filter(applicant=OuterRef("pk")))) | Q(Exists(members))
    if not notice.offices and (not notice.operations or Operation.INTAKE in notice.operations):
        drafts = Draft.objects.unsent().filter(Q(applicant=OuterRef("pk")) | Q(created_by=OuterRef("pk")))
        if notice.services:
            drafts = drafts.filter(service__in=notice.services)
        else:
            given = Authorisation.objects.filter(owner=OuterRef("pk"), status__in=["given", "accepted"])
            wanted |= Q(Exists(given))
        wanted |= Q(Exists(drafts))
    return User.objects.filter(wanted, is_active=True)


@dataclass(frozen=True)
class Told:
    """How many were to be told, to how many a message went out, to how many one still waits or failed for good, and who
    has no mobile or address: they see it in the portal alone. What gateways say of delivery is not known here.
    """

    owed: int
    sent: int
    waiting: int
    failed: int
    unreachable: int


def counted(notice: IncidentNotice) -> Told:
    """The counts of one notice; four queries."""
    rows = Notification.objects.filter(incident_notice=notice)
    went = rows.filter(Exists(Delivery.objects.filter(notification=OuterRef("pk"))))
    jobs = Outbox.objects.filter(kind="notify", subject=OuterRef("pk"))
    unsent = rows.exclude(Exists(Delivery.objects.filter(notification=OuterRef("pk"))))
    owed, sent = rows.count(), went.count()
    waiting = unsent.filter(Exists(jobs.filter(state__in=queue.PENDING_STATES))).count()
    failed = unsent.filter(Exists(jobs.filter(state=Outbox.State.DEAD))).count()
    return Told(owed, sent, waiting, failed, owed - sent - waiting - failed)
