"""What stands on the first screen, and how it is reached without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from transactions.domain import service_types

from .world import session_of

pytestmark = pytest.mark.embedded
PHONE, DESKTOP = (360, 640), (1280, 720)
ROW = 90  # pixels: one row of the header, with its lattice
# Where the icon of a warning ends and where its words begin, both from the side one reads from.
ICON_AND_WORDS = """() => {
  const list = document.createElement("ul");
  list.className = "messagelist";
  list.innerHTML = "<li class='warning'>" + "word ".repeat(80) + "</li>";
  document.querySelector("#content-start").prepend(list);
  const row = list.firstChild, style = getComputedStyle(row);
  const at = style.backgroundPositionX, size = parseFloat(style.backgroundSize);
  const offset = parseFloat(at.match(/(-?[0-9.]+)px/)[1]);
  return [Math.abs(offset) + size, parseFloat(style.paddingInlineStart)];
}"""


@pytest.fixture
def window(browser, live_server):
    contexts = []

    def open_in(size, *, scripts=False, user=None, language="ar"):
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        cookies = {"language": language} | ({"sessionid": session_of(user)} if user else {})
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        return context.new_page()

    yield open_in
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_service_is_begun_from_the_first_screen(size, language, window, city):
    page = window(size, language=language)
    for service in service_types.offered_services():
        page.goto(f"/services/{service.code}/")
        start = page.locator(".start .btn").first
        box = start.bounding_box()
        assert box["y"] + box["height"] <= size[1], (service.code, box)
        assert box["height"] >= 44


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("signed_in", [False, True], ids=["nobody", "somebody"])
def test_the_header_is_one_row_and_its_menu_needs_no_script(signed_in, language, window, cast):
    page = window(PHONE, user=cast.citizen if signed_in else None, language=language)
    page.goto("/help/")
    assert page.locator(".header").bounding_box()["height"] <= ROW
    menu = page.locator(".tool--menu")
    expect(menu.locator(".nav__link").first).to_be_hidden()
    menu.locator("> summary").click()
    expect(menu.locator(".nav__link").first).to_be_visible()
    if signed_in:
        expect(menu.locator("[data-sign-out] button")).to_be_visible()
    menu.locator(".nav__link").first.click()
    page.wait_for_url("**/services/")


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("who", ["citizen", "engineer", "reviewer"])
def test_the_places_of_everybody_fit_in_one_row(who, language, window, cast):
    person = getattr(cast, who)
    person.full_name = "عبدالرحمن " * 9
    person.save()
    page = window(DESKTOP, user=person, language=language)
    page.goto("/requests/")
    for width in (992, 1100, 1280, 1366, 1920):
        page.set_viewport_size({"width": width, "height": 720})
        assert page.locator(".header").bounding_box()["height"] <= ROW, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.locator("header > * > .nav .nav__link").last).to_be_in_viewport(ratio=1)
        expect(page.locator(".tool--menu > summary")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_workbench_has_one_row_on_a_phone_and_its_menu_is_reached_by_keys(language, window, cast):
    page = window(PHONE, user=cast.supervisor, language=language)
    page.goto("/staff/")
    assert page.locator("#header").bounding_box()["height"] <= 48
    places = page.locator(".staff-nav--places a")
    expect(places.first).to_be_hidden()
    page.locator("[popovertarget]").focus()
    page.keyboard.press("Enter")
    expect(places.last).to_be_visible()
    for part in page.locator("#header :is(a, button):visible").all():
        box = part.bounding_box()
        assert min(box["width"], box["height"]) >= 44, part.inner_text()
    page.keyboard.press("Escape")
    expect(places.first).to_be_hidden()
    page.keyboard.press("Enter")
    places.nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/supervision/**")
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    expect(page.locator("[popovertarget]")).to_be_hidden()
    expect(places.first).to_be_visible()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_icon_of_a_message_stands_before_its_words(language, window, cast):
    page = window(PHONE, user=cast.supervisor, language=language)
    page.goto("/staff/")
    for width in (360, 800, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        ends, begins = page.evaluate(ICON_AND_WORDS)
        assert ends <= begins, (width, ends, begins)


def test_search_opens_without_a_script_and_finds(window, city):
    page = window(PHONE)
    page.goto("/help/")
    page.locator(".header summary").first.click()
    page.locator(".site-search [name=q]").fill("كهرباء")
    page.locator(".site-search [name=q]").press("Enter")
    page.wait_for_url("**/search/**")
    expect(page.locator(".card__title").first).to_contain_text("التيار")


def test_the_other_calendar_is_shown_when_it_is_asked_for(window, cast, submitted):
    case = submitted()
    page = window(DESKTOP, user=cast.citizen)
    page.goto(f"/requests/{case.reference}/")
    other = page.locator(".timeline .date__more").first
    expect(other).to_be_hidden()
    page.locator(".calendars__box").check()
    expect(other).to_be_visible()
    expect(other).to_contain_text("هـ")
