"""A day in both calendars as plain text, for sentences; pages that show a day alone use {% both_dates %}."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import get_language

from .hijri import format_hijri, in_calendar, riyadh_day
from .text import isolated


def day_in_words(value: datetime | date | None) -> str:
    """The day in the reader's language, Hijri first; a dash where there is none."""
    if value is None:
        return "—"
    day = riyadh_day(value) if isinstance(value, datetime) else value
    language = get_language() or "ar"
    gregorian = date_format(day, "j F Y") + ("م" if language == "ar" else "")
    if not in_calendar(day):
        return isolated(gregorian)
    return f"{isolated(format_hijri(day, language))} ({isolated(gregorian)})"
