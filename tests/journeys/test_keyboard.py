"""The three applications with the keyboard alone, and what happens to files on a bad line."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from municipality.models import District
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Attachment, Draft, Transaction

from ..conftest import answers_today, authorised, pdf
from .conftest import fits, required

pytestmark = [pytest.mark.embedded, pytest.mark.parametrize("open_page", [(1280, True)], indirect=True, ids=["keys"])]
MOST_STOPS = 90


class Keys:
    """A person without a mouse. Whatever they reach shows that it has the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.on("filechooser", lambda _chooser: None)  # from now on Chromium asks us instead of opening a window

    def reach(self, selector: str) -> None:
        """Press Tab until what is wanted has the focus."""
        wanted = self.page.locator(f"{selector} >> visible=true").or_(self.page.locator(f"input.hide{selector}")).first
        wanted.wait_for(state="attached")
        for _stop in range(MOST_STOPS):
            if wanted.evaluate("element => element === document.activeElement"):
                assert wanted.evaluate(SEEN), f"{selector} has the focus and does not show it"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the keyboard on {self.page.url}")

    def press(self, selector: str, key: str = "Enter") -> None:
        self.reach(selector)
        self.page.keyboard.press(key)

    def go(self, selector: str) -> None:
        """Follow a link or press a button, and wait for the page it leads to."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        fits(self.page)

    def write(self, name: str, text: str) -> None:
        self.reach(f"[name='{name}']")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, name: str, value: str) -> None:
        """In a group of radio buttons Tab reaches the group and the arrows go round in it."""
        self.reach(f"[name='{name}']")
        self.page.keyboard.press("Space")
        for _option in range(8):
            if self.page.locator(f"[name='{name}'][value='{value}']").is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name} has no {value}")

    def fill(self, typed: dict[str, object]) -> None:
        """Answer a page by the kind of each question, and go on."""
        for name, value in typed.items():
            kind = self.page.locator(f"main [name='{name}']").first.get_attribute("type")
            if kind == "radio":
                self.choose(name, str(value))
            elif kind == "checkbox":
                self.press(f"[name='{name}']", "Space")
            elif name == "district":
                self.district(str(value))
            else:
                self.write(name, str(value))
        if self.page.locator("[data-sum]").count():
            expect(self.page.locator(".sum--whole")).to_have_count(1)
        self.go("main form .actions .btn")

    def district(self, latin: str) -> None:
        """Write a few letters in the other script and take the first that fits."""
        self.write("district", latin)
        box = self.page.locator("[name='district']")
        expect(box).to_have_attribute("aria-expanded", "true")
        self.page.keyboard.press("ArrowDown")
        expect(self.page.locator("[role=option][aria-selected=true]")).to_have_count(1)
        self.page.keyboard.press("Enter")
        expect(box).to_have_attribute("aria-expanded", "false")

    def attach(self, code: str, paths: object) -> None:
        self.reach(f"[name='{code}']")
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(paths)


# The outline is on the control, on its card, or on the button that stands for a file picker.
SEEN = """element => {
  const drawn = (part, pseudo) => {
    const style = getComputedStyle(part, pseudo);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  return [element, element.nextElementSibling, element.closest(".card")]
    .some((part) => part && (drawn(part) || drawn(part, "::after")));
}"""


def attach_all(keys: Keys, code: str, papers) -> None:
    for document in required(code):
        photos = "application/pdf" not in document.accepts
        keys.attach(document.code, [papers["photo"], papers["photo2"]] if photos else papers["paper"])
    count = sum(document.least for document in required(code))
    expect(keys.page.locator(".files .file")).to_have_count(count)


def pages_of(code: str) -> list[dict[str, object]]:
    """The answers of a service by page, the district as somebody types it who writes in Latin letters."""
    found, answers = [], answers_today(code)
    for step in service_types.get(code).steps:
        typed: dict[str, object] = {}
        for spec in step.fields:
            value = answers.get(spec.name)
            if isinstance(value, list):
                typed |= {f"{spec.name}-{n}-{name}": v for n, row in enumerate(value) for name, v in row.items()}
            elif value is not None:
                typed[spec.name] = "sharaf" if spec.name == "district" else value
        found.append(typed)
    return found


def apply(keys: Keys, code: str, papers) -> None:
    """From the service's page to the receipt."""
    keys.page.goto("/")
    keys.press(".skip")
    keys.go(f"main a[href$='/services/{code}/']")
    keys.go("main form button[type=submit]")
    keys.go("main .actions .btn")
    for typed in pages_of(code):
        keys.fill(typed)
    attach_all(keys, code, papers)
    keys.go("main .actions .btn")
    keys.go("main form .btn")


def test_electricity_with_the_keyboard_alone(cast, open_page, papers):
    keys = Keys(open_page(cast.citizen))
    apply(keys, "electricity-connection", papers)
    keys.page.locator(".receipt__number").wait_for()
    assert Transaction.objects.get().district == District.objects.get(code="SHR-01")


def test_subdivision_with_the_keyboard_alone(cast, open_page, papers):
    keys = Keys(open_page(cast.citizen))
    apply(keys, "land-subdivision", papers)
    keys.page.locator(".receipt__number").wait_for()
    assert [part["area_m2"] for part in Transaction.objects.get().answers["parts"]] == ["450", "450"]


def test_building_permit_with_the_keyboard_alone(cast, open_page, papers):
    code = "building-permit"
    authorised(cast)
    office = Keys(open_page(cast.engineer))
    office.page.goto("/office/")
    office.go(f"form[action$='/apply/{code}/'] button")
    office.go("main .actions .btn")
    for typed in pages_of(code):
        office.fill(typed)
    attach_all(office, code, papers)
    office.go("main .actions .btn")
    office.go("main form .btn")
    owner = Keys(open_page(cast.citizen))
    owner.page.goto("/requests/")
    owner.go(".request--waits .btn")
    owner.go("main form .btn")
    owner.page.locator(".receipt__number").wait_for()
    assert Transaction.objects.get().authorisation.office == cast.office


@pytest.fixture
def documents(cast, open_page):
    """The page of documents of an electricity request for a home with a deed."""
    draft = drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen)
    step = draft.service_type.steps[0]
    drafts.save_step(draft, step, {"request_kind": "new", "ownership": "deed"}, by=cast.citizen)
    page = open_page(cast.citizen)
    page.goto(f"/drafts/{draft.key}/documents/")
    return Keys(page)


