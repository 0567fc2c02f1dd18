"""The whole way of a building permit, without leaving the browser: signed on with the app, an office authorised, the
file approved, returned and completed, the fee paid at the bank, the permit signed, and verified by a stranger.

The owner reads Arabic on a phone, or English at a desk; the office and the municipality read Arabic.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import expect

from municipality.models import District
from transactions.models import Transaction

from ..accounts.sign_on_simulator import running
from ..conftest import answers_today, national_id
from .conftest import attach, fill, follow, move, required, until
from .languages import foreign_words
from .simulated import known_to

pytestmark = pytest.mark.embedded
WHO = national_id(962)
# An owner without scripts is on the way too: what only they see are the buttons instead of what comes by itself.
WAYS = [(360, True, "ar"), (1280, False, "en")]
DEED = ("deed_number", "deed_date", "plan_number", "parcel_number")
PLOT = ("plot_area_m2", "frontage_m", "street_width_m", "land_use", "survey_date")
HOUSE = ("building_type", "floors", "ground_area_m2", "total_area_m2", "units", "parking")


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with running(tmp_path_factory.mktemp("simulators")) as simulator:
        yield simulator


@pytest.fixture
def simulator(serving, settings, live_server):
    with known_to(live_server.url, serving, settings):
        yield serving


class Owner:
    """Somebody with a browser and the app of the national sign-on in their hand, who reads one language."""

    def __init__(self, page, language, url, simulator):
        self.page, self.language, self.simulator = page, language, simulator
        page.context.add_cookies([{"name": "language", "value": language, "url": url}])

    def press(self, words):
        """A button, by its words in their language."""
        with translation.override(self.language):
            name = gettext(words)
        follow(self.page.get_by_role("button", name=name, exact=True).last)

    def looks(self, name):
        """Nothing in the other language; a picture when one is wanted."""
        page = self.page
        if folder := os.environ.get("WHOLE_WAY_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{self.language}.png", full_page=True)
        box = page.locator("main").bounding_box()
        assert box["width"] <= page.viewport_size["width"]
        assert page.locator("html").get_attribute("lang") == self.language
        if self.language == "ar":  # without scripts nobody can be asked for the words of a page
            assert foreign_words(page, "ar") == set()

    def reload_until(self, css, seconds=60):
        """Another process does it meanwhile."""
        for _each in range(seconds * 4):
            if self.page.locator(css).count():
                return self.page.locator(css).first
            self.page.wait_for_timeout(250)
            self.page.reload()
        raise AssertionError(f"{css} never showed on {self.page.url}")

    def signs_on(self):
        page = self.page
        page.goto("/services/building-permit/")
        follow(page.locator(f"main a[href='{reverse('accounts:authorisations')}']").first)
        follow(page.locator(f"main a[href^='{reverse('accounts:sign_on')}']").first)
        page.fill("[name=national_id]", WHO)
        follow(page.locator("main form .actions .btn").first)
        expect(page.locator(".sign-on-number")).to_be_visible()
        self.looks("number")
        self.simulator.pick()
        if self.language == "en":  # no scripts: by hand
            page.wait_for_timeout(3100)
            follow(page.locator(f"main a[href='{reverse('accounts:sign_on_wait')}']"))
            follow(page.locator("main form .actions .btn").first)
        expect(page.locator("[name=phone]")).to_be_visible()
        follow(page.locator("main form .actions a"))

    def authorises(self, licence):
        page = self.page
        page.fill("main [name=q]", licence.lower())
        follow(page.locator("button[name=find]"))
        page.check(f"[name=licence_number][value='{licence}']")
        for name, value in (("plan_number", "415"), ("parcel_number", "27")):
            page.fill(f"[name={name}]", value)
        self.looks("authorise")
        self.press("Authorise")

    def approves(self):
        """The file the office has prepared; returns the number of the receipt."""
        page = self.page
        page.goto("/requests/")
        follow(page.locator(".request--waits a[href$='/check/']"))
        self.looks("check")
        self.press("Approve and submit")
        page.locator(".receipt__number").wait_for()
        self.looks("receipt")
        return page.locator(".receipt__number").inner_text()

    def completes(self, paper):
        page = self.page
        self.reload_until(".deficiencies, a[href$='/answer/']")
        follow(page.locator("main a[href$='/answer/']").first)
        page.locator("main textarea").first.fill("أرفقت نسخة واضحة" if self.language == "ar" else "A clear copy")
        self.looks("answer")
        page.locator("main input[type=file]:not([capture])").first.set_input_files(paper)
        self.press("Send the answers")

    def pays(self):
        page = self.page
        follow(self.reload_until(".bill a[href*='/bank/?bill=']"))
        follow(page.locator("form[action$='/pay'] button").first)
        follow(page.locator("a[href$='/bill/returned/']"))
        expect(page.locator("[data-live=fee] .tag--success")).to_be_visible()
        self.looks("paid")

    def downloads(self, reference, kind, pk):
        page = self.page
        page.goto(f"/requests/{reference}/documents/{kind}/")
        link = self.reload_until(f"a[href$='{reverse('transactions:paper', args=[reference, pk])}'] + .file__meta")
        self.looks("permit")
        with page.expect_download() as download:
            link.locator("xpath=preceding-sibling::a").click()
        return Path(download.value.path()).read_bytes()


def prepare(office, papers):
    """What the engineering office types and attaches, up to the look of the owner."""
    answers = answers_today("building-permit")
    office.goto("/office/authorisations/")
    follow(office.get_by_role("button", name="قبول"))
    office.goto("/office/")
    follow(office.locator("form[action$='/apply/building-permit/'] button").first)
    follow(office.locator(".tasks a").first)
    fill(office, {name: answers[name] for name in DEED} | {"district": District.objects.get(code="SHR-01").name_ar})
    for names in (PLOT, HOUSE):
        fill(office, {name: answers[name] for name in names})
    attach(office, {document.code: papers["paper"] for document in required("building-permit")})
    follow(office.get_by_role("button", name="راجعوا إجاباتكم"))
    follow(office.get_by_role("button", name="إرسال إلى المالك للموافقة"))


def verified(page, language, pdf, number):
    """A stranger has the file, then only the print, with the last digits of the holder's ID."""
    page.goto(reverse("journal:verify"))
    page.set_input_files("[name=file]", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": pdf})
    follow(page.locator(f"form[action='{reverse('transactions:verify_upload')}'] button"))
    expect(page.locator("main .notice--success").first).to_be_visible()
    assert number in page.locator("main").inner_text()
    page.goto(reverse("journal:verify"))
    form = page.locator(f"form[action='{reverse('transactions:verify_number')}']")
    form.locator("input:not([type=hidden])").nth(0).fill(number)
    form.locator("input:not([type=hidden])").nth(1).fill(WHO[-4:])
    follow(form.locator("button"))
    assert number in page.locator("main").inner_text()
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize(
    ("open_page", "language"),
    [((width, scripts), language) for width, scripts, language in WAYS],
    indirect=["open_page"],
    ids=[language for _width, _scripts, language in WAYS],
)
def test_from_the_sign_on_to_a_permit_that_a_stranger_verifies(
    open_page, language, simulator, cast, live_server, papers
):
    owner = Owner(open_page(), language, live_server.url, simulator)
    owner.signs_on()
    owner.authorises("ENG-1")
    prepare(open_page(cast.engineer), papers)
    reference = owner.approves()
    registry, reviewer = open_page(cast.registry), open_page(cast.reviewer)
    owner.page.goto(f"/requests/{reference}/")
    registry.goto(f"/staff/cases/{reference}/")
    until(registry, "قيد")
    move(registry, reference, "register")
    move(reviewer, reference, "return", **{"deed-unreadable": True})
    owner.completes(papers["paper"])
    while Transaction.objects.get().status != "awaiting_supervisor":
        move(reviewer, reference, "recommend")
    move(open_page(cast.supervisor), reference, "approve")
    owner.pays()
    move(registry, reference, "issue")
    issued = Transaction.objects.get().issued_documents.get()
    pdf = owner.downloads(reference, issued.kind, issued.content.pk)
    assert pdf.startswith(b"%PDF-")
    stranger = open_page()
    stranger.context.add_cookies([{"name": "language", "value": language, "url": live_server.url}])
    verified(stranger, language, pdf, issued.number)
