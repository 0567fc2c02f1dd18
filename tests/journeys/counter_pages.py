"""The pages of a day at a counter, for pages.py: name, address, who looks, what is done once it is open."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

Done = Callable[[Page, dict[str, str]], None]
COUNTER: tuple[tuple[str, str, str, Done | None], ...] = (
    ("counter-ask", "/staff/counter/ask/", "clerk", None),
    ("counter-ask-about", "/staff/counter/ask/{asked}/", "clerk", None),
    ("counter-reprint", "/staff/counter/reprints/{reprint}/", "clerk", None),
    ("counter-number", "/staff/counter/numbers/{ticket}/", "clerk", None),
    ("staff-paper", "/staff/paper/", "clerk", None),
    ("staff-booklets", "/staff/booklets/", "administrator", None),
    ("staff-slips", "/staff/booklets/unaccounted/", "administrator", None),
    ("staff-booklet", "/staff/booklets/{booklet}/", "administrator", None),
    ("counter-day", "/staff/counter/day/", "clerk", None),
)
