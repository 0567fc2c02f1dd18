"""What people do while a page's scripts are still on their way counts as if they had waited."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Draft

from .conftest import PATIENCE

ELECTRICITY = service_types.get("electricity-connection")
SCRIPTED = pytest.mark.parametrize("open_page", [(360, True)], indirect=True)


@pytest.fixture
def draft(cast) -> Draft:
    """An electricity request of the citizen's, its first page answered."""
    draft = drafts.start_draft(ELECTRICITY, by=cast.citizen)
    drafts.save_step(draft, ELECTRICITY.steps[0], {"request_kind": "new", "ownership": "deed"}, by=cast.citizen)
    return draft


def open_without(page: Page, script: str, address: str) -> list:
    """Open a page whose script does not arrive yet: the requests for it, to be let go."""
    held = []
    page.route(f"**/js/{script}*.js", lambda route: held.append(route))
    page.goto(address, wait_until="commit")
    return held


def let_go(page: Page, held: list) -> None:
    for _ in range(PATIENCE // 50):
        if held:
            break
        page.wait_for_timeout(50)  # a box can be written in before the page has asked for its script
    (route,) = held
    route.continue_()
    page.wait_for_load_state()


@SCRIPTED
def test_a_file_chosen_before_the_script_is_there_is_sent_all_the_same(cast, open_page, draft, papers):
    page = open_page(cast.citizen)
    held = open_without(page, "upload-progress", f"/drafts/{draft.key}/documents/")
    chosen = page.locator("input[type=file]:not([capture])[name='deed_or_permit']")
    chosen.set_input_files(papers["paper"])
    let_go(page, held)
    expect(page.locator("[data-upload]:has([name='deed_or_permit']) .file")).to_have_count(1)
    assert draft.attachments.get().original_name == papers["paper"].name


@SCRIPTED
def test_who_writes_before_the_list_of_districts_is_there_writes_on(cast, open_page, draft):
    page = open_page(cast.citizen)
    place = next(step for step in ELECTRICITY.steps if any(field.name == "district" for field in step.fields))
    held = open_without(page, "district-picker", f"/drafts/{draft.key}/{place.code}/")
    page.locator("[name=district]").press_sequentially("sha")
    let_go(page, held)
    expect(page.locator(".combobox [name=district]")).to_be_focused()
    page.keyboard.type("raf")
    expect(page.locator("[role=option]").first).to_contain_text("Sharafiyah")
    assert page.locator("[name=district]").input_value() == "sharaf"
