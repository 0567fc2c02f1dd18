"""The outside bodies there are: each adapter says once, when its app is ready, what staff and monitors have to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class OutsideBody:
    """A body, by the `name` its adapter passes to `outside_http.ask`.

    `fallback`: what is done, and what people are told, while it is away. `is_set`: do the settings lead anywhere?
    `waiting`: how many messages wait for it now (one query at most). `simulated`: is it a simulator that answers?
    """

    name: str
    title: str | Promise
    fallback: str | Promise
    is_set: Callable[[], bool]
    waiting: Callable[[], int] = lambda: 0
    simulated: Callable[[], bool] = lambda: False


_bodies: dict[str, OutsideBody] = {}


def register(body: OutsideBody) -> None:
    """Have it on the staff's page of outside bodies, in /metrics and in the alarms."""
    _bodies[body.name] = body


def outside_bodies() -> list[OutsideBody]:
    """All of them, in the order in which they were registered."""
    return list(_bodies.values())
