"""Finding people by everything that is known of them, in any writing. Conditions only; who may look asks first."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from municipality.text import compact, name_key, name_words, one_line, written_code

from .identity import clean_mobile

MOST_WORDS = 6


def people(sought: str, prefix: str = "") -> Q:
    """People by ID, mobile, e-mail or the words of their name; `prefix` is the way to them ("owner__")."""
    if "@" in sought:
        return Q(**{f"{prefix}email__iexact": one_line(sought)})
    if any(char.isdigit() for char in sought):
        found = Q(**{f"{prefix}national_id": compact(sought).upper()})
        try:
            return found | Q(**{f"{prefix}phone": clean_mobile(sought)})
        except ValidationError:
            return found
    words = name_words(sought)[:MOST_WORDS]
    found = Q() if words else Q(pk__in=[])
    for word in words:
        found &= Q(**{f"{prefix}name_key__contains": word})
    return found


def plots(sought: str, prefix: str = "") -> Q:
    """Authorisations by plan, parcel or both as they are printed, plan/parcel."""
    number = written_code(sought)
    found = Q(**{f"{prefix}plan_number": number}) | Q(**{f"{prefix}parcel_number": number})
    parts = number.split("/")
    for cut in range(1, len(parts)):
        plan, parcel = "/".join(parts[:cut]), "/".join(parts[cut:])
        found |= Q(**{f"{prefix}plan_number": plan, f"{prefix}parcel_number": parcel})
    return found


def bears(row: Model, sought: str, *codes: str) -> bool:
    """Has a row with names in both languages these words in one of them, or this code, in any writing?"""
    words, code = name_words(sought), compact(sought).upper()
    if code and any(code in compact(getattr(row, one)).upper() for one in codes):
        return True
    keys = [name_key(getattr(row, name)) for name in ("name_ar", "name_en")]
    return bool(words) and any(all(word in key for word in words) for key in keys)


def named(rows: QuerySet[Any], sought: str, *codes: str) -> QuerySet[Any]:
    """The rows of a small table that bear what is sought."""
    return rows.filter(pk__in=[row.pk for row in rows.order_by() if bears(row, sought, *codes)])
