"""A refusal is objected to, somebody else upholds the objection, and the request is approved after all."""

from __future__ import annotations

from transactions.models import Objection, Transaction
from transactions.transitions import moves

from ..conftest import drive
from .conftest import follow
from .test_record import speak


def test_a_refusal_is_objected_to_upheld_and_approved(cast, submitted, open_page):
    case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
    case = moves.reject(case, reason="خارج النطاق", by=cast.supervisor)
    home = open_page(cast.citizen)
    language = "ar" if home.viewport_size["width"] < 700 else "en"
    speak(home, language)
    home.goto(f"/requests/{case.reference}/")
    follow(home.locator(".rights a[href$='/objection/']"))
    assert home.locator("html").get_attribute("lang") == language
    follow(home.locator("main form button[type=submit]:not([name=attach])"))  # without a word it is not sent
    home.locator("[name=reason]").fill("الموقع داخل النطاق، والمخطط مرفق")
    follow(home.locator("main form button[type=submit]:not([name=attach])"))
    assert home.locator(".rights .said").inner_text().strip() == "الموقع داخل النطاق، والمخطط مرفق"
    # Whoever refused it cannot decide; the central office's supervisor can.
    own = open_page(cast.supervisor)
    own.goto(f"/staff/cases/{case.reference}/")
    assert own.locator("form[action$='/uphold/']").count() == 0
    desk = open_page(cast.central_supervisor)
    speak(desk, language)
    desk.goto("/staff/objections/")
    follow(desk.locator(".queue__open").first)
    form = desk.locator("details:has(form[action$='/uphold/'])")
    form.locator("summary").click()
    form.locator("[name=reason]").fill("المخطط يثبت ذلك")
    follow(form.locator("button[type=submit]"))
    case = Transaction.objects.get(pk=case.pk)
    assert (case.status, case.objected_at) == ("awaiting_supervisor", None)
    own.goto(f"/staff/cases/{case.reference}/")
    form = own.locator("details:has(form[action$='/approve/'])")
    follow(form.locator("button[type=submit]"))
    assert Transaction.objects.get(pk=case.pk).approved_at is not None
    # The applicant reads it on the request and as a letter.
    home.goto(f"/requests/{case.reference}/")
    follow(home.locator(".rights a").last)
    assert "المخطط يثبت ذلك" in home.locator(".paper").inner_text()
    assert Objection.objects.get().outcome == "upheld"
