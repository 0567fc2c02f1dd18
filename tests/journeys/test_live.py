"""A request's page that stays open tells by itself what happens, and asks nobody while nobody looks at it.

How long that takes is the page's promise and not the machine's: each pause it makes must be of a second at most, and
what has happened must show with the next time it asks. The pauses end when the test says so.
"""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from transactions.models import Transaction
from transactions.services import moves

from .conftest import arrived

SCRIPTS = [(360, True), (1280, True)]
MOST_MS = 1000
# Pauses the page makes, long enough for a reader to notice.
PAUSES = """window.pauses = new Map();
const [set, clear] = [window.setTimeout, window.clearTimeout];
window.setTimeout = (then, wait, ...rest) => {
    const id = set(wait < 500 ? then : () => null, wait, ...rest);
    if (wait >= 500) window.pauses.set(id, { then, wait });
    return id;
};
window.clearTimeout = (id) => { window.pauses.delete(id); clear(id); };
"""
END_PAUSE = """() => {
    const [[id, pause], ...others] = window.pauses;
    if (others.length) throw new Error("more than one pause at a time");
    window.pauses.delete(id);
    pause.then();
    return pause.wait;
}"""
HIDDEN = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
ASKED = "**/timeline/*"


@pytest.fixture
def case(submitted) -> Transaction:
    return arrived(submitted(now=timezone.now(), routed=False))


@pytest.fixture
def page(cast, case, open_page) -> Page:
    """The applicant looks at their request; `stayed` is gone should the page be loaded anew."""
    page = open_page(cast.citizen)
    page.add_init_script(PAUSES)
    page.goto(f"/requests/{case.reference}/")
    page.evaluate("window.stayed = true")
    return page


def asks_again(page: Page) -> int:
    """The page has made its pause, of a second at most, and asks; what it was answered."""
    page.wait_for_function("window.pauses.size")
    with page.expect_response(ASKED) as answer:
        assert page.evaluate(END_PAUSE) <= MOST_MS
    return answer.value.status


def shows(page: Page, text: str) -> None:
    expect(page.locator("[data-live=history]")).to_contain_text(text)
    assert page.evaluate("window.stayed")


@pytest.mark.parametrize("open_page", SCRIPTS, indirect=True, ids=["360", "1280"])
def test_a_step_shows_the_next_time_it_asks_a_second_later_also_after_a_while(page, case, cast):
    assert [asks_again(page) for _ in range(4)] == [204] * 4
    case = moves.register(case, by=cast.registry)
    assert asks_again(page) == 200
    shows(page, "قُيّد في سجل الوارد")
    expect(page.locator("[data-live=where]")).to_contain_text("قيد الدراسة")
    expect(page.locator("[data-live=numbers]")).to_contain_text("1/")
    assert [asks_again(page) for _ in range(8)] == [204] * 8
    moves.recommend(case, by=cast.reviewer)
    assert asks_again(page) == 200
    shows(page, "انتهت المرحلة")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_it_rests_while_hidden_and_asks_at_once_when_shown_again(page, case, cast):
    asked: list[str] = []
    assert asks_again(page) == 204
    page.wait_for_function("window.pauses.size")
    page.on("request", lambda request: asked.append(request.url) if "/timeline/" in request.url else None)
    page.evaluate(HIDDEN, True)
    moves.register(case, by=cast.registry)
    assert page.evaluate("window.pauses.size") == 0, "nothing is left that would make it ask"
    assert asked == []
    with page.expect_request(ASKED):
        page.evaluate(HIDDEN, False)
    shows(page, "قُيّد في سجل الوارد")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_by_the_clock_on_the_wall_too_nobody_has_to_do_anything(open_page, case, cast):
    page = open_page(cast.citizen)
    page.goto(f"/requests/{case.reference}/")
    page.evaluate("window.stayed = true")
    moves.register(case, by=cast.registry)
    shows(page, "قُيّد في سجل الوارد")
