"""The smallest scripts: a file picker in our words, and the box that ticks all others."""

from __future__ import annotations

import pytest

from transactions.transitions import moves

from ..conftest import drive

DROP = """(field, dropped) => {
    const data = new DataTransfer();
    for (const name of dropped.files) data.items.add(new File(["x"], name));
    if (dropped.text) data.setData("text/plain", dropped.text);
    field.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
pytestmark = pytest.mark.parametrize("open_page", [(1280, True)], indirect=True, ids=["1280"])


def test_what_is_dropped_on_a_picker_is_taken_as_if_it_were_chosen(cast, open_page):
    page = open_page()
    page.goto("/design/")
    field = page.locator("[data-file-words]").first
    chosen = field.locator("output bdi")
    field.evaluate(DROP, {"files": ["a.pdf", "b.pdf"]})
    assert chosen.all_inner_texts() == ["a.pdf", "b.pdf"]
    field.evaluate(DROP, {"files": [], "text": "a word"})
    assert chosen.all_inner_texts() == ["a.pdf", "b.pdf"]
    field.locator("input[type=file]:not([capture])").evaluate("box => { box.multiple = false; }")
    field.evaluate(DROP, {"files": ["c.pdf", "d.pdf"]})
    assert chosen.all_inner_texts() == ["c.pdf"]


def test_the_box_for_all_is_ticked_while_all_are(cast, submitted, open_page):
    for _ in range(2):
        moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer)
    page = open_page(cast.supervisor)
    page.goto("/staff/supervision/?show=all")
    every, rows = page.locator("[data-choose-all]"), page.locator("tbody input[type=checkbox]")
    every.check()
    rows.first.uncheck()
    assert not every.is_checked()
    rows.first.check()
    assert every.is_checked()
