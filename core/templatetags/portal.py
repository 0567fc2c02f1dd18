"""Tags every page may use: dates in both calendars, and runs of text that keep their own direction."""

from __future__ import annotations

from datetime import date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from functools import lru_cache

from django import template
from django.forms import BoundField, PasswordInput
from django.templatetags.static import static
from django.utils.formats import date_format, time_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from .. import icons
from ..emblem import emblem
from ..forms.named_errors import NAMED
from ..hijri import format_hijri, in_calendar, riyadh_day, riyadh_time
from ..numbers import money_in_words

register = template.Library()
SECRETS = frozenset({"code", "pin"})


@lru_cache(maxsize=2048)
def _both(day: date, language: str) -> SafeString:
    gregorian = date_format(day, "j F Y") + ("م" if language == "ar" else "")
    if not in_calendar(day):  # somebody's slip; the page is about more than this date
        return format_html("<bdi>{}</bdi>", gregorian)
    hijri = format_hijri(day, language)
    return format_html('<bdi>{}</bdi> <span class="date__other">(<bdi>{}</bdi>)</span>', hijri, gregorian)


@lru_cache(maxsize=2 * 24 * 60)
def _clock(hour: int, minute: int, language: str) -> str:
    """`language` is the active one; it is there for the cache."""
    return time_format(time_of_day(hour, minute), "g:i A")


@register.filter
def named_errors(bound: BoundField) -> list[str]:
    """What is wrong with a box, each sentence with the label before it unless it names the box itself."""
    messages = []
    for error in bound.form.errors.as_data().get(bound.name, ()):
        named = error.code in NAMED
        messages += [message if named else f"{bound.label}: {message}" for message in error.messages]
    return messages


@register.simple_tag
def both_dates(value: datetime | date | None, time: bool = False) -> SafeString | str:
    """A date in the Hijri and the Gregorian calendar; with time=True the clock time in Jeddah too."""
    if not value:
        return ""
    moment = value if isinstance(value, datetime) else None
    day = riyadh_day(moment) if moment else value
    shown = _both(day, get_language() or "ar")
    if time and moment:
        here = riyadh_time(moment)
        clock = _clock(here.hour, here.minute, get_language() or "ar")
        return format_html(
            '<time datetime="{}" class="date">{} <bdi class="nowrap">{}</bdi></time>', moment.isoformat(), shown, clock
        )
    return format_html('<time datetime="{}" class="date">{}</time>', day.isoformat(), shown)


@lru_cache(maxsize=2048)
def _first(day: date, language: str) -> SafeString:
    gregorian = date_format(day, "j F Y") + ("م" if language == "ar" else "")
    if not in_calendar(day):
        return format_html("<bdi>{}</bdi>", gregorian)
    hijri = format_hijri(day, language)
    return format_html('<bdi>{}</bdi><span class="date__more"> (<bdi>{}</bdi>)</span>', gregorian, hijri)


@register.simple_tag
def one_date(value: datetime | date | None, time: bool = False) -> SafeString | str:
    """A date where many stand together: Gregorian, with the Hijri one for whoever asks for it (calendars.html)."""
    if not value:
        return ""
    moment = value if isinstance(value, datetime) else None
    day, language = riyadh_day(moment) if moment else value, get_language() or "ar"
    clock = ""
    if time and moment:
        here = riyadh_time(moment)
        clock = format_html(' <bdi class="nowrap">{}</bdi>', _clock(here.hour, here.minute, language))
    stamp = moment.isoformat() if moment else day.isoformat()
    return format_html('<time datetime="{}" class="date">{}{}</time>', stamp, _first(day, language), clock)


@register.simple_tag
def days_ago(days: int) -> str:
    """How many days of the calendar something lies back (hijri.days_between), in words."""
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


@register.filter
def ltr(value: object) -> SafeString:
    """References, phones and numbers read left to right, whatever surrounds them."""
    return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', value)


@register.filter
def mail_address(value: object) -> SafeString:
    """Reads left to right as a number does, but breaks: it may be longer than a phone's line."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)


@register.simple_tag
def day_or_word(label: object) -> SafeString | str:
    """A label of a picture: a day in both calendars, or words as they are."""
    return both_dates(label) if isinstance(label, date) else conditional_escape(str(label))


@register.filter
def asks_a_secret(form: object) -> bool:
    """Has this form a box for a password, a code or a PIN? No page shows those again or says they are kept."""
    fields = getattr(form, "fields", {})
    return any(name in SECRETS or isinstance(field.widget, PasswordInput) for name, field in fields.items())


@register.filter
def mobile(number: str) -> str:
    """A mobile as its owner types it: a Saudi one as 05…, any other with its country's code."""
    return f"0{number[4:]}" if number.startswith("+9665") and len(number) == 13 else number


DRAWINGS = {"balad": (480, 124), "roshan": (120, 114), "dhow": (164, 116)}


@register.filter
def money(amount: Decimal) -> str:
    """An amount in SAR with its thousands apart (core/numbers.py)."""
    return money_in_words(amount)


@register.simple_tag
def icon(name: str) -> SafeString:
    """The icon of this name in core/icons.py, beside words that say the same: it is read to nobody."""
    if name not in icons.ICONS:
        raise KeyError(f"no icon is called {name}: core/icons.py")
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static(icons.SPRITE), name,
    )  # fmt: skip


@register.simple_tag
def emblem_address() -> str:
    """Where the picture beside the name of the house is: the municipality's own, or our mark."""
    own = emblem()
    return f"/emblem?v={own.version}" if own else static("img/mark.svg")


@register.simple_tag
def drawing(name: str) -> SafeString:
    """A line drawing of ours (static/img/drawings.svg), in the colour of the text around it; it is read to nobody."""
    width, height = DRAWINGS[name]
    return format_html(
        '<svg class="drawing drawing--{}" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true"'
        ' focusable="false"><use href="{}#{}"></use></svg>',
        name, width, height, width, height, static("img/drawings.svg"), name,
    )  # fmt: skip
