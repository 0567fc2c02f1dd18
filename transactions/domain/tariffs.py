"""Fees, as the file of a service declares them: the rates it asks for, and how the amount follows. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from .conditions import Answers

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class TariffKind:
    """A rate in SAR that administrators keep, and its first value: `rate` from `since` on, which is only a start.

    What lies outside `low` and `high` is a slip of the pen. `example` says in words what `example_units` units are, to
    show what a new rate comes to. `certainty` is one of municipality.models.Certainty, `source` says where it is from.
    """

    code: str
    title: StrOrPromise
    low: Decimal
    high: Decimal
    rate: Decimal
    since: date
    certainty: str
    source: str
    example: StrOrPromise
    example_units: Decimal


@dataclass(frozen=True)
class Amount:
    """A fee and how it was worked out. SAR."""

    amount: Decimal
    basis: dict[str, str]


@dataclass(frozen=True)
class Fee:
    """`calculate` gives the amount for these answers under the tariff in force on a day; KeyError when they do not say
    enough. `tariffs` are the rates it may ask for.
    """

    calculate: Callable[[Answers, date], Amount]
    explanation: StrOrPromise
    tariffs: tuple[TariffKind, ...]
