"""The national sign-on, from the service's page into the draft: both languages, phone and desktop, with scripts and
without; and what is seen when it does not work.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.assurance import Level
from accounts.models import User

from ..accounts.sign_on_simulator import running
from ..conftest import national_id
from .axe import violations
from .languages import foreign_words

pytestmark = pytest.mark.embedded
WHO = national_id(961)
SEND = "main form .actions .btn"


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with running(tmp_path_factory.mktemp("simulators")) as simulator:
        yield simulator


@pytest.fixture
def simulator(serving, settings):
    serving.begin_anew()
    serving.connect(settings)
    return serving


def look(page, name, language, scripts):
    """Nothing in the other language, nothing axe objects to, nothing that sticks out; a picture when one is wanted."""
    assert foreign_words(page, language) == set() if scripts else True
    assert violations(page) == [] if scripts else True
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if folder := os.environ.get("SIGN_ON_PICTURES"):
        width = page.viewport_size["width"]
        page.screenshot(path=Path(folder) / f"{name}-{language}-{width}-{scripts}.png", full_page=True)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("open_page", [(360, True), (1280, False)], indirect=True, ids=["scripts", "no scripts"])
def test_from_a_service_by_the_app_into_the_draft(open_page, live_server, simulator, city, language, request):
    page = open_page()
    scripts = "no scripts" not in request.node.name
    page.context.add_cookies([{"name": "language", "value": language, "url": live_server.url}])
    page.goto("/services/electricity-connection/")
    page.locator("form[action$='/apply/electricity-connection/'] button").first.click()
    look(page, "door", language, scripts)
    page.locator(f"main a[href^='{reverse('accounts:sign_on')}']").first.click()
    page.fill("[name=national_id]", WHO)
    look(page, "who", language, scripts)
    page.locator(SEND).first.click()
    number = page.locator(".sign-on-number")
    expect(number).to_have_text(next(iter(simulator.requests().values()))["random"])
    look(page, "number", language, scripts)
    simulator.pick()
    if not scripts:
        page.wait_for_timeout(3100)
        page.locator(f"main a[href='{reverse('accounts:sign_on_wait')}']").click()
        look(page, "confirmed", language, scripts)
        page.locator(SEND).first.click()
    expect(page.locator("[name=phone]")).to_be_visible()
    look(page, "mobile", language, scripts)
    page.locator("main form .actions a").click()
    expect(page).to_have_url(re.compile("/drafts/"))
    assert User.objects.get(national_id=WHO).assurance == Level.NATIONAL


@pytest.mark.parametrize("open_page", [(360, True), (1280, False)], indirect=True, ids=["scripts", "no scripts"])
def test_what_differs_is_asked_and_a_rejection_is_said(open_page, simulator, cast, request):
    scripts = "no scripts" not in request.node.name
    page = open_page()
    page.goto(reverse("accounts:sign_on"))
    page.fill("[name=national_id]", cast.other_citizen.national_id)
    page.locator(SEND).first.click()
    expect(page.locator(".sign-on-number")).to_be_visible()
    simulator.pick("reject")
    if not scripts:
        page.wait_for_timeout(3100)
        page.locator(f"main a[href='{reverse('accounts:sign_on_wait')}']").click()
    again = page.locator(f"main .actions a[href='{reverse('accounts:sign_on')}']")
    expect(again).to_be_visible()
    look(page, "rejected", "ar", scripts)
    again.click()
    page.fill("[name=national_id]", cast.other_citizen.national_id)
    page.locator(SEND).first.click()
    simulator.pick()
    if not scripts:
        page.wait_for_timeout(3100)
        page.locator(f"main a[href='{reverse('accounts:sign_on_wait')}']").click()
    expect(page.locator("[name=phone][value=mine]")).to_be_attached()
    look(page, "questions", "ar", scripts)
    page.locator(SEND).first.click()
    expect(page.locator(".notice--error")).to_be_visible()
    page.locator("[name=phone][value=mine]").check()
    page.locator("[name=name][value=register]").check()
    page.locator(SEND).first.click()
    expect(page).to_have_url(re.compile("/requests/$"))
