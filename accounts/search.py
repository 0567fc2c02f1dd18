"""Finding people by everything that is known of them, in any writing. Conditions only; who may look asks first."""

from __future__ import annotations

import contextlib

from django.core.exceptions import ValidationError
from django.db.models import Q

from core.text import compact, name_words, one_line, written_code

from .identity import clean_any_mobile

MAX_WORDS = 6


def people_condition(sought: str, prefix: str = "") -> Q:
    """People by ID, mobile, e-mail or the words of their name; `prefix` is the way to them ("owner__")."""
    if "@" in sought:
        return Q(**{f"{prefix}email__iexact": one_line(sought)})
    if any(char.isdigit() for char in sought):
        number = compact(sought).upper()
        return Q(**{f"{prefix}national_id": number}) | Q(**{f"{prefix}phone__in": _mobiles(number)})
    words = name_words(sought)[:MAX_WORDS]
    condition = Q() if words else Q(pk__in=[])
    for word in words:
        condition &= Q(**{f"{prefix}name_key__contains": word})
    return condition


def _mobiles(number: str) -> list[str]:
    """A number as each mobile it may be; the + of one from another country is often left out, or typed behind."""
    mobiles = []
    for candidate in (number, f"+{number.replace('+', '')}"):
        with contextlib.suppress(ValidationError):
            mobiles.append(clean_any_mobile(candidate))
    return mobiles


def plots_condition(sought: str, prefix: str = "") -> Q:
    """Authorisations by plan, parcel or both as they are printed, plan/parcel."""
    number = written_code(sought)
    condition = Q(**{f"{prefix}plan_number": number}) | Q(**{f"{prefix}parcel_number": number})
    parts = number.split("/")
    for cut in range(1, len(parts)):
        plan, parcel = "/".join(parts[:cut]), "/".join(parts[cut:])
        condition |= Q(**{f"{prefix}plan_number": plan, f"{prefix}parcel_number": parcel})
    return condition
