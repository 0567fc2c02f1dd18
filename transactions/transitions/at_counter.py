"""What the move of an answer given at a counter adds to any other answer."""

from __future__ import annotations

from journal import receipts
from journal.models import Entry

from ..domain.workflow import Who
from ..models import CounterVisit
from .mover import Moving


def say(moving: Moving, visit: CounterVisit) -> None:
    """The event will say that it was done at a counter, and whose ID was seen. Before the move is finished."""
    if moving.acting_as == Who.AT_COUNTER:
        moving.facts.update(visit=visit.pk, whom=visit.whom)


def settle(moving: Moving, visit: CounterVisit, entry: Entry) -> None:
    """The visit ends with its answer. Last in the transaction of the move."""
    if moving.acting_as == Who.AT_COUNTER:
        CounterVisit.objects.filter(pk=visit.pk).update(
            ended_at=moving.now, event=moving.event, token=receipts.token(entry)
        )
