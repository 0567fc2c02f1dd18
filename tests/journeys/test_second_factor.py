"""A new member of staff sets up the second factor, and signs in with it: by keyboard, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..conftest import PASSWORD
from ..totp import code_now
from .test_keyboard import Keys

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.parametrize("open_page", [(360, True), (1280, False)], indirect=True, ids=["scripts", "no scripts"]),
]
EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
SEND = "main form .actions .btn"


def knock(keys, user):
    """Ask for the workbench, and sign in with the password."""
    keys.page.goto("/staff/")
    keys.write("login", user.national_id)
    keys.write("password", PASSWORD)
    keys.go(SEND)


def sign_out(keys):
    keys.page.goto("/help/")
    keys.reach(".tool--menu > summary")
    keys.page.keyboard.press("Enter")
    keys.go("header form[action$='/logout/'] button")


def test_from_the_first_sign_in_to_a_lost_phone(open_page, cast, settings):
    settings.STAFF_MFA_REQUIRED = True
    page = open_page()
    keys = Keys(page)

    knock(keys, cast.reviewer)
    assert "/accounts/reauthenticate/" in page.url
    keys.write("password", PASSWORD)
    keys.go(SEND)
    secret = page.locator("#key").inner_text().replace(" ", "")
    keys.write("code", "123")
    keys.go(SEND)
    expect(page.locator(".notice--error")).to_be_visible()
    assert page.locator("#key").inner_text().replace(" ", "") == secret
    keys.write("code", code_now(secret).translate(EASTERN))
    keys.go(SEND)

    codes = page.locator("#codes li").all_inner_texts()
    assert len(codes) == 10
    copy = page.locator("[data-copy]")
    if copy.is_visible():
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        keys.press("[data-copy]")
        expect(page.locator("[data-copied]")).to_have_text("نُسخ.")
        assert page.evaluate("navigator.clipboard.readText()").split() == codes
    keys.go("main .btn[href$='/staff/']")
    assert page.url.endswith("/staff/")

    for code in (lambda: code_now(secret), lambda: codes[0]):
        sign_out(keys)
        knock(keys, cast.reviewer)
        keys.write("code", code())
        keys.go(SEND)
        assert page.url.endswith("/staff/")
        expect(page.locator("h1")).to_be_visible()

    sign_out(keys)
    knock(keys, cast.reviewer)
    keys.write("code", codes[0])
    keys.go(SEND)
    expect(page.locator(".notice--error")).to_be_visible()
