"""The pages about the people of the desk, for pages.py: name, address, who looks, what is done once it is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from .counter_pages import COUNTER

Done = Callable[[Page, dict[str, str]], None]


def enter_an_absence(page: Page, world: dict[str, str]) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    page.fill("[name=starts_on]", tomorrow.isoformat())
    page.fill("[name=ends_on]", (tomorrow + timedelta(days=3)).isoformat())
    page.locator(".counter__form button").click()
    page.locator(".messagelist, .notice--error").first.wait_for()


PEOPLE: tuple[tuple[str, str, str, Done | None], ...] = (
    *COUNTER,
    ("staff-absences", "/staff/absences/", "supervisor", None),
    ("staff-absences-entered", "/staff/absences/", "reviewer", enter_an_absence),
)
