"""The workers' heartbeat: one row, written by a worker, read by health checks and metrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from journal import check

from ..models import Heartbeat

WORKER = "worker"
# Workers beat four times as often.
MAX_AGE = timedelta(seconds=60)


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


def marks() -> dict[str, datetime]:
    """When each thing was done last, by its name: the workers' heartbeat, and what is done daily; one query."""
    return dict(Heartbeat.objects.values_list("name", "at"))


def age(now: datetime) -> timedelta | None:
    """How old the last heartbeat is; None when there never was one."""
    at = Heartbeat.objects.filter(name=WORKER).values_list("at", flat=True).first()
    return now - at if at else None


def is_alive(now: datetime) -> bool:
    """Was there a heartbeat within MAX_AGE?"""
    since = age(now)
    return since is not None and since < MAX_AGE
