"""What is typed is in the window until a server has answered to it: no network, another language, the way back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Draft

SUBDIVISION = service_types.get("land-subdivision")
SCRIPTED = pytest.mark.parametrize("open_page", [(360, True)], indirect=True)
KEPT = "ما كتبته هنا ولم يُحفظ"


@pytest.fixture
def draft(cast) -> Draft:
    return drafts.start_draft(SUBDIVISION, by=cast.citizen)


def place(draft: Draft) -> str:
    code = next(step.code for step in SUBDIVISION.steps if any(spec.name == "plan_number" for spec in step.fields))
    return f"/drafts/{draft.key}/{code}/"


def kept(page: Page) -> list[str]:
    return page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('typed:'))")


@SCRIPTED
def test_a_press_without_a_network_loses_nothing(cast, open_page, draft):
    page = open_page(cast.citizen)
    page.goto(place(draft))
    page.locator("[name=plan_number]").fill("415")
    page.context.set_offline(True)
    page.locator("form:has([name=plan_number]) .actions .btn").first.click()
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.goto(place(draft))
    expect(page.locator("[name=plan_number]")).to_have_value("415")
    expect(page.locator(".notice", has_text=KEPT)).to_be_visible()

    page.locator("form:has([name=plan_number]) [name=later]").click()
    page.wait_for_url("**/requests/**")
    assert kept(page) == []
    draft.refresh_from_db()
    assert draft.answers["plan_number"] == "415"
    page.goto(place(draft))
    expect(page.locator(".notice", has_text=KEPT)).to_have_count(0)


@SCRIPTED
def test_the_language_button_loses_nothing(cast, open_page, draft):
    page = open_page(cast.citizen)
    page.goto(place(draft))
    page.locator("[name=plan_number]").fill("415")
    page.locator("[data-language] button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("[name=plan_number]")).to_have_value("415")


@SCRIPTED
def test_the_language_button_loses_nothing_of_a_page_that_was_refused(cast, open_page):
    page = open_page(cast.citizen)
    page.goto("/profile/")
    page.locator("[name=email]").fill("owner@example")
    page.locator("form:has([name=email]) button").click()
    expect(page.locator("[aria-invalid]").first).to_be_visible()
    page.locator("[data-language] button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("[name=email]")).to_have_value("owner@example")


@SCRIPTED
def test_it_can_be_cleared_and_is_nobody_elses(cast, open_page, draft):
    page = open_page(cast.citizen)
    page.goto(place(draft))
    page.locator("[name=plan_number]").fill("415")
    page.goto("/help/")
    page.goto(place(draft))
    page.locator(".notice", has_text=KEPT).get_by_role("button").click()
    expect(page.locator("[name=plan_number]")).to_have_value("")
    page.locator("[name=plan_number]").fill("416")
    page.goto("/requests/")
    page.locator(".tool--menu > summary").click()
    page.locator("[data-sign-out] button").click()
    page.wait_for_load_state()
    assert kept(page) == []


@SCRIPTED
def test_no_secret_is_kept(cast, open_page):
    page = open_page(None)
    for address, box, typed in (("/accounts/login/", "login", "1000000008"), ("/inquiry/", "pin", "K7PQ2M")):
        page.goto(address)
        page.locator(f"[name={box}]").first.fill(typed)
        assert page.evaluate("JSON.stringify(sessionStorage)") == "{}", address


@SCRIPTED
def test_at_the_counter_too(cast, open_page):
    page = open_page(cast.clerk)
    page.goto("/staff/counter/")
    page.locator("[name=national_id]").fill("1000000008")
    page.context.set_offline(True)
    page.evaluate("document.querySelector('[name=national_id]').form.requestSubmit()")
    page.wait_for_timeout(200)
    page.context.set_offline(False)
    page.goto("/staff/counter/")
    expect(page.locator("[name=national_id]")).to_have_value("1000000008")
