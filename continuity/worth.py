"""What a promise of the city is worth at this moment. Pure: no rows, no clock.

CONFIRMED: the rows, the entry in the journal and every file of it are on disk in two administrations, because the vault
said so. PROVISIONAL: everything else, however likely. There is no third word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Worth(StrEnum):
    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"


@dataclass(frozen=True)
class Promise:
    """An entry of the journal: where it stands in its chain, and when it was made."""

    chain: int
    seq: int
    at: datetime
    kind: str = ""


def worth(promise: Promise, *, reached: int, missing: Iterable[datetime]) -> Worth:
    """`reached`: the vault has the chain up to this entry; `missing`: when files of this case came that it lacks.

    A file that came after the promise is no part of it.
    """
    if promise.seq > reached or any(came <= promise.at for came in missing):
        return Worth.PROVISIONAL
    return Worth.CONFIRMED
