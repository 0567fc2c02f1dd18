"""The workbench in a browser: a case decided and a request taken with the keyboard alone, two people at one file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from transactions.models import Note, Transaction
from transactions.transitions import moves

from ..conftest import become, drive, national_id, work_off
from ..staff.test_case_page import pages_pdf
from .conftest import PATIENCE, fits, follow
from .world import session_of

# What a clerk or a reviewer presses does not depend on the database.
pytestmark = pytest.mark.embedded
FOCUSED = """() => { const at = document.activeElement;
  return [at.tagName, at.name || "", at.value || "", (at.innerText || "").trim()]; }"""


@pytest.fixture
def desk(browser, live_server, cast):
    """Open the workbench for a person: `desk(user, width=1280, scripts=True)`."""
    contexts, wrong = [], []

    def open_for(user, width=1280, scripts=True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            base_url=live_server.url,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": live_server.url}])
        page = context.new_page()
        page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 500 else None)
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert wrong == []


class Keys:
    """A person without a mouse. Counts what they press."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0
        # From now on: asked for once a file, the asking can come after the key.
        page.on("filechooser", lambda _chooser: None)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
        self.pressed += times

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def arrive(self, selector: str) -> None:
        """Wait for what the last key leads to, and until the keys work there: a script listens to them."""
        self.page.locator(selector).wait_for()
        self.page.wait_for_load_state()

    def at(self) -> list[str]:
        return self.page.evaluate(FOCUSED)

    def tab_to(self, name: str = "", text: str = "", within: int = 40) -> None:
        """Tab on until a control of this name, or with this text, has the focus."""
        for _ in range(within):
            _tag, at, _value, said = self.at()
            if (name and at == name) or (text and text == said):
                return
            self.press("Tab")
        raise AssertionError(f"no {name or text!r} within {within} tabs; the focus is on {self.at()}")

    def field(self, name: str, text: str) -> None:
        self.tab_to(name)
        self.write(text)

    def tick(self, name: str) -> None:
        self.tab_to(name)
        self.press("Space")

    def choose(self, name: str, down: int) -> None:
        """In a group of round buttons: Space takes the first, arrows go on."""
        self.tab_to(name)
        self.press("Space")
        self.press("ArrowDown", down)

    def attach(self, name: str, paths) -> None:
        self.tab_to(name)
        with self.page.expect_file_chooser() as chooser:
            self.press("Space")
        chooser.value.set_files(paths)


def test_a_case_is_decided_with_the_keyboard_alone(cast, submitted, desk):
    """j, k, Enter, m and Tab: a reviewer opens the second file, returns it, takes the next, passes it on."""
    now = timezone.now()
    first, second = (drive(submitted(now=now - timedelta(days=n)), cast, "under_study", now) for n in (9, 2))
    page = desk(cast.reviewer)
    keys = Keys(page)
    page.goto("/staff/")
    keys.press("?")
    page.locator("dialog#keys").wait_for()
    keys.press("Escape")
    page.locator("dialog#keys").wait_for(state="hidden")  # it closes after the key, and hands the focus back
    keys.press("j", 3)
    keys.press("k")
    keys.press("j")
    assert keys.at()[3] == second.reference
    keys.press("Enter")
    keys.arrive(".case")
    keys.press("j")
    keys.press("Enter")
    page.locator(".papers__row--shown:nth-child(2)").wait_for()
    keys.press("m")
    keys.tab_to(text="إعادة للاستكمال")
    keys.press("Enter")
    keys.tick("deficiency")
    keys.tab_to("sentence-ownership-attestation")
    keys.press("Control+A")
    keys.write("لا مشهد على وثيقة التملك من عمدة الحي.")
    keys.tab_to(text="إعادة للاستكمال", within=60)
    keys.press("Enter")
    keys.arrive(".messagelist .success")
    second.refresh_from_db()
    assert (second.status, second.deficiencies.get().sentence) == ("returned", "لا مشهد على وثيقة التملك من عمدة الحي.")
    keys.press("q")
    keys.arrive(".queue")
    keys.press("t")
    keys.arrive(".case")
    first.refresh_from_db()
    assert first.assignee == cast.reviewer
    keys.press("m")
    keys.tab_to("reason")
    keys.write("مطابق للكروكي")
    keys.tab_to(text="مكتمل ومطابق: تمرير")
    keys.press("Enter")
    keys.arrive(".messagelist .success")
    first.refresh_from_db()
    assert first.stage == "informal"


