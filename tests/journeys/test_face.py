"""The face: axe, narrow screens, twice the size. What a page weighs is in test_weight.py."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import expect

from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.intake import drafts

from ..conftest import pdf
from .axe import violations
from .conftest import PATIENCE
from .pages import PUBLIC
from .reading import CONTRAST, STICKS_OUT, read
from .world import build, session_of

pytestmark = pytest.mark.embedded

# What does not depend on colour is read once a width, colours, which are those of every language, once a look;
# bin/test --screens reads everything.
READ_IN = {
    "ar": (
        (1280, "light", ()),
        (360, "dark", CONTRAST),
        (1280, "dark", CONTRAST),
        (360, "forced", CONTRAST),
    ),
    "en": ((360, "light", ()),),
}
# The error pages are one component with other words: two of them are read in every look.
ALIKE = [shown for shown in PUBLIC if shown.name.startswith("error-") and shown.name not in ("error-403", "error-503")]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_public_page_is_readable_for_everyone(language, browser, live_server, cast, submitted):
    people = {"language": language, "cast": cast, "world": build(cast, submitted)}
    pages = [shown for shown in PUBLIC if shown not in ALIKE]
    found = read(browser, live_server.url, pages, READ_IN[language], **people)
    found += read(browser, live_server.url, ALIKE, READ_IN[language][:1], **people)
    assert found == [], "\n".join(found)


def test_axe_does_see_grey_arabic_on_white(browser):
    """The canary: without our matcher axe passes this in silence."""
    page = browser.new_page()
    page.set_content(
        "<html lang='ar' dir='rtl'><title>ص</title><main><h1>أ</h1><p style='color:#ccc'>لون باهت لا يُقرأ</p></main>"
    )
    assert any("color-contrast" in said for said in violations(page))
    page.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_mistake_leads_to_its_box(scripts, browser, live_server, cast):
    """Enter on a line of the list of mistakes puts the cursor into the box, with its question still to be seen."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 640}, java_script_enabled=scripts
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": "sessionid", "value": session_of(cast.citizen), "url": live_server.url}])
    page = context.new_page()
    for code in ("electricity-connection", "land-subdivision"):
        service = service_types.get(code)
        draft = drafts.start_draft(service, by=cast.citizen)
        for step in service.steps:
            page.goto(f"/drafts/{draft.key}/{step.code}/")
            page.locator("main form .actions .btn").first.click()
            links = page.locator(".notice--error a")
            expect(page.locator(".notice--error")).to_be_focused()
            for number in range(links.count()):
                links.nth(number).focus()
                page.keyboard.press("Enter")
                box = page.locator("main :is(input, select, textarea):focus")
                expect(box).to_have_count(1)
                assert box.get_attribute("id") == links.nth(number).get_attribute("href").removeprefix("#")
                described = box.get_attribute("aria-describedby") or box.locator(
                    "xpath=ancestor::fieldset"
                ).first.get_attribute("aria-describedby")
                assert "_error" in described
                question = page.locator(
                    f".field:has(#{box.get_attribute('id')}) .field__label, .choice:has(:focus)"
                ).first
                expect(question).to_be_in_viewport()
    context.close()


def test_a_file_is_looked_at_before_it_is_sent(browser, live_server, cast):
    """Its kind and size are there at once, its picture only when it is asked for."""
    draft = drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen)
    attachments.attach_to_draft(draft, "id_copy", SimpleUploadedFile("هوية.pdf", pdf()), by=cast.citizen)
    context = browser.new_context(base_url=live_server.url, viewport={"width": 360, "height": 640})
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": "sessionid", "value": session_of(cast.citizen), "url": live_server.url}])
    page = context.new_page()
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "/preview/" in request.url else None)
    page.goto(f"/drafts/{draft.key}/check/", wait_until="networkidle")
    shown = page.locator(".shown")
    expect(shown.locator(".file__meta")).to_contain_text("PDF")
    assert fetched == []
    shown.locator("summary").press("Enter")
    expect(shown.locator("img")).to_have_js_property("complete", True)
    assert shown.locator("img").evaluate("picture => picture.naturalWidth") > 100
    assert page.evaluate(STICKS_OUT) == 0
    context.close()


MIRRORED = """area => {
    const style = selector => getComputedStyle(area.querySelector(selector));
    return [style(".picture__plot").transform, style("input[dir=ltr]").textAlign];
}"""


def test_each_half_of_the_design_page_goes_by_its_own_direction(browser, live_server, cast):
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/design/")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("section[dir=rtl]").evaluate(MIRRORED) == ["matrix(-1, 0, 0, 1, 0, 0)", "end"]
    assert page.locator("section[dir=ltr]").evaluate(MIRRORED) == ["none", "start"]
    context.close()
