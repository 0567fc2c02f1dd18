"""What people carry home: receipt on A4 and on a slip of 80 mm, letter, minutes and permit, each on one page."""

from __future__ import annotations

import io
from typing import Any

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from .pages import PUBLIC, show
from .world import build, session_of

pytestmark = pytest.mark.embedded

MM = 72 / 25.4
A4, SLIP = (210, 297), (80, 230)
PAPERS = {"receipt": A4, "receipt-slip": SLIP}
PAPERS |= {shown.name: A4 for shown in PUBLIC if shown.name.startswith("paper-")}
# Text that shows in a colour: a printer without colours would say it paler, or not at all.
COLOURED = """() => [...document.querySelectorAll(":is(.receipt, .paper) *")].filter((element) => {
  const [red, green, blue] = getComputedStyle(element).color.match(/\\d+/g).map(Number);
  const said = [...element.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  return said && (red !== green || green !== blue);
}).map((element) => element.textContent.trim())"""


@pytest.fixture
def citizens_page(browser: Any, live_server: Any, cast: Any) -> Any:
    contexts = []

    def open_in(language: str, who: str) -> Page:
        context = browser.new_context(base_url=live_server.url)
        contexts.append(context)
        cookies = {"language": language, "sessionid": session_of(getattr(cast, who))}
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        return context.new_page()

    yield open_in
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_each_paper_is_one_page_of_its_size_and_needs_no_colour(language, citizens_page, cast, submitted):
    world = build(cast, submitted)
    pages = {who: citizens_page(language, who) for who in ("citizen", "establishment")}
    for shown in PUBLIC:
        if shown.name not in PAPERS:
            continue
        page = pages[shown.who]
        show(page, shown, world)
        page.emulate_media(media="print")
        assert page.evaluate(COLOURED) == [], shown.name
        assert page.locator(".notice:visible").count() == 0, "what goes on now is not for paper"
        printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
        sizes = [(round(sheet.mediabox.width / MM), round(sheet.mediabox.height / MM)) for sheet in printed]
        assert sizes == [PAPERS[shown.name]], (shown.name, sizes)
        page.emulate_media(media="screen")
