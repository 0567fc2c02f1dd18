"""An office is suspended: what comes goes to its stand-in by the rules of routing; what lies there is handed over or
stays, as the administrator chose. Either way each file has its event and its applicant is told.

The administrator's press only owes the work: however many files there are, a worker moves them in pieces.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin.signals import consequences_wanted, office_suspended
from municipality.models import Office, OfficeKind
from municipality.services import offices

from ..domain import routing
from ..domain.errors import DomainError
from ..domain.workflow import Status
from ..models import Direction, Event, Transaction, TransactionQuerySet
from ..outbox import queue
from . import registers
from .mover import begin, finish

BATCH = 200
HAND_OVER, STAY = "hand_over", "stay"


def lying_at(office: Office) -> TransactionQuerySet:
    """Open files that this office holds, decides or serves at its counter."""
    here = Q(held_by=office) | Q(branch=office) | Q(centre=office)
    return Transaction.objects.open().filter(here).exclude(status=Status.SUBMITTED)


def stand_in(office: Office) -> Office | None:
    """Who takes over: the fallback, the central office in the end; of a centre its neighbour with the smallest load.

    None when nobody can: for the central office, for a department whose stage nobody else does, for a lone centre.
    """
    known = {one.pk: one for one in offices().values()} | {office.pk: office}
    if office.kind == OfficeKind.SERVICE_CENTRE:
        return _neighbour(office, known)
    if office.kind == OfficeKind.DEPARTMENT:
        return None
    facts = {
        one.code: routing.OfficeFacts(
            one.code,
            suspended=one.suspended or one.pk == office.pk,
            fallback=known[one.fallback_id].code if one.fallback_id else None,
        )
        for one in known.values()
    }
    code = routing.in_service(office.code, facts)
    return next((one for one in known.values() if one.code == code and one.pk != office.pk), None)


def _neighbour(office: Office, known: dict[int, Office]) -> Office | None:
    centres = [
        one
        for one in known.values()
        if one.kind == OfficeKind.SERVICE_CENTRE and not one.suspended and one.pk != office.pk
    ]
    chosen = [one for one in centres if one.pk == office.fallback_id]
    chosen = chosen or [one for one in centres if one.parent_id == office.parent_id]
    counted = Transaction.objects.open().filter(centre__in=chosen).order_by().values_list("centre")
    loads = dict(counted.annotate(Count("pk")))
    return min(chosen, key=lambda one: (Fraction(loads.get(one.pk, 0), one.capacity), one.code), default=None)


@receiver(consequences_wanted, sender=Office)
def what_suspending_does(row: Office, deleted: bool, **_signal: Any) -> list[str]:
    """What comes and what lies there, in numbers, before an office is suspended."""
    stored = Office.objects.filter(pk=row.pk).first()
    hands_over = bool(getattr(row, "hand_over_files", False))
    if stored is None or deleted or not row.suspended or (stored.suspended and not hands_over):
        return []
    to, count = stand_in(row), lying_at(row).count()
    words = {"n": count, "office": row.name, "to": to.name if to else ""}
    comes = _("New requests go to %(to)s.") if to else _("No office replaces this one, so nothing new goes to it.")
    if hands_over and to:
        lies = ngettext(
            "%(n)d open case there goes to %(to)s; its applicant is notified.",
            "%(n)d open cases there go to %(to)s; their applicants are notified.",
            count,
        )
    else:
        lies = ngettext(
            "%(n)d open case stays there; its applicant is notified.",
            "%(n)d open cases stay there; their applicants are notified.",
            count,
        )
    staff = _("Staff of both offices see this on every page of the workbench.")
    return [comes % words, lies % words, staff]


@receiver(office_suspended, sender=Office, dispatch_uid="files_of_a_suspended_office")
def owe(office: Office, hand_over: bool, **_signal: Any) -> None:
    """Owe what the administrator chose for the files that lie there."""
    _owe(HAND_OVER if hand_over and stand_in(office) else STAY, office.pk)


def _owe(kind: str, office: int) -> None:
    queue.owe(kind, office, dedupe=f"{kind}:{uuid4().hex}", now=timezone.now())


@queue.handles(HAND_OVER)
def hand_over(office_id: int, now: datetime) -> None:
    """Bring the next files to the stand-in. Idempotent: what has gone is not found again. Lifted meanwhile: nothing."""
    office = Office.objects.get(pk=office_id)
    to = stand_in(office) if office.suspended else None
    if to is None:
        return
    cases = list(lying_at(office).order_by("pk")[:BATCH])
    done = sum(_each(_hand_over_one, case, office=office, to=to, now=now) for case in cases)
    if len(cases) == BATCH and done:
        _owe(HAND_OVER, office_id)


@queue.handles(STAY)
def stay(office_id: int, now: datetime) -> None:
    """Tell the next applicants that their file waits there. Idempotent: whoever was just told is passed over."""
    office = Office.objects.get(pk=office_id)
    if not office.suspended:
        return
    told = Event.objects.filter(transaction=OuterRef("pk"), seq=OuterRef("version"), move=STAY)
    cases = list(lying_at(office).exclude(Exists(told)).order_by("pk")[:BATCH])
    done = sum(_each(_stay_one, case, office=office, now=now) for case in cases)
    if len(cases) == BATCH and done:
        _owe(STAY, office_id)


@transaction.atomic
def _hand_over_one(case: Transaction, *, office: Office, to: Office, now: datetime, version: int) -> Transaction:
    """The system brings a file from a suspended office to its stand-in, as it is. Registers, event, notice."""
    moving = begin(case, "hand_over", by=None, now=now, version=version)
    moved = moving.case
    moving.facts.update(sent_by=office.code, to=to.code)
    if moved.held_by_id == office.pk:
        if moved.status != Status.INCOMING:  # what was not registered here leaves no line
            line = registers.enter(
                moved, office_id=office.pk, direction=Direction.OUTGOING, by=None, now=moving.now, counterpart=to
            )
            registers.enter(
                moved, office_id=to.pk, direction=Direction.INCOMING, by=None, now=moving.now, counterpart=office
            )
            moving.facts.update(outgoing=line.number, hijri_year=line.hijri_year)
        moved.held_by, moved.assignee_id = to, None
    if moved.branch_id == office.pk:
        moved.branch = to
    if moved.centre_id == office.pk:
        moved.centre = to
    return finish(moving)


@transaction.atomic
def _stay_one(case: Transaction, *, office: Office, now: datetime, version: int) -> Transaction:
    """The applicant hears that the office is suspended and the file waits there. Event, notice; nothing moves."""
    moving = begin(case, "stay", by=None, now=now, version=version)
    moving.facts["sent_by"] = office.code
    return finish(moving)


def _each(move: Any, case: Transaction, **facts: Any) -> bool:
    try:
        move(case, version=case.version, **facts)
    except DomainError:  # somebody moved it meanwhile; it is found again, or has left
        return False
    return True
