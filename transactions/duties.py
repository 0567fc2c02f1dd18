"""In which duties people have moved a case: what `access` tells those apart by who check one another."""

from __future__ import annotations

from collections.abc import Sequence

from .domain.workflow import ALLOCATION_MOVES
from .models import Event, Transaction


def duties_done(case: Transaction) -> dict[int, set[str]]:
    """In which capacities people have moved this case so far, by their keys; read once for each version of it."""
    known = case.__dict__.get("_duties")
    if known is None or known[0] != case.version:
        load_duties_done([case])
    duties: dict[int, set[str]] = case.__dict__["_duties"][1]
    return duties


def load_duties_done(cases: Sequence[Transaction]) -> None:
    """`duties_done` of many cases in one question."""
    duties: dict[int, dict[int, set[str]]] = {case.pk: {} for case in cases}
    moved = Event.objects.filter(transaction__in=duties, actor__isnull=False).exclude(move__in=ALLOCATION_MOVES)
    for pk, actor, role in moved.order_by().values_list("transaction", "actor", "actor_role").distinct():
        duties[pk].setdefault(actor, set()).add(role)
    for case in cases:
        case.__dict__["_duties"] = (case.version, duties[case.pk])


def remember_duties_done(case: Transaction, events: Sequence[Event]) -> None:
    """`duties_done` of a case all of whose events are read already: no question more."""
    duties: dict[int, set[str]] = {}
    for event in events:
        if event.actor_id is not None and event.move not in ALLOCATION_MOVES:
            duties.setdefault(event.actor_id, set()).add(event.actor_role)
    case.__dict__["_duties"] = (case.version, duties)
