"""Pages of a document still being drawn come by themselves, and can be read closely, with scripts or without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from transactions import pictures
from transactions.models import Attachment

from .. import papers
from ..conftest import become, drive, work_off
from .conftest import fits


@pytest.fixture
def case(cast, submitted):
    """A case under study whose first paper has three pages, of which one is drawn."""
    case = drive(submitted(), cast, "under_study")
    file = case.attachments.filter(content_type="application/pdf").first()
    become(file, papers.of_pages(3, (2384, 3370)), 3)
    first = pictures.read(file.key, "1")
    pictures.forget(file.key)
    pictures.keep(file.key, {"1": first})
    return case


@pytest.mark.parametrize("open_page", [(360, False), (1280, True)], indirect=True)
def test_a_sheet_comes_by_itself_and_is_enlarged_without_scripts(cast, case, open_page):
    page = open_page(cast.reviewer)
    file = Attachment.objects.get(pages=3)
    page.goto(f"/files/{file.key}/sheet/2/")
    expect(page.get_by_role("status").first).to_be_visible()
    fits(page)
    work_off()
    expect(page.locator(".sheet__whole")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="كبّرها").click()
    work_off()
    expect(page.locator(".sheet__part")).to_be_visible()
    fits(page)
    assert page.locator(".sheet__part").evaluate("picture => picture.naturalWidth") > 1000
