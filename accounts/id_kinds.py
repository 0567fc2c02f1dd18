"""The kinds of ID people are known by, as data: shape, check, where an account may begin, how sure one can get.

What is kept is canonical: digits of a national ID, an iqama or an establishment as they are; the ID of another Gulf
state behind the two letters of its country (KW289010112345), a passport behind the three of its issuer (PAKAB1234567).
So no two kinds share a number, and the kind is read off it. Of the Gulf states' IDs the shape alone is checked, with
the day or year of birth in it: we have no source for their check digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from stdnum import luhn

from .assurance import Level

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class IdKind:
    """`online`: an account under it may begin with a code to a mobile; others begin at a counter. `highest` is how sure
    the city can be of whoever has it: only people of the national register have the national sign-on. `bare` are digits
    alone that are understood as this kind too, and what is put before them.
    """

    code: str
    label: StrOrPromise
    shape: str
    example: str
    sound: Callable[[str], bool] = lambda text: True
    online: bool = True
    highest: Level = Level.COUNTER
    bare: str = ""
    before: str = ""

    def reads(self, text: str) -> str:
        """The number in canonical form, when this is its shape; else empty."""
        if re.fullmatch(self.shape, text):
            return text
        return self.before + text if self.bare and re.fullmatch(self.bare, text) else ""


def _gulf(country: str, label: StrOrPromise, digits: str, example: str, *, alone: bool) -> IdKind:
    shape = f"{country}{digits}"
    return IdKind(f"gcc-{country.lower()}", label, shape, example, bare=digits if alone else "", before=country)


# The first whose shape fits counts.
KINDS: tuple[IdKind, ...] = (
    IdKind("national", _("National ID"), r"1\d{9}", "1000000008", luhn.is_valid, highest=Level.NATIONAL),
    IdKind("iqama", _("Iqama"), r"2\d{9}", "2000000006", luhn.is_valid, highest=Level.NATIONAL),
    IdKind("establishment", _("Establishment (unified number)"), r"7\d{9}", "7000000001"),
    _gulf("AE", _("Emirati ID"), r"784(19|20)\d{10}", "AE784199012345678", alone=True),
    _gulf("KW", _("Kuwaiti ID"), r"[1-3]\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{5}", "KW289010112345", alone=True),
    _gulf("QA", _("Qatari ID"), r"[23]\d{10}", "QA28463412345", alone=True),
    _gulf("BH", _("Bahraini ID"), r"\d{9}", "BH850101234", alone=False),
    _gulf("OM", _("Omani ID"), r"\d{5,9}", "OM12345678", alone=False),
    IdKind("passport", _("Passport"), r"[A-Z]{3}(?=(?:[A-Z]*\d){4})[A-Z0-9]{5,12}", "PAKAB1234567", online=False),
)


def read_id(text: str) -> tuple[IdKind, str] | None:
    """The kind and canonical form of what is typed without spaces and in capitals; None when it has no known shape."""
    for kind in KINDS:
        if number := kind.reads(text):
            return kind, number
    return None


def kind_of(number: str) -> IdKind:
    """The kind of a canonical number."""
    parsed = read_id(number)
    return parsed[0] if parsed else KINDS[0]
