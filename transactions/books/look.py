"""What one reconciliation looks at: a moment, and what lies in the store, listed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .stored import Compared, compared

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What was begun before is committed by now: no transaction lasts so long, and work that is owed is begun sooner.
GRACE = timedelta(minutes=10)
# So long may work that is owed wait before somebody has to be told.
TOO_LONG = timedelta(days=1)
# Notices are looked at for so long; retention (settings.KEEP_NOTICES_DAYS) takes them away later.
LATELY = timedelta(days=30)


class Finding(NamedTuple):
    """A difference: what it is about, and the office in charge (its id); None where it belongs to no office."""

    subject: str
    office: int | None = None


@dataclass(frozen=True)
class Look:
    """The moment of a reconciliation. What is younger than `settled` may still be under way, and is left out."""

    now: datetime

    @property
    def settled(self) -> datetime:
        return self.now - GRACE

    @cached_property
    def files(self) -> Compared:
        """OSError when the store does not answer."""
        return compared(self.now)

    @cached_property
    def vault(self) -> Mapping[str, Head] | None:
        return vault_heads()


class Head(NamedTuple):
    """How far somebody else has a chain of ours: its last entry there, and that entry's hash."""

    seq: int
    hash: bytes


@dataclass(frozen=True)
class Kind:
    """A kind of difference: `title` names it, `advice` says what to do, `find` finds all of them."""

    code: str
    title: StrOrPromise
    advice: StrOrPromise
    find: Callable[[Look], Iterator[Finding]]


_vault: list[Callable[[], Mapping[str, Head] | None]] = []


def register_vault(ask: Callable[[], Mapping[str, Head] | None]) -> None:
    """Give the books a vault: `ask` returns the heads it holds by the name of the chain; None when it does not say."""
    _vault[:] = [ask]


def vault_heads() -> Mapping[str, Head] | None:
    """None where no vault is known, or it does not answer."""
    return _vault[0]() if _vault else None
