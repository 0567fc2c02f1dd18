"""Not a test by itself: `bin/test --screens` runs it, to take a picture of every page of pages.py, to have axe read it
in every look, and to measure it.

Pictures go to var/screens, with measures.md beside them. SCREENS=public takes only those of PUBLIC,
SCREENS=receipt,permit only pages with these in their names.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import ROOT
from .looks import LOOKS
from .pages import OTHERS, PUBLIC, show
from .reading import CONTRAST, read
from .test_weight import (
    files_of,
    server,  # noqa: F401 – a fixture
)
from .weigh import BITS_A_SECOND, CPU_SLOWER, ROUND_TRIP_MS, weigh
from .world import build

FOLDER = Path(ROOT) / "var" / "screens"
# What a page needs is the least of a few tries; the rest is what else the machine was doing.
TRIES = 2
WIDTHS, LANGUAGES = (360, 1280), ("ar", "en")


def chosen():
    wanted = os.environ.get("SCREENS", "")
    if wanted == "public":
        return PUBLIC
    return [shown for shown in (*PUBLIC, *OTHERS) if any(part in shown.name for part in wanted.split(","))]


@pytest.fixture
def world(cast, submitted):
    return build(cast, submitted)


def test_take_pictures(browser, live_server, cast, world):
    """One picture a page, width, language and look."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        for shown in chosen():
            context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
            context.set_default_timeout(30_000)
            context.add_cookies([{"name": "language", "value": language, "url": live_server.url}])
            if shown.who:
                session = shown.session(getattr(cast, shown.who))
                context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
            page = context.new_page()
            show(page, shown, world)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                for name, look in LOOKS.items():
                    page.emulate_media(**look)
                    page.screenshot(path=FOLDER / f"{shown.name}.{language}.{width}.{name}.png", full_page=True)
            if "receipt" in shown.name or shown.name == "paper-building-permit":
                page.emulate_media(media="print", **LOOKS["light"])
                page.screenshot(path=FOLDER / f"{shown.name}.{language}.print.png", full_page=True)
                page.pdf(path=FOLDER / f"{shown.name}.{language}.pdf", prefer_css_page_size=True)
            context.close()


READ_ALL = (
    *((width, "light", ()) for width in WIDTHS),
    *((width, look, CONTRAST) for width in WIDTHS for look in ("dark", "forced")),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_reads_all_of_it(browser, live_server, cast, world, language):
    """Every page, width and look. Where scripts are off axe cannot run; that pages fit is seen there too."""
    people = {"language": language, "cast": cast, "world": world}
    found = read(browser, live_server.url, chosen(), READ_ALL, **people)
    still = [shown for shown in chosen() if shown.then is None]
    found += read(browser, live_server.url, still, (), scripts=False, **people)
    assert found == [], "\n".join(found)


def test_measure(server, browser, cast, world, settings, tmp_path_factory):  # noqa: F811
    """Weight, and the largest piece on a weak phone and line, into measures.md."""
    Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
    files_of(tmp_path_factory).symlink_to(settings.MEDIA_ROOT)
    weak = f"CPU ÷ {CPU_SLOWER}, {BITS_A_SECOND / 1e6} Mbit/s"
    lines = [
        f"| page | KB on the wire | requests | shift | largest piece, ms | … at {weak} | … and {ROUND_TRIP_MS} ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for shown in chosen():
        found = [
            min(
                (weigh(browser, server, shown, world, cast, round_trip_ms=line) for _try in range(tries)),
                key=lambda weight: weight.largest_ms,
            )
            for line, tries in ((None, 1), (0, TRIES), (ROUND_TRIP_MS, TRIES))
        ]
        largest = " | ".join(f"{weight.largest_ms:.0f}" for weight in found)
        shift = max(weight.shift for weight in found)
        lines.append(f"| {shown.name} | {found[0].bytes / 1000:.0f} | {found[0].requests} | {shift:.3f} | {largest} |")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "measures.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
