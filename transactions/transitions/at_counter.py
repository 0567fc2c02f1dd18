"""What the move of an answer given at a counter adds to any other answer."""

from __future__ import annotations

from journal import receipts
from journal.models import Entry

from ..domain.workflow import Actor
from ..models import CounterVisit
from .mover import Transition


def record_in_event(transition: Transition, visit: CounterVisit) -> None:
    """The event will say that it was done at a counter, and whose ID was seen. Before the move is finished."""
    if transition.acting_as == Actor.AT_COUNTER:
        transition.facts.update(visit=visit.pk, whom=visit.whom)


def end_visit(transition: Transition, visit: CounterVisit, entry: Entry) -> None:
    """The visit ends with its answer. Last in the transaction of the move."""
    if transition.acting_as == Actor.AT_COUNTER:
        CounterVisit.objects.filter(pk=visit.pk).update(
            ended_at=transition.now, event=transition.event, token=receipts.encode_token(entry)
        )
