"""Pressed twice, sent again after Back, sent from an old tab: one request, one move, one receipt."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Attachment, Draft, Event, Transaction

from ..conftest import answers_today, files_for
from .conftest import arrived

ELECTRICITY = service_types.get("electricity-connection")


@pytest.fixture
def ready(cast) -> Draft:
    """A request of the citizen's that is complete and not yet sent."""
    answers = answers_today(ELECTRICITY.code)
    draft = drafts.start_draft(ELECTRICITY, by=cast.citizen)
    for step in ELECTRICITY.steps:
        drafts.save_step(draft, step, answers, by=cast.citizen)
    for keys in files_for(ELECTRICITY, answers, cast.citizen).values():
        Attachment.objects.filter(key__in=keys).update(draft=draft)
    return draft


def submit(page):
    return page.get_by_role("button", name="تقديم الطلب")


def number(page) -> str:
    page.locator(".receipt__number").wait_for()
    return page.locator(".receipt__number").inner_text()


def test_a_double_click_back_and_an_old_tab_give_one_receipt(cast, open_page, ready):
    page, old = open_page(cast.citizen), open_page(cast.citizen)
    for tab in (page, old):
        tab.goto(f"/drafts/{ready.key}/check/")
    submit(page).dblclick()
    receipt = number(page)
    page.go_back()
    assert number(page) == receipt, "Back leads to the receipt, not to a form that could be sent again"
    submit(old).click()
    assert number(old) == receipt
    old.go_back()
    assert number(old) == receipt
    assert Transaction.objects.count() == 1
    assert Event.objects.filter(move="submit").count() == 1


def test_a_double_click_and_an_old_tab_move_a_file_once(cast, open_page, submitted):
    case = arrived(submitted(now=timezone.now(), routed=False))
    page, old = open_page(cast.registry), open_page(cast.registry)
    for tab in (page, old):
        tab.goto(f"/staff/cases/{case.reference}/")
        details = tab.locator("details:has(form[action$='/register/'])")
        if details.get_attribute("open") is None:
            details.locator("summary").click()
    button = "form[action$='/register/'] button[type=submit]"
    page.locator(button).dblclick()
    page.locator(".messagelist li").first.wait_for()
    old.locator(button).click()
    expect(old.locator(".messagelist .error")).to_be_visible()
    assert Event.objects.filter(transaction=case, move="register").count() == 1
    assert case.movements.filter(direction="in").count() == 1
