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
from municipality.services import offices_by_pk

from ..domain import routing
from ..domain.errors import DomainError, OperationClosed
from ..domain.workflow import Status
from ..models import Direction, Event, Transaction, TransactionQuerySet
from ..outbox import queue
from . import registers
from .mover import begin, finish

BATCH = 200
HAND_OVER, STAY = "hand_over", "stay"


def open_cases_at(office: Office) -> TransactionQuerySet:
    """Open files that this office holds, decides or serves at its counter."""
    here = Q(held_by=office) | Q(branch=office) | Q(centre=office)
    return Transaction.objects.open().filter(here).exclude(status=Status.SUBMITTED)


def replacement_office(office: Office) -> Office | None:
    """Who takes over: the fallback, the central office in the end; of a centre its neighbour with the smallest load.

    None when nobody can: for the central office, for a department whose stage nobody else does, for a lone centre.
    """
    known = {office_known.pk: office_known for office_known in offices_by_pk().values()} | {office.pk: office}
    if office.kind == OfficeKind.SERVICE_CENTRE:
        return _nearest_centre(office, known)
    if office.kind == OfficeKind.DEPARTMENT:
        return None
    facts = {
        office_known.code: routing.OfficeFacts(
            office_known.code,
            suspended=office_known.suspended or office_known.pk == office.pk,
            fallback=known[office_known.fallback_id].code if office_known.fallback_id else None,
        )
        for office_known in known.values()
    }
    code = routing.working_office(office.code, facts)
    return next(
        (office_known for office_known in known.values() if office_known.code == code and office_known.pk != office.pk),
        None,
    )


def _nearest_centre(office: Office, known: dict[int, Office]) -> Office | None:
    centres = [
        office_near
        for office_near in known.values()
        if office_near.kind == OfficeKind.SERVICE_CENTRE and not office_near.suspended and office_near.pk != office.pk
    ]
    chosen = [office_near for office_near in centres if office_near.pk == office.fallback_id]
    chosen = chosen or [office_near for office_near in centres if office_near.parent_id == office.parent_id]
    counted = Transaction.objects.open().filter(centre__in=chosen).order_by().values_list("centre")
    loads = dict(counted.annotate(Count("pk")))
    return min(
        chosen, key=lambda centre: (Fraction(loads.get(centre.pk, 0), centre.capacity), centre.code), default=None
    )


@receiver(consequences_wanted, sender=Office)
def preview_suspension(row: Office, deleted: bool, **_signal: Any) -> list[str]:
    """What comes and what lies there, in numbers, before an office is suspended."""
    stored = Office.objects.filter(pk=row.pk).first()
    hands_over = bool(getattr(row, "hand_over_files", False))
    if stored is None or deleted or not row.suspended or (stored.suspended and not hands_over):
        return []
    to, count = replacement_office(row), open_cases_at(row).count()
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
def enqueue_handling(office: Office, hand_over: bool, **_signal: Any) -> None:
    """Owe what the administrator chose for the files that lie there."""
    _enqueue(HAND_OVER if hand_over and replacement_office(office) else STAY, office.pk)


def _enqueue(kind: str, office: int) -> None:
    queue.enqueue(kind, office, dedupe=f"{kind}:{uuid4().hex}", now=timezone.now())


@queue.register_handler(HAND_OVER)
def hand_over_cases(office_id: int, now: datetime) -> None:
    """Bring the next files to the stand-in. Idempotent: what has gone is not found again. Lifted meanwhile: nothing.

    While a gate keeps it closed, it waits (OperationClosed).
    """
    office = Office.objects.get(pk=office_id)
    to = replacement_office(office) if office.suspended else None
    if to is None:
        return
    cases = list(open_cases_at(office).order_by("pk")[:BATCH])
    done = sum(_try_move(_hand_over_one, case, office=office, to=to, now=now) for case in cases)
    if len(cases) == BATCH and done:
        _enqueue(HAND_OVER, office_id)


@queue.register_handler(STAY)
def notify_of_stay(office_id: int, now: datetime) -> None:
    """Tell the next applicants that their file waits there. Idempotent: whoever was just told is passed over."""
    office = Office.objects.get(pk=office_id)
    if not office.suspended:
        return
    notified = Event.objects.filter(transaction=OuterRef("pk"), seq=OuterRef("version"), move=STAY)
    cases = list(open_cases_at(office).exclude(Exists(notified)).order_by("pk")[:BATCH])
    done = sum(_try_move(_notify_of_stay_one, case, office=office, now=now) for case in cases)
    if len(cases) == BATCH and done:
        _enqueue(STAY, office_id)


@transaction.atomic
def _hand_over_one(case: Transaction, *, office: Office, to: Office, now: datetime, version: int) -> Transaction:
    """The system brings a file from a suspended office to its stand-in, as it is. Registers, event, notice."""
    transition = begin(case, "hand_over", by=None, now=now, version=version)
    moved = transition.case
    transition.facts.update(sent_by=office.code, to=to.code)
    transition.facts["moved"] = moved.held_by_id == office.pk
    if moved.held_by_id == office.pk:
        if moved.status != Status.INCOMING:  # what was not registered here leaves no line
            line = registers.enter_line(
                moved, office_id=office.pk, direction=Direction.OUTGOING, by=None, now=transition.now, counterpart=to
            )
            registers.enter_line(
                moved, office_id=to.pk, direction=Direction.INCOMING, by=None, now=transition.now, counterpart=office
            )
            transition.facts.update(outgoing=line.number, hijri_year=line.hijri_year)
        moved.held_by, moved.assignee_id = to, None
    if moved.branch_id == office.pk:
        moved.branch = to
    if moved.centre_id == office.pk:
        moved.centre = to
    return finish(transition)


@transaction.atomic
def _notify_of_stay_one(case: Transaction, *, office: Office, now: datetime, version: int) -> Transaction:
    """The applicant hears that the office is suspended and the file waits there. Event, notice; nothing moves."""
    transition = begin(case, "stay", by=None, now=now, version=version)
    transition.facts["sent_by"] = office.code
    return finish(transition)


def _try_move(move: Any, case: Transaction, **facts: Any) -> bool:
    try:
        move(case, version=case.version, **facts)
    except OperationClosed:
        raise
    except DomainError:  # somebody moved it meanwhile; it is found again, or has left
        return False
    return True
