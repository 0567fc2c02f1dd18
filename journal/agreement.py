"""What this process saw when the database and all its witnesses agreed: by that it goes on while their store is away.

A copy of the witness lies in the store of attachments, and whoever writes asks it every half minute. Were each write
refused while it does not answer, intake would stand as long as the store does. So a process remembers the last time
that store, disk and database agreed, and how far the database had come since, as it saw itself. A database that was put
back meanwhile is behind that, or has another entry there, or is another database: it is refused as ever. What was
started while the store is away has seen nothing, and is refused too. Nothing of this is written down, or a restore
could bring it back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .witness import Head, Witness

logger = logging.getLogger(__name__)
# For so long after the store last answered; then all is refused, as nobody can say what another place has begun.
ALONE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Agreement:
    """`seen` by letter, each as far as anything here or in the store had seen it; `at` is when the store answered."""

    database: str
    seen: Mapping[str, Witness]
    at: float = field(default_factory=time.time)
    # Since when the store was found not to answer; None while it does.
    away_since: float | None = None

    def lasts(self) -> bool:
        """A clock that was put back counts as one that ran on."""
        return 0 <= time.time() - self.at < ALONE_SECONDS

    def joined(self, here: Mapping[str, Witness]) -> dict[str, Witness]:
        """What is beside us now, and what was seen before, whichever is further."""
        known = dict(self.seen)
        for letter, witness in here.items():
            before = known.get(letter, witness)
            known[letter] = replace(witness, head=max(witness.head, before.head, key=lambda head: head.seq))
        return known


_agreed: dict[tuple[Any, ...], Agreement] = {}


def note_agreed(place: tuple[Any, ...], database: str, seen: Mapping[str, Witness]) -> None:
    """The store answered, and nothing spoke against this database."""
    before = _agreed.get(place)
    if before is not None and before.away_since is not None:
        logger.warning("the store of the journal's witness answers again")
    _agreed[place] = Agreement(database, dict(seen))


def lasting(place: tuple[Any, ...], error: OSError) -> Agreement | None:
    """What this process may go on by while the store is away; None when it has seen nothing, or too long ago."""
    agreed = _agreed.get(place)
    if agreed is None or not agreed.lasts():
        return None
    if agreed.away_since is None:
        left = ALONE_SECONDS - (time.time() - agreed.at)
        logger.error(
            "the store of the journal's witness does not answer: writing goes on by what this process saw before",
            extra={"error": str(error)[:300], "seconds_left": round(left)},
        )
        agreed = _agreed[place] = replace(agreed, away_since=time.time())
    return agreed


def note_head(place: tuple[Any, ...], letter: str, head: Head) -> None:
    """The database has come so far, by what was committed there, whoever wrote it."""
    agreed = _agreed.get(place)
    if agreed is None or letter not in agreed.seen:
        return
    witness = agreed.seen[letter]
    if witness.head.seq < head.seq:
        _agreed[place] = replace(agreed, seen=dict(agreed.seen) | {letter: replace(witness, head=head)})


def alone_since() -> float | None:
    """Since when (seconds of the clock) this process writes without the store's word; None while it does not."""
    return min((agreed.away_since for agreed in _agreed.values() if agreed.away_since is not None), default=None)


def forget() -> None:
    """As a process that was just started."""
    _agreed.clear()