def test_single_keys_serve_an_arabic_keyboard_leave_typing_alone_and_can_be_switched_off(cast, submitted, desk):
    case = drive(submitted(), cast, "under_study")
    page = desk(cast.reviewer)
    page.goto("/staff/")
    # On an Arabic keyboard the place of j writes ت.
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ت', code: 'KeyJ', bubbles: true}))")
    assert Keys(page).at()[3] == case.reference
    page.keyboard.press("/")
    page.keyboard.type("jkt?")
    assert page.locator("#q").input_value() == "jkt?"
    case.refresh_from_db()
    assert case.assignee is None
    page.locator("#keys-button").click()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    for key in "tj?":
        page.keyboard.press(key)
    assert Keys(page).at()[0] == "BODY"
    assert page.locator("dialog#keys").is_hidden()
    case.refresh_from_db()
    assert case.assignee is None


def test_single_keys_work_in_a_browser_that_stores_nothing(cast, submitted, desk):
    case = drive(submitted(), cast, "under_study")
    page = desk(cast.reviewer)
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no'); }})")
    page.goto("/staff/")
    page.keyboard.press("j")
    assert Keys(page).at()[3] == case.reference
    page.locator("#keys-button").click()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.locator("dialog#keys").wait_for(state="hidden")
    page.keyboard.press("t")
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_hidden(), "off for as long as the page is open"


@pytest.fixture
def long_document(cast, submitted):
    """A case and its first document, which has three pages."""
    case = drive(submitted(), cast, "under_study")
    file = case.attachments.filter(content_type="application/pdf").first()
    become(file, pages_pdf(3), 3)
    return case, file


def test_the_pages_of_a_document_are_turned_with_one_key_and_what_is_typed_stays(cast, long_document, desk):
    case, file = long_document
    page = desk(cast.reviewer)
    keys = Keys(page)
    page.goto(f"/staff/cases/{case.reference}/?file={file.key}")
    page.locator("#reason-recommend").fill("بعد الصفحة الثالثة")
    expect(page.locator("#case-viewer [data-number]")).to_have_attribute("max", "3")
    turn = page.locator("#case-viewer [data-do=next]")
    turn.focus()
    for number in (2, 3):
        keys.press("Enter")
        expect(page.locator("#case-viewer [data-number]")).to_have_value(str(number))
        expect(turn).to_be_focused()
    assert page.locator("#reason-recommend").input_value() == "بعد الصفحة الثالثة"


def test_of_two_quick_presses_the_last_counts(cast, long_document, desk):
    case, file = long_document
    page = desk(cast.reviewer)
    page.goto(f"/staff/cases/{case.reference}/?file={file.key}")
    held = []
    others = page.locator(".papers__row:not(.papers__row--shown) [data-row]")
    slow = others.nth(0).get_attribute("href").split("#")[0].split("file=")[1]
    page.route(f"**/*file={slow}*", lambda route: held.append(route))
    with page.expect_request(f"**/*file={slow}*"):
        others.nth(0).click()
    other = others.nth(1)
    shown = other.get_attribute("href")
    other.click()
    page.locator(f".papers__row--shown [href='{shown}']").wait_for()
    held[0].continue_()
    page.wait_for_timeout(500)
    assert page.url.endswith(shown)


def test_a_clerk_takes_a_request_with_the_keyboard_alone(cast, desk, papers):
    """From the ID card to the printed receipt in few enough keys for three minutes."""
    page = desk(cast.clerk)
    keys = Keys(page)
    page.goto("/staff/counter/")
    expect(page.locator("[name=national_id]"), "the cursor is in the first box already").to_be_focused()
    keys.write(national_id(7001))
    keys.field("full_name", "صالح بن حمد الحربي")
    keys.field("phone", "0555000111")
    keys.tick("seen")
    keys.choose("service", 0)
    keys.press("Enter")
    keys.arrive(".intake")
    expect(page.locator("[name=request_kind]").first).to_be_focused()
    keys.choose("request_kind", 0)
    keys.choose("ownership", 0)
    expect(page.locator("[name=deed_number]")).to_be_hidden()
    keys.field("load_kva", "٢٥")
    keys.field("meters", "1")
    keys.field("district", "الشرفية")
    keys.field("street", "شارع حائل")
    for name in ("lived_in", "not_in_wadi", "not_state_land", "not_disputed", "not_in_breach", "no_ownership"):
        keys.tick(name)
    for name in ("ownership_doc", "id_copy", "facade_photo", "croquis"):
        keys.attach(name, [papers["photo"], papers["photo2"]] if name == "facade_photo" else papers["paper"])
    keys.tab_to(text="مراجعة")
    keys.press("Enter")
    keys.arrive(".submit-bar")
    expect(page.locator(".submit-bar :focus"), "the next key press submits").to_have_text("تقديم الطلب")
    keys.press("Enter")
    keys.arrive("[data-print]:focus")
    assert keys.at()[3] == "طباعة", "and the one after it prints"
    printed = page.evaluate(
        "new Promise((done) => { window.print = () => done(true); document.activeElement.click(); })"
    )
    assert printed
    # At a modest two keys a second, with a minute to choose the scans, this is under three minutes.
    assert keys.pressed / 2 + 60 < 180, keys.pressed
    case = Transaction.objects.get()
    assert (case.channel, case.taken_by) == ("counter", cast.clerk)


