"""A fee is paid at the simulated bank, and the request says so by itself: with scripts where it stayed open, without
them on the way back from the bank.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ..accounts.sign_on_simulator import running
from ..conftest import drive
from .axe import violations
from .conftest import follow
from .languages import foreign_words
from .simulated import known_to, lose_notices

pytestmark = pytest.mark.embedded
WAYS = [(360, True, "ar"), (360, False, "ar"), (1280, True, "en"), (1280, False, "en")]
PAID = {"ar": "مسدَّد", "en": "Paid"}


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with running(tmp_path_factory.mktemp("simulators")) as simulator:
        yield simulator


@pytest.fixture
def simulator(serving, settings, live_server):
    with known_to(live_server.url, serving, settings):
        yield serving


@pytest.fixture
def unpaid(simulator, submitted, cast, worker):
    """A request that waits for its fee, with its bill at the bank."""
    case = drive(submitted("building-permit", now=timezone.now()), cast, "awaiting_payment", timezone.now())
    for _each in range(100):
        if case.fee.bills.filter(state="issued").exists():
            return case
        threading.Event().wait(0.1)
    raise AssertionError("the bill was never issued")


def looks_good(page, name, language, scripts):
    """Nothing in the other language, nothing axe objects to, nothing that sticks out; a picture when one is wanted."""
    if folder := os.environ.get("PAYING_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}-{language}-{scripts}.png", full_page=True)
    if scripts:
        assert foreign_words(page, language) == set()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize(
    ("open_page", "language"),
    [((width, scripts), language) for width, scripts, language in WAYS],
    indirect=["open_page"],
    ids=[f"{language}-{width}-{'scripts' if scripts else 'no scripts'}" for width, scripts, language in WAYS],
)
def test_a_citizen_pays_and_sees_it(open_page, language, simulator, unpaid, cast, live_server, request):
    scripts = "no scripts" not in request.node.name
    page = open_page(cast.citizen)
    page.context.add_cookies([{"name": "language", "value": language, "url": live_server.url}])
    page.goto(f"/requests/{unpaid.reference}/")
    bill = page.locator(".bill")
    expect(bill).to_contain_text("1,741.50")
    looks_good(page, "to-pay", language, scripts)
    to_bank = bill.locator("a[href*='/bank/?bill=']")
    if scripts:
        page.evaluate("window.stayed = true")
        bank = page.context.new_page()
        bank.goto(to_bank.get_attribute("href"))
    else:
        lose_notices(simulator)
        bank = page
        follow(to_bank)
    assert "Simulator" in bank.locator("body").inner_text()
    follow(bank.locator("form[action$='/pay'] button").first)
    if scripts:  # the page that stayed open learns it from the bank's notice
        expect(page.locator("[data-live=fee] .tag--success")).to_have_text(PAID[language])
        expect(bill).to_have_count(0)
        assert page.evaluate("window.stayed")
    follow(bank.locator("a[href$='/bill/returned/']"))
    expect(bank).to_have_url(f"{live_server.url}/requests/{unpaid.reference}/")
    expect(bank.locator("[data-live=fee] .tag--success")).to_have_text(PAID[language])
    looks_good(bank, "paid", language, scripts)
    unpaid.refresh_from_db()
    assert unpaid.status == "approved"
