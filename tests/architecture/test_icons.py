"""Icons and drawings: each that is named is there, each that is there is shown, and none says anything by itself."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings

from core import icons
from core.templatetags.portal import DRAWINGS, drawing, icon
from transactions.domain import service_types

ROOT = Path(settings.BASE_DIR)
SVG = "{http://www.w3.org/2000/svg}"
NAMED = re.compile(r"{% icon \"([^\"]+)\" %}")
MOST_OF_A_DRAWING = 3_500


def named() -> set[str]:
    found = {name for path in (ROOT / "templates").rglob("*.html") for name in NAMED.findall(path.read_text())}
    return found | {service_types.ServiceType.icon} | {service.icon for service in service_types.all_services()}


def symbols(svg: str) -> dict[str, str]:
    drawn = ElementTree.fromstring(svg)  # noqa: S314 – ours, and of a package we pin
    return {found.attrib["id"]: found.attrib["viewBox"] for found in drawn.iter(f"{SVG}symbol")}


def test_every_icon_that_is_named_is_drawn_and_none_is_drawn_for_nothing():
    assert named() == set(icons.ICONS)
    assert set(symbols(icons.sprite())) == set(icons.ICONS)
    assert len(icons.sprite()) < 12_000


@pytest.mark.parametrize(("draw", "name"), [(icon, "search"), (drawing, "dhow")])
def test_what_is_drawn_is_read_to_nobody(draw, name):
    assert 'aria-hidden="true"' in draw(name)
    assert "<title" not in draw(name)


def test_an_icon_nobody_knows_stops_the_page():
    with pytest.raises(KeyError, match="no icon is called"):
        icon("unicorn")


def test_our_drawings_are_small_and_take_the_colour_around_them():
    text = (ROOT / "static/img/drawings.svg").read_text()
    assert {name: f"0 0 {w} {h}" for name, (w, h) in DRAWINGS.items()} == symbols(text)
    assert not re.search(r"fill=|stroke=|style|#[0-9a-f]{3}", text)
    assert len(text) < MOST_OF_A_DRAWING
