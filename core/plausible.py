"""Dates and figures that cannot be meant: refused where they are typed, with what is wrong."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from .hijri import in_calendar, riyadh_day


def validate_day(value: date | datetime) -> None:
    """ValidationError for a day or moment outside the Hijri table: a slip, or a year of the other calendar."""
    day = riyadh_day(value) if isinstance(value, datetime) else value
    if not in_calendar(day):
        message = _("Dates from 1343 to 1500 AH (1924 to 2077) can be entered. Check the year.")
        raise ValidationError(message, code="outside_calendar")


def validate_near(day: date, name: str, *, years: int, ago: int | None = None) -> None:
    """ValidationError on the field `name` for a day more than so many years from now, or more than `ago` years ago."""
    today = timezone.localdate()
    if ago is not None and day.year < today.year - ago:
        message = _("This is more than %(years)d years ago. Check the year.") % {"years": ago}
        raise ValidationError({name: ValidationError(message, code="too_long_ago")})
    if day.year > today.year + years:
        message = _("This is more than %(years)d years from now. Check the year.") % {"years": years}
        raise ValidationError({name: ValidationError(message, code="too_far")})


def changed_fields(row: models.Model, *names: str) -> list[str]:
    """Which of these fields are not what is stored; all of them of a row that is new."""
    stored = type(row)._default_manager.filter(pk=row.pk).values(*names).first() if row.pk else None
    return [name for name in names if stored is None or stored[name] != getattr(row, name)]


def validate_order(first: date | None, last: date | None, name: str) -> None:
    """ValidationError on the field `name` when a period ends before it begins."""
    if first and last and last < first:
        raise ValidationError({name: ValidationError(_("The last day is before the first day."), code="order")})
