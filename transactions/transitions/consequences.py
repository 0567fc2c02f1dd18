"""What a change of reference data would move among the requests, said before it is saved. Reads only."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin.signals import consequences_wanted
from core.templatetags.portal import both_dates
from municipality.models import District, Holiday
from municipality.services import calendar_with, current_calendar

from ..incidents import memory
from ..incidents.gates import in_words
from ..models import Closure, Draft, GateSwitch, IncidentNotice, Transaction, TransactionQuerySet
from ..notifications.messages import sms_parts
from .recount import BATCH, recalculate

# Open requests whose due dates are counted anew for a preview, the earliest due first.
MAX_PREVIEWED = 10_000


@receiver(consequences_wanted, sender=Holiday)
def preview_due_dates(row: Holiday, deleted: bool, **_signal: Any) -> list[str]:
    """How many open requests would be due on another day, and the first of them from when to when."""
    calendar = calendar_with(row, deleted=deleted)
    running = Transaction.objects.open().exclude(due_at=None).order_by("due_at", "pk")
    due = dict(running.values_list("pk", "due_at")[: MAX_PREVIEWED + 1])
    keys = list(due)[:MAX_PREVIEWED]
    moved: list[Transaction] = []
    for start in range(0, len(keys), BATCH):
        cases = running.filter(pk__in=keys[start : start + BATCH])
        moved += [case for case in recalculate(list(cases), calendar) if case.due_at != due[case.pk]]
    if not moved:
        return []
    example = format_html(
        _("The first is {reference}: its due date moves from {before} to {after}."),
        reference=moved[0].reference,
        before=both_dates(due[moved[0].pk]),
        after=both_dates(moved[0].due_at),
    )
    return [_count_in_words(len(moved), more=len(due) > MAX_PREVIEWED), example]


def _count_in_words(moved: int, *, more: bool) -> str:
    if more:
        sentence = _("The due dates of at least %(n)s open requests change; only the first %(most)s were checked.")
        return sentence % {"n": moved, "most": MAX_PREVIEWED}
    sentence = ngettext(
        "The due date of %(n)d open request changes.", "The due dates of %(n)d open requests change.", moved
    )
    return sentence % {"n": moved}


@receiver(consequences_wanted, sender=District)
def preview_branch_change(row: District, **_signal: Any) -> list[str | SafeString]:
    """That open requests stay with the office they are at when their district is given to another."""
    stored = District.objects.select_related("sub_municipality").filter(pk=row.pk).first()
    if stored is None or stored.sub_municipality_id == row.sub_municipality_id:
        return []
    staying = Transaction.objects.open().filter(district=row.pk).count()
    new = row.sub_municipality.name if row.sub_municipality else _("the central office")
    sentence = ngettext(
        "%(n)d open request of this district stays with the office that has it; new ones go to %(office)s.",
        "%(n)d open requests of this district stay with the office that has them; new ones go to %(office)s.",
        staying,
    )
    return [sentence % {"n": staying, "office": new}]


@receiver(consequences_wanted, sender=IncidentNotice)
def of_its_messages(row: IncidentNotice, deleted: bool, **_signal: Any) -> list[str]:
    """In how many parts it goes out by SMS, in either language: each part of each message is paid for."""
    if not row.tells_people:
        return []
    sentence = _("By SMS: %(arabic)s parts in Arabic, %(english)s in English.")
    return [sentence % {"arabic": sms_parts(row, "ar"), "english": sms_parts(row, "en")}]


@receiver(consequences_wanted, sender=IncidentNotice)
def of_an_incident(row: IncidentNotice, deleted: bool, **_signal: Any) -> list[str]:
    """How many open cases of how many people it touches, and how many due dates it moves or takes away for now."""
    touched = Transaction.objects.open()
    if row.services:
        touched = touched.filter(service__in=row.services)
    if row.offices:
        touched = touched.filter(held_by__code__in=row.offices)
    files, people = touched.count(), touched.order_by().values("applicant").distinct().count()
    if not files:
        return [_("No open case is affected.")]
    sentence = ngettext("%(n)d open case", "%(n)d open cases", files) % {"n": files}
    who = ngettext("of %(n)d person", "of %(n)d people", people) % {"n": people}
    return [_("This affects %(cases)s %(people)s.") % {"cases": sentence, "people": who}, *_due_dates(row, touched)]


def _due_dates(row: IncidentNotice, touched: TransactionQuerySet) -> list[str]:
    if not row.stops_clocks:
        return [_("No due date changes.")]
    if row.ended_at is None:
        stopped = touched.exclude(due_at=None).count()
        sentence = ngettext(
            "%(n)d due date is paused until the end is announced.",
            "%(n)d due dates are paused until the end is announced.",
            stopped,
        )
        return [sentence % {"n": stopped}]
    others = [pause for pause in memory.known().pauses if pause.incident != row.incident_id]
    pauses = [*others, *memory.pauses_of([row])]
    keys = list(Transaction.objects.open().order_by("pk").values_list("pk", flat=True)[: MAX_PREVIEWED + 1])
    moved = 0
    for start in range(0, min(len(keys), MAX_PREVIEWED), BATCH):
        cases = list(Transaction.objects.filter(pk__in=keys[start : start + BATCH]))
        moved += len(recalculate(cases, current_calendar(), pauses))
    return [_count_in_words(moved, more=len(keys) > MAX_PREVIEWED)] if moved else [_("No due date changes.")]


@receiver(consequences_wanted, sender=GateSwitch)
def of_a_gate(row: GateSwitch, deleted: bool, **_signal: Any) -> list[str]:
    """What is set where, read once more before it holds."""
    return [line for line in in_words(row)[:2] if line]


@receiver(consequences_wanted, sender=Closure)
def preview_closure(row: Closure, deleted: bool, **_more: Any) -> list[str]:
    """Of closing a service: how many requests somebody is writing just now have to wait."""
    was_closed = Closure.objects.filter(pk=row.pk, in_force=True).exists()
    begun = Draft.objects.unsent().filter(service=row.service).count() if row.in_force and not was_closed else 0
    if deleted or not begun:
        return []
    return [
        ngettext(
            "%(n)d request of this service has been started and cannot be submitted until it opens again.",
            "%(n)d requests of this service have been started and cannot be submitted until it opens again.",
            begun,
        )
        % {"n": begun}
    ]
