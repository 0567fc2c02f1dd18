"""What a service hands out at its end, as its catalogue file declares it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


APPLICANT = _("Applicant")


@dataclass(frozen=True)
class Output:
    """What the applicant gets at the end. `kind` goes into the journal; `valid_years` of zero has no expiry.

    `opening` and `closing` are the sentences before and after what was approved; `holder` is what the paper calls
    whose it is. All of it is frozen with each paper that is issued, in both languages (paper_content).
    """

    kind: str
    title: StrOrPromise
    template: str
    valid_years: int = 0
    recipient: StrOrPromise = ""
    holder: StrOrPromise = APPLICANT
    opening: tuple[StrOrPromise, ...] = ()
    closing: tuple[StrOrPromise, ...] = ()