def row(keys: Keys, code: str):
    return keys.page.locator(f"[data-upload]:has([name='{code}'])")


def test_a_line_that_breaks_costs_a_piece_and_nothing_else(documents, papers, tmp_path):
    drawing = tmp_path / "مخطط.pdf"
    drawing.write_bytes(pdf(2_000_000))
    sent = []

    def line(route):
        sent.append(route.request.headers.get("content-range", ""))
        if 3 <= len(sent) <= 6:
            route.abort("connectionreset")
        else:
            route.continue_()

    documents.page.route("**/documents/deed_or_permit/", line)
    documents.attach("deed_or_permit", drawing)
    deed = row(documents, "deed_or_permit")
    expect(deed.locator(".upload--failed")).to_contain_text("إعادة المحاولة")
    assert deed.locator("progress").evaluate("bar => bar.value") > 0.4
    # Another document goes through meanwhile.
    documents.attach("id_copy", papers["paper"])
    expect(row(documents, "id_copy").locator(".file")).to_have_count(1)
    documents.press("[data-upload] [data-retry]")
    expect(deed.locator(".file")).to_have_count(1)
    expect(deed.locator(".upload")).to_have_count(0)
    assert sent[6] == sent[2]
    assert not sent[6].startswith("bytes 0-")
    assert sorted(Attachment.objects.values_list("document", "size")) == [
        ("deed_or_permit", 2_000_000),
        ("id_copy", papers["paper"].stat().st_size),
    ]


def test_a_file_refused_at_the_end_touches_nothing_else(documents, papers, tmp_path):
    documents.attach("id_copy", papers["paper"])
    expect(row(documents, "id_copy").locator(".file")).to_have_count(1)
    broken = tmp_path / ("صورة " + "طويلة " * 18 + "الاسم.jpg")
    broken.write_bytes(b"\xff\xd8\xff\xe0" + bytes(900_000))
    documents.attach("deed_or_permit", broken)
    refused = row(documents, "deed_or_permit").locator(".upload--failed")
    expect(refused).to_contain_text("تعذّرت قراءة")
    assert refused.get_by_role("button", name="إعادة المحاولة").is_hidden()
    documents.press(".upload--failed [data-cancel]")
    expect(refused).to_have_count(0)
    expect(documents.page.locator("[name='deed_or_permit']:not([capture])")).to_be_focused()
    assert Attachment.objects.get().document == "id_copy"
    fits(documents.page)