def test_the_counter_works_without_scripts(cast, desk, papers):
    page = desk(cast.clerk, width=360, scripts=False)
    page.goto("/staff/counter/")
    fits(page)
    typed = {"national_id": national_id(7002), "full_name": "صالح", "phone": "0555000112"}
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    page.check("[name=seen]")
    page.check("[name=service][value=electricity-connection]")
    follow(page.locator(".counter__form .btn"))
    fits(page)
    assert page.get_by_text("مطلوبة إذا كان للمنزل صك").first.is_visible()
    page.check("[name=request_kind][value=new]")
    page.check("[name=ownership][value=none]")
    for name, value in {"load_kva": "25", "meters": "1", "district": "الشرفية", "street": "حائل"}.items():
        page.fill(f"[name={name}]", value)
    for box in page.locator(".intake input[type=checkbox]:not([name$=unlisted])").all():
        box.check()
    for name in ("ownership_doc", "id_copy", "croquis"):
        page.set_input_files(f"[name={name}]", papers["paper"])
    page.set_input_files("[name=facade_photo]", [papers["photo"], papers["photo2"]])
    follow(page.locator(".intake__actions .btn").first)
    follow(page.locator(".submit-bar .btn"))
    page.locator(".receipt__number").wait_for()
    assert Transaction.objects.count() == 1


def test_of_two_reviewers_at_one_file_one_is_told(cast, submitted, desk):
    case = drive(submitted(), cast, "under_study")
    faster, slower = desk(cast.reviewer), desk(cast.second_reviewer, width=360)
    for page in (faster, slower):
        page.goto(f"/staff/cases/{case.reference}/")
        fits(page)
    slower.locator("#reason-recommend").fill("رأيي أنه مكتمل")
    follow(faster.locator("form[action$='/recommend/'] button"))
    faster.locator(".messagelist .success").wait_for()
    follow(slower.locator("form[action$='/recommend/'] button"))
    slower.locator(".messagelist .error").wait_for()
    assert "رأيي أنه مكتمل" in slower.locator(".notice--warning").inner_text()
    case.refresh_from_db()
    assert case.version == 4
    assert case.stage == "informal"


def test_a_note_goes_to_a_colleague_and_not_to_the_applicant(cast, submitted, desk):
    case = drive(submitted(), cast, "under_study")
    page = desk(cast.reviewer, scripts=False)
    page.goto(f"/staff/cases/{case.reference}/")
    page.locator("#notes summary").click()
    page.fill("#note-text", "راجعوا الحد الشمالي")
    page.select_option("#note-to", str(cast.supervisor.pk))
    follow(page.locator("#notes form button"))
    page.locator(".note").wait_for()
    reader = desk(cast.supervisor, width=360)
    reader.goto("/staff/")
    reader.get_by_role("link", name=case.reference).first.click()
    reader.get_by_role("button", name="قرأتها").click()
    reader.locator(".note .tag--success").wait_for()
    assert Note.objects.get().read_at is not None
    person = desk(cast.citizen)
    person.goto(f"/requests/{case.reference}/")
    assert "الحد الشمالي" not in person.content()


@pytest.mark.parametrize("width", [1280, 360])
def test_a_supervisor_hands_files_over_after_a_look(width, cast, submitted, desk):
    cases = [drive(submitted(), cast, "under_study") for _ in range(3)]
    moves.take(cases[0], by=cast.second_reviewer)
    page = desk(cast.supervisor, width=width)
    page.goto("/staff/supervision/?show=all")
    fits(page)
    page.locator("[data-choose-all]").check()
    page.select_option("#to", str(cast.second_reviewer.pk))
    follow(page.get_by_role("button", name="عرض قبل التنفيذ"))
    follow(page.get_by_role("button", name="English"))
    page.locator("html[lang=en]").wait_for()
    follow(page.get_by_role("button", name="العربية"))
    page.locator("html[lang=ar]").wait_for()
    fits(page)
    assert page.locator(".queue tbody tr").count() == 2
    assert cases[0].reference in page.locator(".lines").last.inner_text()
    follow(page.locator(".actions button").first)
    page.locator("progress").wait_for()
    work_off(timezone.now())
    page.locator("[data-live=progress] .btn", has_text="تراجع").wait_for()
    assert set(Transaction.objects.values_list("assignee", flat=True)) == {cast.second_reviewer.pk}
