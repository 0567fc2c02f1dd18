"""A sign of life of those who do the work: one row, written by a worker, read by everybody who says how we are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from journal import check

from ..models import Heartbeat

WORKER = "worker"
# Workers beat four times as often.
ALIVE = timedelta(seconds=60)


_beside: list[Callable[[datetime], None]] = []


def beside(do: Callable[[datetime], None]) -> None:
    """Have this done with every sign of life, after it; a few seconds at most."""
    _beside.append(do)


def beat(now: datetime) -> None:
    """A worker is alive; with it the journal's witness goes into the store of attachments, where there is one."""
    check.note_heads()
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"at": now})
    for do in _beside:
        do(now)


def since_the_last(now: datetime) -> timedelta | None:
    """How long no worker was seen; None when none ever was."""
    at = Heartbeat.objects.filter(name=WORKER).values_list("at", flat=True).first()
    return now - at if at else None


def lives(now: datetime) -> bool:
    """Was a worker seen a moment ago?"""
    since = since_the_last(now)
    return since is not None and since < ALIVE
