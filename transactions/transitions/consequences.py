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
from municipality.services import calendar_with

from ..models import Closure, Draft, Transaction
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
