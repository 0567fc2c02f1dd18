"""Rules of the face that people forget: signs read aloud, components, the measure of the fallback typeface."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test.signals import template_rendered
from fontTools.ttLib import TTFont
from PIL import ImageFont

ROOT = Path(settings.BASE_DIR)
CSS = sorted((ROOT / "static" / "css").glob("*.css"))

SIGN = re.compile(r"content:\s*(\"[^\"]*[^\s\"][^\"]*\"|'[^']*[^\s'][^']*')\s*([^;}]*)")


def read_aloud(css: str) -> list[str]:
    """Signs that style sheets draw and a screen reader would speak: those without an empty text to be read instead.

    A browser that does not know the second half of `content: "▲" / ""` drops it, so the sign alone stands before it.
    """
    rules = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL).split("}")
    return [rule.strip() for rule in rules if SIGN.search(rule) and SIGN.findall(rule)[-1][1].replace(" ", "") != '/""']


@pytest.mark.parametrize("path", CSS, ids=lambda path: path.name)
def test_no_sign_of_a_style_sheet_is_read_aloud(path):
    assert read_aloud(path.read_text(encoding="utf-8")) == []


def test_the_rule_about_signs_sees_each_way_to_break_it():
    for bad in (
        'a::before{content:"▲"}',
        "a::after { content: '✓ '; color: red }",
        'a::before{content:"x"/"";content:"x"}',
    ):
        assert read_aloud(bad), bad
    assert read_aloud('a::before{content:"▲";content:"▲" / ""} b::after{content:"";} c::after{content: " " }') == []


# Seen around every page, as a whole page, or inside other components.
FRAME = {
    "topbar.html",
    "header.html",
    "nav_list.html",
    "footer.html",
    "page_feedback.html",
    "question_page.html",
    "error_message.html",
    "field.html",
    "reference_kind.html",
}


class Ids(HTMLParser):
    """Collects the ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update(value for name, value in attrs if name == "id" and value)


@pytest.mark.django_db
def test_the_design_page_shows_every_component_in_both_directions(client, city):
    shown: list[list[str]] = []

    def note(template, **more):
        if template.name == "pages/design_side.html":
            shown.append([])
        elif shown and template.name.startswith("components/"):
            shown[-1].append(template.name.removeprefix("components/"))

    template_rendered.connect(note)
    try:
        page = client.get("/design/").content.decode()
    finally:
        template_rendered.disconnect(note)
    rtl, ltr = ([name for name in side if name not in FRAME] for side in shown)
    assert rtl == ltr
    assert {path.name for path in (ROOT / "templates" / "components").glob("*.html")} - FRAME == set(rtl)
    ids = Ids()
    ids.feed(page)
    assert [name for name, times in ids.found.items() if times > 1] == []


def _measure(file: Path, weight: int, texts: list[str], direction: str, language: str) -> float:
    """Length of these texts as they are shaped, at 1000 units an em."""
    font = ImageFont.truetype(str(file), 1000, layout_engine=ImageFont.Layout.RAQM)
    if "[" in file.name:
        axes = {b"Weight": weight, b"Width": 100}
        font.set_variation_by_axes([axes[axis["name"]] for axis in font.get_variation_axes()])
    return sum(font.getlength(text.replace("\n", " "), direction=direction, language=language) for text in texts)


def _file(package: str, name: str) -> Path:
    return Path(str(resources.files(package) / "files" / name))


@pytest.mark.parametrize(("weight", "name"), [(400, "Regular"), (700, "Bold")])
@pytest.mark.parametrize(
    ("family", "package", "fallback", "language"),
    [
        ("Plex Fallback", "fontpkg_arimo", "Arimo[wght].ttf", "en"),
        ("Plex Fallback Arabic", "fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf", "ar"),
    ],
)
def test_the_fallback_typeface_is_stretched_to_the_measure_of_ours(family, package, fallback, language, weight, name):
    """size-adjust by the length of all our texts, ascent and descent by the font. Arimo is as wide as Arial."""
    plex = _file("fontpkg_ibm_plex_sans_arabic", f"IBMPlexSansArabic-{name}.ttf")
    entries = polib.pofile(str(ROOT / "locale/ar/LC_MESSAGES/django.po"))
    texts = [entry.msgid if language == "en" else entry.msgstr for entry in entries if entry.msgstr]
    direction = "ltr" if language == "en" else "rtl"
    wide = _measure(plex, weight, texts, direction, language)
    stretch = wide / _measure(_file(package, fallback), weight, texts, direction, language)
    font = TTFont(plex)
    em = font["head"].unitsPerEm
    css = (ROOT / "static/css/base.css").read_text(encoding="utf-8")
    face = next(
        block
        for block in re.findall(r"@font-face {(.*?)}", css, re.DOTALL)
        if f'"{family}"' in block and f"font-weight: {weight}" in block
    )
    written = {key: float(value) for key, value in re.findall(r"([a-z-]+): ([\d.]+)%", face)}
    assert written["size-adjust"] == pytest.approx(100 * stretch, abs=1)
    share = written["size-adjust"] / 100
    assert written["ascent-override"] == pytest.approx(100 * font["hhea"].ascent / em / share, abs=0.1)
    assert written["descent-override"] == pytest.approx(-100 * font["hhea"].descent / em / share, abs=0.1)
    assert written["line-gap-override"] == font["hhea"].lineGap
