"""The whole request on one page shows a question while the answers before it make it count, however they are asked."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from municipality.models import Office
from transactions.domain import service_types
from transactions.intake import drafts

from .world import session_of

pytestmark = pytest.mark.embedded


def test_a_question_comes_and_goes_with_choices_of_several_and_numbers(browser, live_server, cast):
    centre = Office.objects.get(code="SC01")
    shop = service_types.get("shop-licence")
    draft = drafts.start_draft(shop, by=cast.clerk, applicant=cast.establishment, centre=centre)
    context = browser.new_context(base_url=live_server.url)
    context.add_cookies([{"name": "sessionid", "value": session_of(cast.clerk), "url": live_server.url}])
    page = context.new_page()
    page.goto(f"/staff/counter/{draft.key}/")
    lease, deed = page.locator("[name=lease_ends]"), page.locator("[name=deed_number]")
    cylinders, safety = page.locator("[name=cylinders]"), page.locator("input[name=fire_safety]:not([capture])")
    for box in (lease, deed, cylinders):
        expect(box).to_be_hidden()
    page.check("[name=holding][value=lease]")
    expect(lease).to_be_visible()
    expect(deed).to_be_hidden()
    page.check("[name=activities][value=grocery]")
    expect(cylinders).to_be_hidden()
    expect(safety).to_be_disabled()
    page.check("[name=activities][value=bakery]")
    expect(cylinders).to_be_visible()
    expect(safety).to_be_enabled()
    page.uncheck("[name=activities][value=bakery]")
    expect(cylinders).to_be_hidden()
    for typed, asked in (("100", False), ("١٠٠٫٥", True), ("many", False), ("101", True)):
        page.fill("[name=area_m2]", typed)
        page.locator("[name=area_m2]").blur()
        expect(safety).to_be_enabled() if asked else expect(safety).to_be_disabled()
    context.close()
