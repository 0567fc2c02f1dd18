"""A request's page that stays open tells by itself what happens, and asks nobody while nobody looks at it.

How long that takes is the page's promise and not the machine's: each pause it makes must be of a second at most, and
what has happened must show with the next time it asks. The pauses end when the test says so.
"""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from transactions.models import Transaction
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from .conftest import arrived, follow

SCRIPTS = [(360, True), (1280, True)]
MOST_MS, LATE_MS = 1000, 15_000
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
def case(worker, submitted) -> Transaction:
    return arrived(submitted(now=timezone.now(), routed=False))


@pytest.fixture
def page(cast, case, open_page) -> Page:
    """The applicant looks at their request; `stayed` is gone should the page be loaded anew."""
    page = open_page(cast.citizen)
    page.add_init_script(PAUSES)
    page.goto(f"/requests/{case.reference}/")
    page.evaluate("window.stayed = true")
    return page


@pytest.fixture
def asked(page) -> list[str]:
    """The address of each question the page asks from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/timeline/?" in request.url else None)
    return asked


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
    shows(page, "اكتملت مرحلة «الدراسة في البلدية الفرعية»")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_it_rests_while_hidden_and_asks_at_once_when_shown_again(page, case, cast, asked):
    assert asks_again(page) == 204
    page.wait_for_function("window.pauses.size")
    asked.clear()
    page.evaluate(HIDDEN, True)
    moves.register(case, by=cast.registry)
    assert page.evaluate("window.pauses.size") == 0, "nothing is left that would make it ask"
    assert asked == []
    with page.expect_request(ASKED):
        page.evaluate(HIDDEN, False)
    shows(page, "قُيّد في سجل الوارد")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_what_has_to_be_done_shows_with_its_button(page, case, cast):
    case = moves.register(case, by=cast.registry)
    code = case.service_type.deficiencies[0].code
    moves.return_for_completion(case, deficiencies=[RequestedCompletion(code)], by=cast.reviewer)
    assert asks_again(page) == 200
    button = page.get_by_role("link", name="استكمال ما طُلب")
    expect(button).to_be_visible()
    assert page.evaluate("window.stayed")
    follow(button)
    assert page.url.endswith("/answer/")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_a_part_somebody_has_opened_waits_for_them_and_is_not_asked_for_each_second(page, case, cast):
    opened = page.locator("[data-live=where] summary")
    opened.click()
    moves.register(case, by=cast.registry)
    assert asks_again(page) == 200
    shows(page, "قُيّد في سجل الوارد")
    page.wait_for_function("window.pauses.size")
    assert page.evaluate("[...window.pauses.values()].map(pause => pause.wait)") == [LATE_MS]
    assert page.locator("[data-live=where] details").get_attribute("open") is not None
    opened.click()
    page.locator("h1").click()
    expect(page.locator("[data-live=where]")).to_contain_text("قيد الدراسة")


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
@pytest.mark.parametrize("end", ["signed out", "closed"])
def test_it_asks_no_more_when_there_is_nothing_left_to_hear(page, case, cast, asked, end):
    if end == "closed":
        moves.withdraw(case, by=cast.citizen, reason="")
        assert asks_again(page) == 200
        shows(page, "سُحب")
    else:
        Session.objects.all().delete()
        with page.expect_response("**/accounts/login/**"):
            assert asks_again(page) == 302
    page.evaluate("fetch('/healthz').then(() => null)")  # an answer later the page has read the last one
    asked.clear()
    page.evaluate("for (const pause of window.pauses.values()) pause.then()")
    page.evaluate(HIDDEN, False)
    page.evaluate("new Promise(done => setTimeout(done, 200))")
    assert asked == []


@pytest.mark.parametrize("open_page", SCRIPTS[:1], indirect=True, ids=["360"])
def test_by_the_clock_on_the_wall_too_nobody_has_to_do_anything(open_page, case, cast):
    page = open_page(cast.citizen)
    page.goto(f"/requests/{case.reference}/")
    page.evaluate("window.stayed = true")
    moves.register(case, by=cast.registry)
    shows(page, "قُيّد في سجل الوارد")
