"""For which answers a question, document or stage counts, or a rule fires: conditions that compose. Pure.

`OneOf("ownership", ("deed",)) & ~Greater("area_m2", 500)` is a condition like any other. None of them minds what is
stored: an answer that is not there, or of another kind than today's question takes, meets neither OneOf nor a bound.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Condition(ABC):
    """`words` say it to people in a whole sentence; without them it is said by its questions and answers."""

    words: StrOrPromise = field(default="", kw_only=True)

    @abstractmethod
    def __call__(self, answers: Answers) -> bool:
        """Is it met by these answers?"""

    @property
    @abstractmethod
    def names(self) -> frozenset[str]:
        """The questions it looks at."""

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """The same for programs: the API tells it, and static/js/when.js reads it."""

    def __and__(self, other: Condition) -> And:
        return And((self, other))

    def __or__(self, other: Condition) -> Or:
        return Or((self, other))

    def __invert__(self) -> Not:
        return Not(self)


@dataclass(frozen=True)
class _OfOneAnswer(Condition):
    """What looks at a single question."""

    field: str

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.field})


@dataclass(frozen=True)
class OneOf(_OfOneAnswer):
    """The answer is one of `values`; of a question that takes several, one of those chosen is."""

    values: tuple[Any, ...]

    def __call__(self, answers: Answers) -> bool:
        answer = answers.get(self.field)
        if isinstance(answer, list):
            return any(item in self.values for item in answer)
        return answer in self.values

    def data(self) -> dict[str, Any]:
        return {"field": self.field, "values": list(self.values)}


@dataclass(frozen=True)
class Answered(_OfOneAnswer):
    """There is an answer, whatever it is."""

    def __call__(self, answers: Answers) -> bool:
        return answers.get(self.field) not in (None, "", [])

    def data(self) -> dict[str, Any]:
        return {"field": self.field, "answered": True}


@dataclass(frozen=True)
class Greater(_OfOneAnswer):
    """The answer is a number above `than`."""

    than: Decimal | int

    def __call__(self, answers: Answers) -> bool:
        number = number_in(answers.get(self.field))
        return number is not None and number > self.than

    def data(self) -> dict[str, Any]:
        return {"field": self.field, "greater": str(self.than)}


@dataclass(frozen=True)
class Less(_OfOneAnswer):
    """The answer is a number below `than`."""

    than: Decimal | int

    def __call__(self, answers: Answers) -> bool:
        number = number_in(answers.get(self.field))
        return number is not None and number < self.than

    def data(self) -> dict[str, Any]:
        return {"field": self.field, "less": str(self.than)}


@dataclass(frozen=True)
class And(Condition):
    """Every one of them is met."""

    parts: tuple[Condition, ...]

    def __call__(self, answers: Answers) -> bool:
        return all(part(answers) for part in self.parts)

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(part.names for part in self.parts))

    def data(self) -> dict[str, Any]:
        return {"all": [part.data() for part in self.parts]}


@dataclass(frozen=True)
class Or(Condition):
    """One of them is met, or several."""

    parts: tuple[Condition, ...]

    def __call__(self, answers: Answers) -> bool:
        return any(part(answers) for part in self.parts)

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(part.names for part in self.parts))

    def data(self) -> dict[str, Any]:
        return {"any": [part.data() for part in self.parts]}


@dataclass(frozen=True)
class Not(Condition):
    """It is not met; so it counts also while its question has no answer."""

    part: Condition

    def __call__(self, answers: Answers) -> bool:
        return not self.part(answers)

    @property
    def names(self) -> frozenset[str]:
        return self.part.names

    def data(self) -> dict[str, Any]:
        return {"not": self.part.data()}


def number_in(answer: Any) -> Decimal | None:
    """An answer as a number; None for one that is none, or none any more."""
    if isinstance(answer, bool):
        return None
    try:
        number = Decimal(str(answer))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
