"""Wrong passwords: whoever guesses waits, longer each time, and nobody else does (ADR 22).

Counted by what is guessed at and where from: a device that was signed in with this account before, or else a network. A
stranger's guesses do not touch the owner's count, and a first try from a clean place is always heard. Nothing of a
request but its address is read: not its host, port, scheme or other headers.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction

from core.cache import SHARED
from core.db.locks import one_at_a_time

logger = logging.getLogger(__name__)
FREE = 3
"""Wrong tries nobody waits for: people mistype."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
REMEMBERED = timedelta(days=1)
WIDE = 20
"""So many places guessing at one subject in an hour, or subjects guessed at from one place: an alarm, and one free try
instead of three."""
HOUR = 3600


class TooSoon(Exception):
    """`wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


@dataclass(frozen=True)
class Place:
    """Where tries come from. `known`: a device that had the right secret before, of which strangers know nothing."""

    name: str
    known: bool = False


def begin(subject: str, place: Place, now: datetime) -> str:
    """Count a try before it is looked at, so that many at once are counted as well; TooSoon while one has to wait.

    Returns what `right` takes back.
    """
    key = f"tries:{_mark(subject, place.name)}"
    with transaction.atomic():
        one_at_a_time(key)
        wrong, last = SHARED.get(key, (0, 0.0))
        wait = last + pause_after(wrong, wide=_wide(subject, place, now)).total_seconds() - now.timestamp()
        # A clock that was put back makes nobody wait longer than the longest pause.
        if 0 < wait <= LONGEST_PAUSE.total_seconds():
            raise TooSoon(ceil(wait))
        SHARED.put(key, (wrong + 1, now.timestamp()), REMEMBERED.total_seconds())
    if wrong == 0:
        _spread(subject, place, now)
    return key


def right(key: str) -> None:
    """The secret was right: this place begins anew."""
    SHARED.forget(key)


def pause_after(wrong: int, *, wide: bool = False) -> timedelta:
    """How long a place waits after so many wrong tries in a day."""
    over = wrong - (1 if wide else FREE)
    return timedelta() if over < 0 else min(FIRST_PAUSE * 2 ** min(over, 10), LONGEST_PAUSE)


def _wide(subject: str, place: Place, now: datetime) -> bool:
    return not place.known and any(many >= WIDE for many in SHARED.counts(_breadth(subject, place, now)).values())


def _spread(subject: str, place: Place, now: datetime) -> None:
    """Count places by subject and subjects by place; at WIDE somebody has to hear of it."""
    if place.known:
        return
    for kind, key in zip(("many places at one", "one place at many"), _breadth(subject, place, now), strict=True):
        if SHARED.count(key, HOUR) == WIDE:
            alarm(kind, now)


def alarm(kind: str, now: datetime) -> None:
    """Somebody guesses far and wide: in the log at once, and counted for an hour where the alarms look."""
    logger.warning("guessing", extra={"spread": kind})
    SHARED.count(_alarm_key(now), 2 * HOUR)


def alarms(now: datetime) -> int:
    """How often somebody was found guessing far and wide in this hour and the last."""
    return sum(SHARED.counts([_alarm_key(hour) for hour in (now, now - timedelta(hours=1))]).values())


def _alarm_key(now: datetime) -> str:
    return f"guessing:{int(now.timestamp()) // HOUR}"


def _breadth(subject: str, place: Place, now: datetime) -> tuple[str, str]:
    hour = int(now.timestamp()) // HOUR
    return f"spread:of:{_mark(subject)}:{hour}", f"spread:from:{_mark(place.name)}:{hour}"


def _mark(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
