"""What a service asks, as data: questions, groups of them, steps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from core.relative_days import FromToday

from .conditions import Answers as Answers
from .conditions import Condition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    CHOICE = "choice"
    # One or several of its choices: a list of their codes, in the order of the choices.
    MULTIPLE = "multiple"
    DISTRICT = "district"
    ACKNOWLEDGE = "acknowledge"
    # The corners of a plot, kept as plots.geometry.written writes them.
    CORNERS = "corners"


@dataclass(frozen=True, eq=False)
class Field:
    """One question. `unit` is shown beside the box; `low` and `high` are inclusive bounds in that unit, or of how many
    may be chosen.

    Dates are typed in either calendar and stored Gregorian; `earliest` and `latest` are inclusive. `empty` says what
    to do when it was left empty, in a whole sentence. `help` says where people find the answer; `sample` is the line
    of the paper it stands in, with the answer in [brackets]. `code` is a text that is a number with its letters and
    strokes; it is kept in one form (core.text.written_code).
    """

    name: str
    label: StrOrPromise
    kind: Kind = Kind.TEXT
    hint: StrOrPromise = ""
    required: bool = True
    choices: tuple[tuple[str, StrOrPromise], ...] = ()
    unit: StrOrPromise = ""
    low: Decimal | int | None = None
    high: Decimal | int | None = None
    max_length: int = 120
    code: bool = False
    pattern: str = ""
    pattern_message: StrOrPromise = ""
    empty: StrOrPromise = ""
    earliest: FromToday | None = None
    latest: FromToday | None = None
    help: StrOrPromise = ""
    sample: StrOrPromise = ""
    when: Condition | None = None


@dataclass(frozen=True)
class Group:
    """Questions asked several times over: the answers are a list of objects.

    `adds_up` names a number asked in each and the earlier question whose answer they make up together; the page
    then shows the sum as it is written.
    """

    name: str
    label: StrOrPromise
    item_label: StrOrPromise
    fields: tuple[Field, ...]
    least: int = 1
    most: int = 20
    hint: StrOrPromise = ""
    adds_up: tuple[str, str] = ("", "")
    when: Condition | None = None


@dataclass(frozen=True)
class Step:
    """One topic, one page."""

    code: str
    title: StrOrPromise
    fields: tuple[Field | Group, ...]
    intro: StrOrPromise = ""