def test_a_file_chosen_after_the_session_ended_waits_for_the_person_to_sign_in(cast, documents, papers):
    page = documents.page
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    documents.attach("id_copy", papers["paper"])
    copy = row(documents, "id_copy")
    expect(copy.locator(".upload--failed")).to_contain_text("سجّل الدخول")
    page.context.add_cookies([cookie for cookie in cookies if cookie["name"] == "sessionid"])
    documents.press("[data-retry]")
    expect(copy.locator(".file")).to_have_count(1)
    assert Draft.objects.get().attachments.count() == 1


def test_an_empty_file_is_refused_in_words_and_the_one_beside_it_goes_on(documents, papers, tmp_path):
    empty = tmp_path / "فارغ.pdf"
    empty.touch()
    chosen = row(documents, "deed_or_permit")
    chosen.locator("input[type=file]:not([capture])").set_input_files([empty, papers["paper"]])
    expect(chosen.locator(".upload--failed")).to_contain_text("فارغ")
    expect(chosen.locator(".upload--failed .upload__said")).not_to_be_empty()
    expect(chosen.locator(".file")).to_have_count(1)
    assert Attachment.objects.get().original_name == papers["paper"].name


def test_a_file_is_taken_out_while_another_is_on_its_way(documents, papers, tmp_path):
    documents.attach("deed_or_permit", papers["paper"])
    deed = row(documents, "deed_or_permit")
    expect(deed.locator(".file")).to_have_count(1)
    other = tmp_path / "رخصة.pdf"
    other.write_bytes(pdf())
    under_way = []
    documents.page.route("**/documents/deed_or_permit/", lambda route: under_way.append(route))
    documents.attach("deed_or_permit", other)
    expect(deed.locator(".upload")).to_have_count(1)
    documents.press(".file button")
    expect(deed.locator(".upload__said")).not_to_be_empty()
    # Its arrival draws the list anew, with the button that was pressed.
    under_way.pop().continue_()
    expect(documents.page.locator(".notice--success")).to_be_visible()
    expect(deed.locator(".file")).to_have_count(1)
    assert Attachment.objects.get(removed_at=None).original_name == other.name


def test_a_file_that_arrives_moves_nobody_from_where_they_stand(documents, papers, tmp_path):
    page, deed = documents.page, row(documents, "deed_or_permit")
    others = [tmp_path / f"صك {number}.pdf" for number in range(2)]
    for file in others:
        file.write_bytes(pdf(1000 + len(file.name)))
    documents.attach("deed_or_permit", papers["paper"])
    expect(deed.locator(".file")).to_have_count(1)
    under_way = []
    page.route("**/documents/deed_or_permit/", lambda route: under_way.append(route))
    # On "Remove" of the first file, while the second arrives.
    documents.attach("deed_or_permit", others[0])
    expect(deed.locator(".upload")).to_have_count(1)
    documents.reach(".file button")
    under_way.pop().continue_()
    expect(deed.locator(".file")).to_have_count(2)
    expect(deed.locator(".file button").first).to_be_focused()
    # On the picker, while the last that fits arrives: the picker goes, its document's name is where one stands.
    documents.attach("deed_or_permit", others[1])
    expect(deed.locator(".upload")).to_have_count(1)
    deed.locator("input[type=file]:not([capture])").focus()
    under_way.pop().continue_()
    expect(deed.locator(".file")).to_have_count(3)
    expect(deed.locator("h2")).to_be_focused()


def test_who_adds_a_part_of_the_plot_goes_on_in_its_first_box(cast, open_page):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen)
    page = open_page(cast.citizen)
    page.goto(f"/drafts/{draft.key}/{draft.service_type.steps[-1].code}/")
    keys, rows = Keys(page), page.locator("fieldset.group")
    before = rows.count()
    keys.go("[name=add_row]")
    expect(rows).to_have_count(before + 1)
    expect(page.locator(f"[name='parts-{before}-area_m2']")).to_be_focused()
    keys.go("[name=remove_row]")
    expect(rows).to_have_count(before)
    expect(page.locator("#id_parts")).to_be_focused()


def test_a_file_whose_answer_is_lost_is_attached_once(documents, papers):
    arrived = []

    def line(route):
        arrived.append(route.request.url)
        if len(arrived) > 1:
            route.continue_()
        else:
            route.fetch()
            route.abort("connectionreset")

    documents.page.route("**/documents/id_copy/", line)
    documents.attach("id_copy", papers["paper"])
    copy = row(documents, "id_copy")
    expect(copy.locator(".upload")).to_have_count(0)
    expect(copy.locator(".file")).to_have_count(1)
    assert (len(arrived), Attachment.objects.count()) == (2, 1)
