"""The named crash points, as wrappers around the portal's functions: on the intake, routing and decision paths."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Reach = Callable[[str], None]

# What each name means: where the process is when it gets there.
POINTS = {
    "intake, before commit": "everything is written, nothing is committed",
    "intake, after commit": "the request is taken, nobody was told",
    "journal, before append": "the row is written, its entry is not; nothing is committed",
    "journal, after append": "the entry is written; nothing is committed",
    "move, before commit": "the decision and its entry are written; nothing is committed",
    "move, after commit": "the move is made, nobody was told",
    "route, after claim": "the rows are this worker's, nothing is done",
    "route, after effect": "the requests are at their offices, the rows are not marked done; nothing is committed",
    "notify, after claim": "the row is this worker's, nothing is sent",
    "notify, after effect": "the message is out, the row is not marked done; nothing is committed",
    "task, after done": "the work is committed as done, the broker was not told",
}


def install(reach: Reach) -> Callable[[], None]:
    """Wrap them all so that `reach(name)` is called there; returns what takes the wrappers off again."""
    from api.v1 import moves, views
    from journal import chain
    from transactions import tasks
    from transactions.intake import submit as intake
    from transactions.outbox import queue
    from transactions.papers import papers

    undo: list[Callable[[], None]] = []

    def wrap(owner: Any, name: str, *, before: str = "", after: str = "") -> None:
        table = isinstance(owner, dict)
        inner = owner[name] if table else getattr(owner, name)
        put: Callable[[Any], None] = (
            functools.partial(owner.__setitem__, name) if table else functools.partial(setattr, owner, name)
        )

        @functools.wraps(inner)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if before:
                reach(before)
            result = inner(*args, **kwargs)
            if after:
                reach(after)
            return result

        put(wrapper)
        undo.append(lambda: put(inner))

    wrap(intake, "_take_in", after="intake, before commit")
    wrap(views, "submit", after="intake, after commit")
    wrap(chain, "append", before="journal, before append", after="journal, after append")
    wrap(papers, "record_decision", after="move, before commit")
    for move in moves.ACTIONS:
        wrap(moves.ACTIONS, move, after="move, after commit")
    for kind in ("route", "notify"):
        for handlers in (queue._handlers, queue._batch_handlers):
            if kind in handlers:
                wrap(handlers, kind, before=f"{kind}, after claim", after=f"{kind}, after effect")
    for task in tasks.TASKS_BY_KIND.values():
        wrap(task, "run", after="task, after done")
    return lambda: [take_off() for take_off in reversed(undo)] and None
