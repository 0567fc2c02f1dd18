"""The whole way of a figure that was wrong: opened by a return, changed by the applicant, approved, printed."""

from __future__ import annotations

import os

import pytest
from django.conf import settings

from transactions.models import Transaction

from ..conftest import STEP, drive
from .conftest import follow


def speak(page, language):
    """Choose the language of the pages, as its button does."""
    page.goto("/")
    url = page.url
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": url}])


def shot(page, name, language):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}-{language}-{page.viewport_size['width']}.png", full_page=True)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_figure_is_put_right_and_the_minutes_print_it(language, cast, submitted, open_page):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    for person in (cast.citizen, cast.reviewer):
        person.language = language
        person.save()
    desk, home = open_page(cast.reviewer), open_page(cast.citizen)
    for page in (desk, home):
        speak(page, language)
    # The reviewer asks in their own words, and says what may be changed.
    desk.goto(f"/staff/cases/{case.reference}/")
    form = desk.locator("details:has(form[action$='/return/'])").first
    form.locator("summary").click()
    form.locator("[name=own][value=own-1]").check()
    form.locator("[name=own-1]").fill("المساحتان في المخطط 460 و440")
    form.locator("[name=opens-1][value=parts]").check()
    shot(desk, "return", language)
    follow(form.locator("button[type=submit]").last)
    # The applicant finds the boxes as they stand, and changes two of them.
    home.goto(f"/requests/{case.reference}/answer/")
    assert home.locator("html").get_attribute("lang") == language
    assert home.locator("[name=parts-0-area_m2]").input_value() == "450"
    home.locator("[name=parts-0-area_m2]").fill("٤٦٠")
    home.locator("[name=parts-1-area_m2]").fill("440")
    assert home.locator("[name=land_use]").count() == 0
    shot(home, "answer", language)
    follow(home.locator("main form .actions button[type=submit]").first)
    shot(home, "request", language)
    case = Transaction.objects.get(pk=case.pk)
    assert (case.status, case.answers_version) == ("under_tech_audit", 2)
    # Old beside new, for both.
    desk.goto(f"/staff/cases/{case.reference}/")
    for page in (desk, home):
        assert page.locator(".changes__row").count() == 2
        assert "450" in page.locator(".changes__row del").first.inner_text()
        assert "460" in page.locator(".changes__row ins").first.inner_text()
    shot(desk, "case", language)
    # And what is signed is what was approved.
    drive(case, cast, "issued", case.events.last().at + STEP)
    home.goto(f"/requests/{case.reference}/documents/subdivision-minutes/")
    paper = home.locator("article.paper").inner_text()
    assert ("460" in paper, "440" in paper, "450" in paper) == (True, True, False)
    shot(home, "minutes", language)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_slip_is_corrected_on_record_from_the_case(language, cast, submitted, open_page):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    desk = open_page(cast.reviewer)
    speak(desk, language)
    desk.goto(f"/staff/cases/{case.reference}/")
    details = desk.locator("details.move:has(a[href*='/correct/'])")
    details.locator("summary").click()
    follow(details.locator("a[href*='/correct/']"))
    shot(desk, "correct", language)
    desk.locator("[name=area_m2]").fill("905")
    follow(desk.locator("main form .actions button, #content form .actions button").first)
    # Without a reason nothing is done, and what was typed stays.
    assert desk.locator("[name=area_m2]").input_value() == "905"
    desk.locator("[name=reason]").fill("كما في الصك")
    follow(desk.locator("main form .actions button, #content form .actions button").first)
    assert "905" in desk.locator(".changes__row ins").inner_text()
    assert Transaction.objects.get(pk=case.pk).answers["area_m2"] == "905"
    shot(desk, "corrected", language)
