"""Played: a division in two with a mistake of two metres, found and mended before it is filed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from transactions.domain import service_types
from transactions.intake import drafts

from ..portal.test_plots import RIGHT, WRONG, division
from .axe import violations
from .conftest import fill, fits, follow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_mistake_of_two_metres_is_seen_before_filing(open_page, cast, live_server):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen)
    plain = division()
    page = open_page(cast.citizen)
    draft.answers = {
        name: plain[name] for name in ("deed_number", "deed_date", "plan_number", "parcel_number", "district")
    }
    draft.save()
    page.goto(f"/drafts/{draft.key}/plot/")
    page.locator("[name=corners]").fill(plain["corners"].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")))
    fill(page, {name: plain[name] for name in ("area_m2", "land_use", "villas")})
    for number, row in enumerate(plain["parts"]):
        typed = row | {"corners": WRONG[number]}
        for name, value in typed.items():
            page.locator(f"[name='parts-{number}-{name}']").fill(str(value))
    follow(page.get_by_role("button", name="حفظ وعرض الرسم"))
    expect(page.get_by_text("الجزء 2 يتداخل مع الجزء 1 في مساحة 60.00 م².").first).to_be_visible()
    assert page.locator(".plotted__line--overlap").count() == 1
    fits(page)
    if page.evaluate("() => 1") and page.context is not None:
        assert violations(page) == []
    for number, corners in enumerate(RIGHT):
        page.locator(f"[name='parts-{number}-corners']").fill(corners)
    follow(page.get_by_role("button", name="حفظ وعرض الرسم"))
    expect(page.get_by_text("يتداخل")).to_have_count(0)
    assert page.locator(".plotted__line--part").count() == 2
