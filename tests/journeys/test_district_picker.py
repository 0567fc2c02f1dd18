"""The list of districts finds what the server finds, and offers what is wrong by a letter."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from transactions.domain import service_types
from transactions.intake import drafts

pytestmark = pytest.mark.parametrize("open_page", [(1280, True)], indirect=True, ids=["1280"])
FOUND = {
    "حي الشرفية": "الشرفية", "السلامة, جدة": "السلامة", "alsalamah": "السلامة", "As-Salamah": "السلامة",
    "assalama": "السلامة", "نزلة شرقية": "النزلة الشرقية", "الاندلس": "الأندلس",
    "Alnoor": "النور", "حي صناعي": "حي صناعي",
    "ﺍﻟﺴﻼﻣﺔ": "السلامة", "Sharafyah": "الشرفية",
}  # fmt: skip
OFFERED = {"السلامظ": "السلامة", "Salanah": "السلامة", "الانلدس": "الأندلس"}


def test_the_list_finds_what_the_server_finds(cast, open_page):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen)
    page = open_page(cast.citizen)
    page.goto(f"/drafts/{draft.key}/deed/")
    box = page.locator(".combobox [name=district]")
    expect(box).to_be_visible()
    for typed, name in FOUND.items():
        box.fill(typed)
        box.blur()
        expect(box).to_have_value(name)
    for typed, name in OFFERED.items():
        box.fill(typed)
        expect(page.locator(".combobox__option").first).to_contain_text(name)
        box.blur()
        expect(box).to_have_value(typed)
