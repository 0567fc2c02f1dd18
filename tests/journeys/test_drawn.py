"""Pages of a document still being drawn come by themselves, and can be read closely, with scripts or without."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import expect

from transactions import previews
from transactions.attachments import render_jobs, rendering
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Attachment

from .. import papers as made
from ..conftest import NOW, become, drive
from .conftest import ROOT, attach, database_url, fits

# The worker starts first, on a machine that has other things to do.
DRAWN = 60_000


@pytest.fixture
def worker(_places):
    """A worker of this test alone: it draws what lies in the folder of this test's files, which no other one sees."""
    env = os.environ | {"DATABASE_URL": database_url(), "REDIS_URL": "", "LOG_LEVEL": "CRITICAL"}
    process = subprocess.Popen([sys.executable, ROOT / "manage.py", "work"], env=env, stderr=subprocess.DEVNULL)
    yield
    process.terminate()
    process.wait(60)


@pytest.fixture
def case(cast, submitted):
    """A case under study whose first paper has three pages, of which one is drawn."""
    case = drive(submitted(), cast, "under_study")
    file = case.attachments.filter(content_type="application/pdf").first()
    become(file, made.of_pages(3, (2384, 3370)), 3)
    first = previews.read_preview(file.key, "1")
    previews.delete_previews(file.key)
    previews.store_previews(file.key, {"1": first})
    return case


@pytest.mark.parametrize("open_page", [(360, True), (1280, True)], indirect=True)
def test_a_sheet_is_looked_into_by_hand_and_by_keys(cast, case, open_page):
    page = open_page(cast.reviewer)
    file = Attachment.objects.get(pages=3)
    page.goto(f"/files/{file.key}/sheet/1/#page=2")
    canvas, number = page.locator("canvas.board__canvas"), page.locator("[data-number]")
    expect(canvas).to_be_visible(timeout=DRAWN)
    fits(page)
    expect(number).to_have_value("2")
    for _turn in range(DRAWN // 100):
        if page.evaluate("document.querySelector('#viewer').pane.sheets.held.size"):
            break
        page.wait_for_timeout(100)
    else:
        raise AssertionError("no tile came")
    canvas.focus()
    before = page.locator("[data-percent]").inner_text()
    for _press in range(4):
        page.keyboard.press("Equal")
    expect(page.locator("[data-percent]")).not_to_have_text(before)
    page.keyboard.press("KeyR")
    expect(page).to_have_url(re.compile("turn=90"))
    page.keyboard.press("End")
    expect(number).to_have_value("3")


@pytest.mark.parametrize("open_page", [(360, False)], indirect=True)
def test_a_sheet_comes_by_itself_and_is_enlarged_without_scripts(cast, case, open_page):
    page = open_page(cast.reviewer)
    file = Attachment.objects.get(pages=3)
    page.goto(f"/files/{file.key}/sheet/2/")
    fits(page)
    expect(page.locator(".sheet__whole")).to_be_visible(timeout=DRAWN)
    fits(page)
    page.get_by_role("link", name="كبّرها").click()
    expect(page.locator(".sheet__part")).to_be_visible(timeout=DRAWN)
    fits(page)
    assert page.locator(".sheet__part").evaluate("picture => picture.naturalWidth") > 1000


@contextmanager
def nothing_drawn():
    """As if this host were busy with another drawing."""
    with ExitStack() as held:
        for _try in range(300):
            if held.enter_context(render_jobs.sole_renderer()):
                yield
                return
            time.sleep(0.1)
    raise AssertionError("another process draws for ever")


def is_drawn(picture, width):
    expect(picture).to_be_visible(timeout=DRAWN)
    picture.evaluate("picture => picture.decode()")
    assert picture.evaluate("picture => picture.naturalWidth") == width


@pytest.mark.parametrize("open_page", [(1280, True)], indirect=True)
def test_a_page_comes_into_the_case_by_itself(cast, case, open_page):
    page = open_page(cast.reviewer)
    file = Attachment.objects.get(pages=3)
    with nothing_drawn():
        page.goto(f"/staff/cases/{case.reference}/?file={file.key}&page=2")
        expect(page.locator(".viewer__soon")).to_be_visible()
        fits(page)
    expect(page.locator("#case-viewer canvas.board__canvas")).to_be_visible(timeout=DRAWN)
    fits(page)


@pytest.mark.parametrize("open_page", [(1280, True)], indirect=True)
def test_the_picture_of_an_upload_nobody_had_time_for_comes_to_the_applicant(cast, open_page, tmp_path):
    draft = drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen, now=NOW)
    page = open_page(cast.citizen)
    paper = tmp_path / "plan.pdf"
    paper.write_bytes(made.of_pages(2))
    name = draft.service_type.documents_for({})[0].code
    with nothing_drawn(), rendering.slots.one_for(cast.citizen.pk, 1):
        page.goto(f"/drafts/{draft.key}/documents/")
        attach(page, {name: paper})
        expect(page.locator(".look").first).to_contain_text("يجري")
        fits(page)
    page.locator(".look summary").first.click(timeout=DRAWN)
    is_drawn(page.locator(".look img").first, 600)
    fits(page)
