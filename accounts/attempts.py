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
from core.db.locks import take_lock

logger = logging.getLogger(__name__)
FREE_ATTEMPTS = 3
"""Wrong tries nobody waits for: people mistype."""
MIN_WAIT, MAX_WAIT = timedelta(seconds=15), timedelta(hours=1)
REMEMBERED_FOR = timedelta(days=1)
MAX_SPREAD = 20
"""So many places guessing at one subject in an hour, or subjects guessed at from one place: an alarm, and one free try
instead of three."""
HOUR = 3600


class MustWait(Exception):
    """`wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


@dataclass(frozen=True)
class Source:
    """Where tries come from. `known`: a device that had the right secret before, of which strangers know nothing."""

    name: str
    known: bool = False


def count_attempt(subject: str, place: Source, now: datetime) -> str:
    """Count a try before it is looked at, so that many at once are counted as well; TooSoon while one has to wait.

    Returns what `clear_attempts` takes back.
    """
    key = f"tries:{_digest(subject, place.name)}"
    with transaction.atomic():
        take_lock(key)
        wrong, last = SHARED.get(key, (0, 0.0))
        wait = last + required_wait(wrong, wide=_is_under_attack(subject, place, now)).total_seconds() - now.timestamp()
        # A clock that was put back makes nobody wait longer than the longest pause.
        if 0 < wait <= MAX_WAIT.total_seconds():
            raise MustWait(ceil(wait))
        SHARED.put(key, (wrong + 1, now.timestamp()), REMEMBERED_FOR.total_seconds())
    if wrong == 0:
        _count_spread(subject, place, now)
    return key


def clear_attempts(key: str) -> None:
    """The secret was right: this place begins anew."""
    SHARED.forget(key)


def required_wait(wrong: int, *, wide: bool = False) -> timedelta:
    """How long a place waits after so many wrong tries in a day."""
    over = wrong - (1 if wide else FREE_ATTEMPTS)
    return timedelta() if over < 0 else min(MIN_WAIT * 2 ** min(over, 10), MAX_WAIT)


def _is_under_attack(subject: str, place: Source, now: datetime) -> bool:
    return not place.known and any(
        many >= MAX_SPREAD for many in SHARED.counts(_spread_keys(subject, place, now)).values()
    )


def _count_spread(subject: str, place: Source, now: datetime) -> None:
    """Count places by subject and subjects by place; at WIDE somebody has to hear of it."""
    if place.known:
        return
    for kind, key in zip(("many places at one", "one place at many"), _spread_keys(subject, place, now), strict=True):
        if SHARED.count(key, HOUR) == MAX_SPREAD:
            raise_alarm(kind, now)


def raise_alarm(kind: str, now: datetime) -> None:
    """Somebody guesses far and wide: in the log at once, and counted for an hour where the alarms look."""
    logger.warning("guessing", extra={"spread": kind})
    SHARED.count(_alarm_key(now), 2 * HOUR)


def count_alarms(now: datetime) -> int:
    """How often somebody was found guessing far and wide in this hour and the last."""
    return sum(SHARED.counts([_alarm_key(hour) for hour in (now, now - timedelta(hours=1))]).values())


def _alarm_key(now: datetime) -> str:
    return f"guessing:{int(now.timestamp()) // HOUR}"


def _spread_keys(subject: str, place: Source, now: datetime) -> tuple[str, str]:
    hour = int(now.timestamp()) // HOUR
    return f"spread:of:{_digest(subject)}:{hour}", f"spread:from:{_digest(place.name)}:{hour}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
