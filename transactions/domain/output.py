"""What a service hands out at its end, as its catalogue file declares it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from .conditions import Answers

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


APPLICANT = _("Applicant")


@dataclass(frozen=True)
class Output:
    """What the applicant gets at the end. `kind` goes into the journal; `valid_years` of zero has no expiry, and may
    depend on the answers: then it raises KeyError, TypeError or ValueError for those that do not say.

    `opening` and `closing` are the sentences before and after what was approved; `holder` is what the paper calls
    whose it is; `figures` are the questions whose answers whoever checks the paper is shown. All of it is frozen with
    each paper that is issued, in both languages (paper_content).
    """

    kind: str
    title: StrOrPromise
    template: str
    valid_years: int | Callable[[Answers], int] = 0
    recipient: StrOrPromise = ""
    holder: StrOrPromise = APPLICANT
    opening: tuple[StrOrPromise, ...] = ()
    closing: tuple[StrOrPromise, ...] = ()
    figures: tuple[str, ...] = ()

    @property
    def chosen_years(self) -> bool:
        """Does each request say for how long?"""
        return callable(self.valid_years)

    def years_for(self, answers: Answers) -> int:
        return self.valid_years(answers) if callable(self.valid_years) else self.valid_years
