"""Finding the rows of a small table by their names in both languages or their codes, in any writing."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet

from core.text import compact, name_key, name_words, one_line

from .district_names import name_keys
from .district_names import search_keys as keys_sought


def matches_text(row: Model, sought: str, *codes: str) -> bool:
    """Has a row with names in both languages these words in one of them, or this code, in any writing?"""
    words, code = name_words(sought), compact(sought).upper()
    if code and any(code in compact(getattr(row, code_field)).upper() for code_field in codes):
        return True
    keys = [name_key(name) for name in _names(row)]
    return bool(words) and any(all(word in key for word in words) for key in keys)


def matches_place(row: Model, sought: str) -> bool:
    """Does one of its names sound like this, with or without district, city and article around it?"""
    keys = [name_keys(name) for name in _names(row)]
    return any(key in name[which] for which, key in keys_sought(sought) for name in keys)


def filter_by_text(rows: QuerySet[Any], sought: str, *codes: str, places: bool = False) -> QuerySet[Any]:
    """The rows of a small table that bear what is sought; all of them when nothing is."""
    if not one_line(sought):
        return rows
    keys = [
        row.pk
        for row in rows.order_by()
        if matches_text(row, sought, *codes) or (places and matches_place(row, sought))
    ]
    return rows.filter(pk__in=keys)


def _names(row: Any) -> tuple[str, str]:
    return row.name_ar, row.name_en
