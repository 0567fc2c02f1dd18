"""Form boxes that clean what is typed before they ask whether anything was: marks nobody sees are nothing.

Every box of every form is one of these, in pages, at the counter and in the admin.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..dates import NoSuchDay, read_date
from ..day_words import day_in_words
from ..hijri import OutsideCalendar
from ..numbers import canonical_number, read_number
from ..relative_days import TODAY, FromToday
from ..text import compact, one_line, plain_characters, prose, written_code


class LineField(forms.CharField):
    """A name or short text (text.one_line)."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class ProseField(forms.CharField):
    """A text of several lines (text.prose)."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return prose(super().to_python(value) or "")


class _Grouped(forms.CharField):
    """What is cleaned is shorter than what is typed: the box takes more than the answer may have."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        return attrs | {"maxlength": str(2 * self.max_length + 40)} if self.max_length else attrs


class CompactField(_Grouped):
    """One number or code however it is grouped: ID, mobile, PIN, code, reference (text.compact)."""

    def to_python(self, value: Any) -> str:
        return compact(super().to_python(value) or "")


class CapitalsField(CompactField):
    """A code in which small letters are capitals: a short address."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).upper()


class CodeField(_Grouped):
    """A number whose strokes and dashes mean something: deed, plan, parcel, licence (text.written_code)."""

    def to_python(self, value: Any) -> str:
        return written_code(super().to_python(value) or "")


class EmailField(forms.EmailField):
    """No longer than the column of every address is; a form of Django's own takes 66 characters more."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 254, **kwargs})

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


def _number(field: forms.Field, value: Any, unit: object) -> Decimal | None:
    """A number in any usual writing, alone or with its unit (numbers.read_number)."""
    text = "" if value is None else one_line(str(value))
    if not text:
        return None
    try:
        return Decimal(canonical_number(read_number(text, str(unit))))
    except ValueError as error:
        raise forms.ValidationError(field.error_messages["invalid"], code="invalid") from error


class DecimalField(forms.DecimalField):
    """`unit` is what may be written beside the number."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Write a number, for example 900 or 900.5.")}

    def __init__(self, *, unit: Any = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit = unit
        self.widget.attrs.setdefault("inputmode", "decimal")

    def to_python(self, value: Any) -> Any:  # typed as a whole number in the class it extends
        return _number(self, value, self.unit)


class IntegerField(forms.IntegerField):
    """A whole number. `unit` is what may be written beside it."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Write a whole number, for example 3.")}

    def __init__(self, *, unit: Any = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit = unit
        self.widget.attrs.setdefault("inputmode", "numeric")

    def to_python(self, value: Any) -> int | None:
        number = _number(self, value, self.unit)
        if number is not None and number != number.to_integral_value():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return None if number is None else int(number)


_today: ContextVar[date | None] = ContextVar("forms_today", default=None)


@contextmanager
def on_day(today: date) -> Iterator[None]:
    """Days from and to which dates are taken are counted from this one, and not from that of the clock: what was
    given in time is still right when it is read again later.
    """
    token = _today.set(today)
    try:
        yield
    finally:
        _today.reset(token)


class DateField(forms.DateField):
    """A day in either calendar, however it is written (dates.read_date), from `earliest` to `latest`."""

    widget = forms.TextInput
    default_error_messages = {
        "unreadable": _("We did not understand this date. Write it like this: 1440/03/15, or 15 Rabi al-Awwal 1440."),
        "impossible": _("This day does not exist in the calendar. Check the day and month."),
        "outside": _("Dates from 1343 to 1500 AH (1924 to 2077) can be entered. Check the year."),
        "future": _("This date is in the future. Check the year."),
        "early": _("Enter a day from %(day)s on."),
        "late": _("Enter a day no later than %(day)s."),
    }

    def __init__(self, *, earliest: FromToday | None = None, latest: FromToday | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.earliest, self.latest = earliest, latest
        # No numeric keypad: on many a phone it lacks the strokes between day, month and year.
        self.widget.attrs |= {"dir": "auto", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def to_python(self, value: Any) -> date | None:
        text = one_line(value.isoformat() if isinstance(value, date) else str(value or ""))
        if not text:
            return None
        try:
            return read_date(text)
        except OutsideCalendar as error:
            raise forms.ValidationError(self.error_messages["outside"], code="outside_calendar") from error
        except NoSuchDay as error:
            raise forms.ValidationError(self.error_messages["impossible"], code="impossible_date") from error
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["unreadable"], code="unreadable_date") from error

    def validate(self, value: date | None) -> None:
        super().validate(value)
        today = _today.get() or timezone.localdate()
        if value and self.latest and value > (last := self.latest.on(today)):
            if self.latest == TODAY:
                raise forms.ValidationError(self.error_messages["future"], code="future_date")
            words = self.error_messages["late"] % {"day": day_in_words(last)}
            raise forms.ValidationError(words, code="date_too_late")
        if value and self.earliest and value < (first := self.earliest.on(today)):
            words = self.error_messages["early"] % {"day": day_in_words(first)}
            raise forms.ValidationError(words, code="date_too_early")


class ClockField(forms.TimeField):
    def to_python(self, value: Any) -> Any:
        return super().to_python(plain_characters(value) if isinstance(value, str) else value)


class MomentField(forms.SplitDateTimeField):
    """A day in either calendar and a time beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = (DateField(required=False), ClockField(required=False))
        # Two boxes under one legend: each says what it takes.
        if isinstance(self.widget, forms.MultiWidget):
            day, clock = self.widget.widgets
            day.attrs["aria-label"], clock.attrs["aria-label"] = _("Day"), _("Time")


# Which box a column of a model gets in the admin; a subclass of a column that is not named here keeps its own.
BOXES: dict[Any, dict[str, Any]] = {
    models.CharField: {"form_class": LineField},
    models.TextField: {"form_class": ProseField},
    models.EmailField: {"form_class": EmailField},
    models.SlugField: {"form_class": forms.SlugField},
    models.DateField: {"form_class": DateField, "widget": forms.TextInput},
    models.DateTimeField: {"form_class": MomentField},
    models.TimeField: {"form_class": ClockField},
    models.DecimalField: {"form_class": DecimalField, "widget": forms.TextInput},
    models.IntegerField: {"form_class": IntegerField, "widget": forms.TextInput},
}
