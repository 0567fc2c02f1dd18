"""The face: axe, narrow screens, twice the size. What a page weighs is in test_weight.py."""

from __future__ import annotations

import pytest

from .axe import violations
from .pages import PUBLIC, build, session_of, show

pytestmark = pytest.mark.embedded

# 640 is what is left of 1280 px at 200 % zoom; 320 is the narrowest phone.
WIDTHS = (320, 360, 640, 1280)
CONTRAST = ("color-contrast",)
# What does not depend on colour is read once a width, colours in both schemes.
LOOKS = {
    "ar": ((1280, "light", ()), (360, "dark", ()), (360, "light", CONTRAST), (1280, "dark", CONTRAST)),
    "en": ((360, "light", ()), (1280, "dark", CONTRAST)),
}
STICKS_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def world(cast, submitted):
    return build(cast, submitted)


def people(context, shown, cast, base_url):
    if shown.who:
        cookie = {"name": "sessionid", "value": session_of(getattr(cast, shown.who)), "url": base_url}
        context.add_cookies([cookie])


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_public_page_is_readable_for_everyone(language, browser, live_server, cast, world):
    """Arabic and English; 320, 360, 640 and 1280 px; light and dark."""
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    found = []
    context.on("console", lambda said: found.append(said.text) if "Content Security" in said.text else None)
    for shown in PUBLIC:
        context.clear_cookies()
        context.add_cookies([{"name": "language", "value": language, "url": live_server.url}])
        people(context, shown, cast, live_server.url)
        page = context.new_page()
        page.set_viewport_size({"width": 1280, "height": 900})
        show(page, shown, world)
        html = page.locator("html")
        direction = {"ar": "rtl", "en": "ltr"}[language]
        assert (html.get_attribute("lang"), html.get_attribute("dir")) == (language, direction), shown.name
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if out := page.evaluate(STICKS_OUT):
                found.append(f"{shown.name}: at {width} px it sticks out by {out} px")
        # The error pages are one component with other words: two of them are read in every look.
        alike = shown.name in ("error-400", "error-410", "error-413", "error-429", "error-500")
        for width, scheme, rules in LOOKS[language][: 1 if alike else None]:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found += [f"{shown.name} {width} {scheme}: {said}" for said in violations(page, *rules)]
        page.close()
    context.close()
    assert found == [], "\n".join(found)


def test_axe_does_see_grey_arabic_on_white(browser):
    """The canary: without our matcher axe passes this in silence."""
    page = browser.new_page()
    page.set_content(
        "<html lang='ar' dir='rtl'><title>ص</title><main><h1>أ</h1><p style='color:#ccc'>لون باهت لا يُقرأ</p></main>"
    )
    assert any("color-contrast" in said for said in violations(page))
    page.close()
