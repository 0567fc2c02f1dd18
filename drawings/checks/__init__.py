"""Checks of a drawing, one file each: what it looks for, how it is said, how it is mended. Pure."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ..domain.facts import Facts, Kind
from ..domain.finding import Finding
from ..domain.rules import RuleSet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    # A page that shows no drawing loads no geometry.
    from ..domain.sheet import Sheet

BOTH = frozenset({Kind.BUILDING, Kind.DIVISION})
BUILDINGS = frozenset({Kind.BUILDING})
DIVISIONS = frozenset({Kind.DIVISION})


@dataclass(frozen=True)
class Case:
    """What a check gets."""

    sheet: Sheet
    facts: Facts
    rules: RuleSet

    @property
    def group(self) -> str:
        """The group of rules that holds for this drawing."""
        return self.facts.villas if self.facts.kind == Kind.DIVISION else self.facts.building


@dataclass(frozen=True)
class Check:
    """`message` and `mend` are sentences with the places %(required)s, %(measured)s, %(subject)s; `run` finds.

    `measures` is False for what needs no outline of the plot and no unit: how the file itself is drawn.
    """

    code: str
    title: StrOrPromise
    message: StrOrPromise
    mend: StrOrPromise
    run: Callable[[Case], Iterable[Finding]]
    kinds: frozenset[Kind] = BOTH
    unit: str = ""
    measures: bool = True


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check of this folder, in the order of their files."""
    results: list[Check] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        results += getattr(importlib.import_module(f"{__name__}.{module.name}"), "CHECKS", ())
    return tuple(results)


def by_code() -> dict[str, Check]:
    return {check.code: check for check in all_checks()}
