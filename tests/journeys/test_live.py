"""A request's page that stays open tells by itself what happens, and asks nobody while nobody looks at it."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from transactions.models import Transaction
from transactions.services import moves
from transactions.services.moves import Asked

from .conftest import arrived

SCRIPTS = [(360, True), (1280, True)]
# It asks every second; what is over is for a machine that has other things to do.
SOON = 3000
HIDDEN = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def case(submitted) -> Transaction:
    return arrived(submitted(now=timezone.now(), routed=False))


@pytest.fixture
def page(cast, case, open_page) -> Page:
    """The applicant looks at their request; `stayed` is gone should the page be loaded anew."""
    page = open_page(cast.citizen)
    page.goto(f"/requests/{case.reference}/")
    page.evaluate("window.stayed = true")
    return page


def shows(page: Page, text: str) -> None:
    expect(page.locator("[data-live=history]")).to_contain_text(text, timeout=SOON)
    assert page.evaluate("window.stayed")


@pytest.fixture
def asked(page) -> list[str]:
    """The address of each question the page asks from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/timeline/" in request.url else None)
    return asked


@pytest.mark.parametrize("open_page", SCRIPTS, indirect=True, ids=["360", "1280"])
def test_a_step_shows_within_a_second_or_two_also_after_a_while(page, case, cast):
    page.wait_for_timeout(4000)
    case = moves.register(case, by=cast.registry)
    shows(page, "قُيّد في سجل الوارد")
    expect(page.locator("[data-live=where]")).to_contain_text("قيد الدراسة")
    expect(page.locator("[data-live=numbers]")).to_contain_text("1/")
    page.wait_for_timeout(8000)
    moves.recommend(case, by=cast.reviewer)
    shows(page, "انتهت المرحلة")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_it_rests_while_hidden_and_asks_at_once_when_shown_again(page, case, cast, asked):
    page.evaluate(HIDDEN, True)
    page.wait_for_timeout(1500)
    asked.clear()
    moves.register(case, by=cast.registry)
    page.wait_for_timeout(3000)
    assert asked == []
    with page.expect_request("**/timeline/*", timeout=500):
        page.evaluate(HIDDEN, False)
    shows(page, "قُيّد في سجل الوارد")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_what_has_to_be_done_shows_with_its_button(page, case, cast):
    case = moves.register(case, by=cast.registry)
    code = case.service_type.deficiencies[0].code
    moves.return_for_completion(case, deficiencies=[Asked(code)], by=cast.reviewer)
    button = page.get_by_role("link", name="استكمل ما طُلب")
    expect(button).to_be_visible(timeout=SOON)
    assert page.evaluate("window.stayed")
    button.click()
    page.wait_for_url("**/answer/")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_a_part_somebody_has_opened_waits_for_them_and_is_not_asked_for_each_second(page, case, cast, asked):
    opened = page.locator("[data-live=where] summary")
    opened.click()
    moves.register(case, by=cast.registry)
    shows(page, "قُيّد في سجل الوارد")
    asked.clear()
    page.wait_for_timeout(4000)
    assert asked == []
    assert page.locator("[data-live=where] details").get_attribute("open") is not None
    opened.click()
    page.locator("h1").click()
    expect(page.locator("[data-live=where]")).to_contain_text("قيد الدراسة", timeout=SOON)


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
@pytest.mark.parametrize("end", ["signed out", "closed"])
def test_it_asks_no_more_when_there_is_nothing_left_to_hear(page, case, cast, asked, end):
    if end == "closed":
        moves.withdraw(case, by=cast.citizen, reason="")
        shows(page, "سُحب")
    else:
        Session.objects.all().delete()
        page.wait_for_timeout(2500)
    asked.clear()
    page.wait_for_timeout(3000)
    page.evaluate(HIDDEN, False)
    page.wait_for_timeout(500)
    assert asked == []
