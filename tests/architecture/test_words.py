"""Rules about words: everything can be translated, everything is, and no language leaks into the other."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

from jeddah_portal import third_party_words

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ROOMS = ("core", "plots", "municipality", "accounts", "journal", "transactions", "permits", "api", "jeddah_portal")

LETTERS = re.compile(r"[^\W\d_]{2,}")
MARKS = re.compile(r"[,;?!،؛؟]")  # these differ between the languages
ARABIC = re.compile(r"[\u0621-\u064a]")
LATIN = re.compile(r"[A-Za-z]{2,}")
READ_ALOUD = {"aria-label", "aria-description", "alt", "title", "placeholder"}
# Arguments of includes that become words on the page.
WORDS = re.compile(r"\b(title|text|label|action|message|effect|next_step)=([\"'])(?=[^\"']*[^\W\d_]{2})")

SAID_AS_IT_IS = {
    "English",  # each language is offered under its own name
    "العربية",
    "SHA-256",  # the name of an algorithm
}


class Page(HTMLParser):
    """Collects what a person reads or hears in a template whose tags were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def _keep(self, text: str) -> None:
        for name in SAID_AS_IT_IS:
            text = text.replace(name, "")
        if LETTERS.search(text) or MARKS.search(text):
            self.found.append(" ".join(text.split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "kbd")
        given = dict(attrs)
        for name, value in attrs:
            if name in READ_ALOUD or (tag, name, given.get("type")) == ("input", "value", "submit"):
                self._keep(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "kbd")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._keep(data)


def untranslatable(source: str) -> list[str]:
    """Words of a template that stand in no translate or blocktranslate."""
    kept, found, inside = [], [], ""
    for token in Lexer(source).tokenize():
        name = token.contents.split()[0] if token.token_type == TokenType.BLOCK and token.contents else ""
        if inside:
            if name == f"end{inside}":
                inside = ""
        elif name in ("comment", "blocktranslate"):
            inside = name
        elif name == "block" and token.contents.endswith("_class"):
            inside = "block"
        elif token.token_type == TokenType.TEXT:
            kept.append(token.contents)
        elif name == "include" and WORDS.search(token.contents):
            found.append(token.contents)
    page = Page()
    page.feed("".join(kept))
    page.close()
    return found + page.found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_says_nothing_that_cannot_be_translated(path):
    assert untranslatable(path.read_text(encoding="utf-8")) == []


def test_the_checker_sees_words_wherever_they_hide():
    for bad in (
        "<p>Hello</p>",
        "Hello {{ name }}",
        "<p>{% if x %}نعم{% endif %}</p>",
        '<img alt="A plan">',
        "<button aria-label='Close'>×</button>",
        '<input type="submit" value="Send">',
        '{% include "components/notice.html" with title="Hello" only %}',
        "<p>{% translate 'Hello' %} there</p>",
        "<p>{% translate 'Hello' %}, {{ name }}</p>",
    ):
        assert untranslatable(bad), bad
    for good in (
        "<p>{% translate 'Hello' %}</p>",
        "{% blocktranslate %}Hello <b>you</b>{% endblocktranslate %}",
        "{% comment %}Arguments: none.{% endcomment %}{# words #}<p class='words'>12 · {{ x }}</p>",
        "{% block main_class %}main--wide{% endblock %}",
        '{% include "components/notice.html" with kind="info" title=_("Hello") only %}',
        "<script src='words.js'></script>",
    ):
        assert untranslatable(good) == [], good


SAYS = re.compile(r"messages\.\w+|DomainError|AccountError|Problem")


def _raw(node: ast.expr | None) -> str:
    """The text of a literal, plain or with holes; nothing for anything else."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def test_a_view_says_nothing_that_cannot_be_translated():
    """What is told by messages, refusals and problems goes through gettext."""
    found = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                said = node.args[1] if len(node.args) > 1 else None
                if SAYS.fullmatch(ast.unparse(node.func)) and LETTERS.search(_raw(said)):
                    found.append(f"{path.relative_to(ROOT)}: {ast.unparse(node)}")
    assert found == []


ENTRIES = [entry for entry in polib.pofile(str(ROOT / "locale/ar/LC_MESSAGES/django.po")) if not entry.obsolete]
# Latin words that Arabic pages keep: names of formats, laws of the net and things people see spelt so.
LATIN_KEPT = {
    "PDF", "DWG", "DXF", "HEIC", "TIFF", "WebP", "JPEG", "PNG", "QR", "SMS", "WCAG", "AA", "SHA", "API",
    "JADA", "ENG", "SHR", "SAR", "bin", "run", "var", "CSV", "UTF", "gov", "sa", "https", "HTTPS",
    "demo", "json", "sms", "Enter", "JSON", "OpenAPI", "KW", "PAKAB", "BACKUP", "RECIPIENT", "page", "cursor", "UUID",
    "UTM", "WGS", "GeoJSON", "FeatureCollection", "Polygon", "MultiPolygon", "EPSG", "code", "name", "ar", "en",
    "plan", "parcel", "block", "number",
    # Layers of the template of drawings, and what programs that draw call things.
    "JM", "PLOT", "STREET", "PART", "SETBACK", "FLOOR", "ROOF", "PARKING", "UNIT", "HEIGHT", "UNITS", "Blocks",
}  # fmt: skip
HOLES = re.compile(r"%\((\w+)\)[sd]")


def test_every_text_is_translated_and_nothing_is_guessed():
    assert [entry.msgid for entry in ENTRIES if not entry.translated() or entry.fuzzy] == []


def test_every_count_has_the_six_forms_of_arabic():
    counted = [entry for entry in ENTRIES if entry.msgid_plural]
    assert counted
    for entry in counted:
        assert sorted(entry.msgstr_plural) == [0, 1, 2, 3, 4, 5], entry.msgid
        for form in (3, 4, 5):
            assert set(HOLES.findall(entry.msgstr_plural[form])) == set(HOLES.findall(entry.msgid_plural)), entry.msgid
        # One and two are words in Arabic, and nought has a sentence of its own: none of them shows the figure.
        assert entry.msgstr_plural[1] != entry.msgstr_plural[3], entry.msgid


def test_every_hole_of_a_sentence_is_in_its_translation():
    for entry in ENTRIES:
        if not entry.msgid_plural:
            holes, filled = set(HOLES.findall(entry.msgid)), set(HOLES.findall(entry.msgstr))
            # A library's text may name a class or a constraint, which people have no use for.
            assert filled <= holes if entry.msgid in third_party_words.TEXTS else filled == holes, entry.msgid


def test_no_english_is_left_in_arabic_and_no_arabic_in_english():
    for entry in ENTRIES:
        said = [entry.msgstr, *entry.msgstr_plural.values()]
        for text in said:
            words = set(LATIN.findall(re.sub(r"%\(\w+\)[sd]|{\w+}|<[^>]+>|C1A-\d+-\d+-\w", "", text)))
            assert words <= LATIN_KEPT, (entry.msgid, words - LATIN_KEPT)
        quoted = re.sub(r"\d+/\S+", "", entry.msgid)  # a plan number as deeds write it
        assert not ARABIC.search(quoted) or entry.msgid == "، ", entry.msgid


def test_arabic_is_written_with_arabic_marks():
    """Comma, semicolon and question mark; no stretched letters, no space before a mark, no doubled space."""
    for entry in ENTRIES:
        if "?: show" in entry.msgid:  # the name of a key, not a mark
            continue
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            plain = re.sub(r"%\(\w+\)[sd]|<[^>]+>|&\w+;|https?://\S+| {3}", "٠", text).replace("هـ", "ه")  # the era
            assert not re.search(r"[\u0621-\u064a]\s*[,;?]|\u0640| [،؛؟:.]|  ", plain), (entry.msgid, text)


# Turns of phrase that are German or bookish in English, each found once on a page.
NOT_ENGLISH = re.compile(
    r"\b(stands? still|in hand now|counts? no more|works? here no more|sees? \w+ no more|somebody"
    r"|taken in|put right|told of"
    r"|nobody (fits|waits)|there fits|was not to be reached|goes on at|the clock goes on|waits for (you|the|a|your)"
    r"|as it stands|stands on|lies there|throw \w+ \w+ away|on no list|is no (receipt|JSON)|belong to no|begun"
    r"|all the same|look(s)? through|need not|in one go|which is to be|e-mail)\b",
    re.IGNORECASE,
)
# Arabic that no editor lets stand: fathatan after its alif; another spelling or an older word for one thing.
NOT_ARABIC = {
    "ا\u064b": "رقمًا",
    "تجزئة التيار": "عداد إضافي",
    "م.ب": "ميغابايت",
    "ك.ب": "كيلوبايت",
    "إبريل": "أبريل",
    "مراكز الخدمة": "مراكز الخدمات",
    "الرقم السري": "الرمز السري",
    "البلوك": "البلك",
    "هذا الحقل مطلوب": "اكتب …, by the name of the box",
    "تم القيام": "a verb",
    "لا شي ": "لا شيء",
    "لا يوجد هذا التاريخ": "لم نفهم هذا التاريخ",
    "مهما كان اسمه": "صورة بصيغة HEIC",
    "ما اعتُمد": "بيانات الطلب",
    "ردكم": "ردّكم",
    "حيك": "حيّك",
}
OFFICE = list(polib.pofile(str(ROOT / "locale/ar/LC_MESSAGES/office.po")))
LETTER = "[\u0621-\u065f]"


def not_arabic(text: str) -> list[str]:
    """The phrases of NOT_ARABIC a text holds, as whole words."""
    return [
        wrong
        for wrong in NOT_ARABIC
        if (
            wrong in text
            if wrong[0] == "ا" and len(wrong) == 2
            else re.search(f"(?<!{LETTER}){wrong}(?!{LETTER})", text)
        )
    ]


def test_english_is_what_a_native_writer_would_write():
    ours = [entry for entry in ENTRIES if entry.msgid not in third_party_words.TEXTS]
    found = [text for entry in ours for text in (entry.msgid, entry.msgid_plural) if NOT_ENGLISH.search(text)]
    assert found == []


def test_arabic_is_spelt_one_way_and_says_one_thing_with_one_word():
    for entry in [*ENTRIES, *OFFICE]:
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            assert not_arabic(text) == [], (entry.msgid, text)


def test_the_rules_see_what_was_found_on_pages():
    for bad in ("The clock stands still", "Nobody fits", "The site was not to be reached", "This link counts no more."):
        assert NOT_ENGLISH.search(bad), bad
    for bad in ("أدخل رقماً.", "تقوية / تجزئة التيار", "هذا الحقل مطلوب.", "حجمه 3 م.ب"):
        assert not_arabic(bad), bad
    assert not_arabic("أدخل رقمًا، أو اسم المكتب") == []
