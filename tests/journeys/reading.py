"""Pages as different people meet them: does axe find anything, does anything stick out, is the policy kept?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playwright.sync_api import Browser

from .axe import violations
from .conftest import PATIENCE
from .languages import foreign_words
from .looks import LOOKS
from .pages import Shown, show

# 640 is what is left of 1280 px at 200 % zoom; 320 is the narrowest phone.
WIDTHS = (320, 360, 640, 1280, 1600)
CONTRAST = ("color-contrast",)
DIRECTIONS = {"ar": "rtl", "en": "ltr"}
STICKS_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

Reading = tuple[int, str, tuple[str, ...]]
"""Width in px, look, and axe's rules (none: all of them)."""


def read(
    browser: Browser,
    base_url: str,
    pages: Iterable[Shown],
    readings: Iterable[Reading],
    *,
    language: str,
    cast: Any,
    world: dict[str, str],
    scripts: bool = True,
) -> list[str]:
    """Everything that is wrong with these pages, a line each."""
    context = browser.new_context(base_url=base_url, reduced_motion="reduce", java_script_enabled=scripts)
    context.set_default_timeout(PATIENCE)
    found: list[str] = []
    context.on("console", lambda said: found.append(said.text) if "Content Security" in said.text else None)
    for shown in pages:
        context.clear_cookies()
        cookies = {"language": language} | ({"sessionid": shown.session(getattr(cast, shown.who))} if shown.who else {})
        context.add_cookies([{"name": name, "value": value, "url": base_url} for name, value in cookies.items()])
        page = context.new_page()
        page.set_viewport_size({"width": 1280, "height": 900})
        show(page, shown, world)
        html = page.locator("html")
        assert (html.get_attribute("lang"), html.get_attribute("dir")) == (language, DIRECTIONS[language]), shown.name
        if words := foreign_words(page, language):
            found.append(f"{shown.name} in {language} says {words}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if out := page.evaluate(STICKS_OUT):
                found.append(f"{shown.name}: at {width} px it sticks out by {out} px")
        for width, look, rules in readings:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(**LOOKS[look])
            found += [f"{shown.name} {width} {look}: {said}" for said in violations(page, *rules)]
        page.close()
    context.close()
    return found
