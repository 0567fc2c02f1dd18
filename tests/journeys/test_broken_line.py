"""A line that breaks and comes back: files go on by themselves, after a reload too, and fill a line that is good."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from transactions.models import Attachment

from ..conftest import pdf
from .conftest import fits
from .test_keyboard import documents, row

__all__ = ["documents"]
pytestmark = [pytest.mark.embedded, pytest.mark.parametrize("open_page", [(1280, True)], indirect=True, ids=["line"])]


def test_a_file_goes_on_by_itself_when_the_line_is_back(documents, tmp_path):
    drawing = tmp_path / "مخطط.pdf"
    drawing.write_bytes(pdf(4_000_000))
    page, gone = documents.page, [False]

    def line(route):
        if gone[0]:
            route.abort("connectionreset")
        else:
            gone[0] = True  # after the first piece
            route.continue_()

    page.route("**/documents/deed_or_permit/", line)
    documents.attach("deed_or_permit", drawing)
    deed = row(documents, "deed_or_permit")
    expect(deed.locator(".upload--failed")).to_contain_text("تلقائيًا")
    page.unroute("**/documents/deed_or_permit/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(deed.locator(".file")).to_have_count(1)
    assert Attachment.objects.get().size == 4_000_000


def test_what_was_not_finished_is_said_after_a_reload_and_goes_on(documents, tmp_path):
    drawing = tmp_path / "مخطط.pdf"
    drawing.write_bytes(pdf(4_000_000))
    page, sent = documents.page, []

    def line(route):
        sent.append(route.request.headers["content-range"])
        if len(sent) in (1, *range(8, 20)):
            route.continue_()
        else:
            route.abort("connectionreset")

    page.route("**/documents/deed_or_permit/", line)
    documents.attach("deed_or_permit", drawing)
    deed = row(documents, "deed_or_permit")
    expect(deed.locator(".upload--failed")).to_have_count(1)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(deed.locator("[data-unfinished]")).to_contain_text("لم يصل هذا الملف كاملًا")
    fits(page)
    page.unroute("**/documents/deed_or_permit/")
    documents.attach("deed_or_permit", drawing)
    expect(deed.locator(".file")).to_have_count(1)
    expect(deed.locator("[data-unfinished]")).to_have_count(0)
    page.reload()
    expect(deed.locator(".file")).to_have_count(1)
    expect(deed.locator("[data-unfinished]")).to_have_count(0)


def test_pieces_grow_on_a_good_line(documents, tmp_path):
    drawing = tmp_path / "مخطط.pdf"
    drawing.write_bytes(pdf(20_000_000))
    sent = []

    def line(route):
        first, last = route.request.headers["content-range"].split("/")[0].removeprefix("bytes ").split("-")
        sent.append(int(last) - int(first) + 1)
        route.continue_()

    documents.page.route("**/documents/deed_or_permit/", line)
    documents.attach("deed_or_permit", drawing)
    expect(row(documents, "deed_or_permit").locator(".file")).to_have_count(1)
    assert sum(sent) == 20_000_000
    assert len(sent) <= 8, sent
