"""In which duties people have moved a case, or looked at points of its checklist: what `access` tells those apart by
who check one another.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from .domain.workflow import ALLOCATION_MOVES
from .models import Check, Event, Transaction

# Whoever says so of a point has studied it; whoever left it out, or asked for more, has not.
STUDIED = (Check.State.TICKED, Check.State.DOES_NOT_APPLY)


def studied_points() -> QuerySet[Check]:
    """What counts of the checklists: who studied which point last, where nothing else was said of it since."""
    same = {name: OuterRef(name) for name in ("transaction", "stage", "code")}
    later = Check.objects.filter(**same, pk__gt=OuterRef("pk"))
    return Check.objects.filter(~Exists(later), state__in=STUDIED).exclude(acted_as="")


def duties_done(case: Transaction) -> dict[int, set[str]]:
    """In which capacities people have worked on this case so far, by their keys; read once for each version of it."""
    known = case.__dict__.get("_duties")
    if known is None or known[0] != case.version:
        load_duties_done([case])
    duties: dict[int, set[str]] = case.__dict__["_duties"][1]
    return duties


def load_duties_done(cases: Sequence[Transaction]) -> None:
    """`duties_done` of many cases in one question."""
    duties: dict[int, dict[int, set[str]]] = {case.pk: {} for case in cases}
    moved = Event.objects.filter(transaction__in=duties, actor__isnull=False).exclude(move__in=ALLOCATION_MOVES)
    rows = moved.order_by().values_list("transaction", "actor", "actor_role")
    studied = studied_points().filter(transaction__in=duties).order_by()
    for pk, actor, role in rows.union(studied.values_list("transaction", "by", "acted_as")):
        duties[pk].setdefault(actor, set()).add(role)
    for case in cases:
        case.__dict__["_duties"] = (case.version, duties[case.pk])


def remember_duties_done(case: Transaction, events: Sequence[Event], checks: Sequence[Check]) -> None:
    """`duties_done` of a case all of whose events and checks, oldest first, are read already: no question more."""
    duties: dict[int, set[str]] = {}
    for event in events:
        if event.actor_id is not None and event.move not in ALLOCATION_MOVES:
            duties.setdefault(event.actor_id, set()).add(event.actor_role)
    for check in {(check.stage, check.code): check for check in checks}.values():
        if check.state in STUDIED and check.acted_as:
            duties.setdefault(check.by_id, set()).add(check.acted_as)
    case.__dict__["_duties"] = (case.version, duties)
