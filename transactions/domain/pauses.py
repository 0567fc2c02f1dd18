"""When a declared incident stopped the clock of a file. Pure.

A file is touched while the incident lasts, its service is in scope and, where the scope names offices, one of these
holds it. Where a file was is read from its events, so the same events and incidents always give the same pauses, in
whatever order the incidents were declared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from .gates import Scope


class Span(NamedTuple):
    """From one moment to another; without an end it lasts."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Pause:
    """An incident that stops clocks; `end` is None while it lasts."""

    scope: Scope
    start: datetime
    end: datetime | None
    incident: int = 0


class Stay(NamedTuple):
    """A file came to an office at this moment; no office before it was routed."""

    at: datetime
    office: str


def spans(pauses: Iterable[Pause], service: str, stays: Sequence[Stay], now: datetime) -> list[Span]:
    """When these incidents touched a file, not merged, up to `now`; what begins later is left out.

    `stays` are where it was, from its first moment on, oldest first.
    """
    spans_found: list[Span] = []
    for pause in pauses:
        end = pause.end if pause.end is not None and pause.end <= now else None
        if pause.start > now or (pause.scope.services and service not in pause.scope.services):
            continue
        if not pause.scope.offices:
            spans_found.append(Span(pause.start, end))
            continue
        for index, stay in enumerate(stays):
            if stay.office not in pause.scope.offices:
                continue
            left = stays[index + 1].at if index + 1 < len(stays) else None
            start = max(pause.start, stay.at)
            until = left if end is None else end if left is None else min(end, left)
            if until is None or start < until:
                spans_found.append(Span(start, until))
    return spans_found


def merged(spans_found: Iterable[Span]) -> list[Span]:
    """The same time without overlaps, oldest first; only the last may be without an end."""
    result: list[Span] = []
    for span in sorted(spans_found, key=lambda span: span.start):
        if result and (result[-1].end is None or span.start <= result[-1].end):
            last = result[-1]
            end = None if last.end is None or span.end is None else max(last.end, span.end)
            result[-1] = Span(last.start, end)
        else:
            result.append(span)
    return result


def days_lost(pauses: Iterable[Pause], start: datetime, end: datetime) -> int:
    """Days of the calendar, begun ones counted whole, that incidents took between two moments; overlaps count once."""
    inside = [
        Span(max(pause.start, start), min(pause.end or end, end))
        for pause in pauses
        if pause.start < end and (pause.end is None or pause.end > start)
    ]
    lost = sum(((span.end or end) - span.start for span in merged(inside)), timedelta())
    return ceil(lost / timedelta(days=1))


def extended(
    pauses: Iterable[Pause], service: str, offices: Collection[str], start: datetime, end: datetime, now: datetime
) -> datetime:
    """When something that began at `start` and would end at `end` ends, with the days that incidents took from it by
    `now`, begun ones counted whole; also from the days it got instead. Never sooner.
    """
    inside = [
        Span(max(pause.start, start), min(pause.end or now, now))
        for pause in pauses
        if pause.start < now
        and (pause.end or now) > start
        and (not pause.scope.services or service in pause.scope.services)
        and (not pause.scope.offices or not pause.scope.offices.isdisjoint(offices))
    ]
    lost, until = timedelta(), end
    for span in merged(inside):
        if span.start >= until:
            break
        lost += (span.end or now) - span.start
        until = end + timedelta(days=ceil(lost / timedelta(days=1)))
    return until
