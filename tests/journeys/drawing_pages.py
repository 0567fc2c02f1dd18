"""The page on which corners are taken from a drawing, for pages.py: name, address, who looks, what is done there."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FilePayload, Page

from drawings.layer_template import content

Done = Callable[[Page, dict[str, str]], None]


def bring_a_drawing(page: Page, world: dict[str, str]) -> None:
    file: FilePayload = {"name": "plot.dxf", "mimeType": "image/vnd.dxf", "buffer": content()}
    page.set_input_files("[name=file]", file)
    page.locator("form:has([name=file]) button").click()
    page.locator("section h2").first.wait_for()


DRAWINGS: tuple[tuple[str, str, str, Done | None], ...] = (
    ("corners-from-drawing", "/drafts/{draft_land_subdivision}/drawings/corners/", "citizen", bring_a_drawing),
)
