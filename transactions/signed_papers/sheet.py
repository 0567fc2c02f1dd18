"""What stands on the sheet: a frozen content as data for paper.typ, every word in both languages. No queries."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import segno
from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.emblem import emblem
from core.hijri import format_hijri, in_calendar, riyadh_day

from ..papers.paper_content import LETTERS, OBJECTION, RECEIVED, REJECTED
from .plot_sheet import plot_of

Content = Mapping[str, Any]
Pair = dict[str, Any]
LANGUAGES = ("ar", "en")
# What a content says where a question was left open (papers/paper_content.py).
UNANSWERED = "—"
# Under a reason that is there in one language, by that language.
ONLY_IN: dict[str, Callable[[], str]] = {
    "ar": lambda: _("The office wrote this reason in Arabic only."),
    "en": lambda: _("The office wrote this reason in English only."),
}


def sheet_of(content: Content, *, address: str, is_demo: bool) -> dict[str, Any]:
    """The data of a sheet. `address` is what its QR code holds; `is_demo`: it says that it has no legal effect."""
    pages = [content[language] for language in LANGUAGES]
    number = str(content.get("number") or content["reference"])
    title = _title(content)
    return {
        "name": f"{title['ar']} {number}",
        "number": number,
        "organisation": _words(lambda: _("Jeddah Municipality")),
        "office": _of(pages, "office"),
        "emblem": _emblem(),
        "notice": _words(_demo_words) if is_demo else None,
        "head": list(_head(content, pages)),
        "title": title,
        "opening": [*_greeting(pages), *_sentences(pages, "opening")],
        "reason": _reason(content),
        "sections": list(_sections(content, pages)),
        "plot": plot_of(content, _words) if content["what"] not in (RECEIVED, *LETTERS) else None,
        "drawings": _files(pages, content),
        "drawings_title": _words(
            lambda: _("Files received") if content["what"] == RECEIVED else _("Approved drawings")
        ),
        "drawings_note": _words(lambda: _("The code beside each file is the beginning of its SHA-256 fingerprint.")),
        "closing": [*_sentences(pages, "closing"), *_optional(pages, "farewell")],
        "signatory": _signatory(pages),
        "notes": [*_sentences(pages, "notes"), _words(_original_words)],
        "foot": _words(lambda: _("Signed electronically")),
        "qr": _code(address),
        "qr_words": _words(lambda: _("Code to verify this document"))["ar"],
    }


def _emblem() -> dict[str, Any] | None:
    """The municipality's emblem, where there is one: its bytes, and of which kind they are."""
    shown = emblem()
    if shown is None:
        return None
    return {"bytes": list(shown.content), "format": shown.content_type.removeprefix("image/").partition("+")[0]}


def _demo_words() -> str:
    return _("Demonstration: made by a demonstration system with a key of its own. It has no legal effect.")


def _original_words() -> str:
    return _(
        "The signed PDF file is the original; a print is a copy. Scan the code, or give the file or its number on the "
        "verification page, to check that it is genuine and still valid."
    )


def _words(say: Callable[[], str]) -> Pair:
    """A sentence of the sheet's own, in both languages."""
    words = {}
    for language in LANGUAGES:
        with translation.override(language):
            words[language] = say()
    return words


def _title(content: Content) -> Pair:
    if content["what"] == REJECTED:
        return _words(lambda: _("Letter of refusal"))
    if content["what"] == OBJECTION:
        return _words(lambda: _("Decision on an objection"))
    if content["what"] == RECEIVED:
        return _words(lambda: _("Receipt of a request"))
    return _of([content[language] for language in LANGUAGES], "title")


def _of(pages: list[Content], name: str) -> Pair:
    return {language: str(page.get(name, "")) for language, page in zip(LANGUAGES, pages, strict=True)}


def _optional(pages: list[Content], name: str) -> Iterator[Pair]:
    if any(page.get(name) for page in pages):
        yield _of(pages, name)


def _greeting(pages: list[Content]) -> Iterator[Pair]:
    yield from _optional(pages, "greeting")


def _sentences(pages: list[Content], name: str) -> Iterator[Pair]:
    """Sentences pair by pair in both languages; both pages were frozen from the same facts."""
    for sentences in zip(*(page.get(name, ()) for page in pages), strict=True):
        yield dict(zip(LANGUAGES, sentences, strict=True))


def _reason(content: Content) -> dict[str, Any] | None:
    """The reason of a refusal or of a decision on an objection, as it was written: side by side where it is there in
    both languages; otherwise once, and that there is only the one.
    """
    if content["what"] not in LETTERS:
        return None
    own_words = content.get("own_words", {})
    if all(own_words.get(language) for language in LANGUAGES):
        return {"both": {language: own_words[language] for language in LANGUAGES}}
    only = next((_words(ONLY_IN[language]) for language in own_words), None)
    return {"both": None, "ar": content["reason"], "ltr": is_latin(content["reason"]), "only": only}


def _head(content: Content, pages: list[Content]) -> Iterator[dict[str, Any]]:
    """Number, days, about what, to whom."""
    if content.get("number"):
        yield _row(_words(lambda: _("Number")), [content["number"]] * 2)
    date = _words(lambda: _("Date of issue") if content.get("number") else _("Date"))
    yield _row(date, _days(content.get("issued_at") or content["at"]))
    if content.get("valid_until"):
        yield _row(_words(lambda: _("Valid until")), _days(content["valid_until"]))
    if any(page.get("subject") for page in pages):
        yield _row(_words(lambda: _("Subject")), list(_of(pages, "subject").values()))
    if any(page.get("to") for page in pages):
        yield _row(_words(lambda: _("To")), list(_of(pages, "to").values()))
    elif content["what"] in LETTERS | {RECEIVED}:
        yield _row(_words(lambda: _("To")), [content["applicant"]] * 2)
    yield _row(_words(lambda: _("Transaction number")), [content["reference"]] * 2)


def _sections(content: Content, pages: list[Content]) -> Iterator[dict[str, Any]]:
    if rows := list(_rows(pages[0].get("rows", ()), pages[1].get("rows", ()))):
        yield {"title": _words(lambda: _("Given to")), "rows": rows}
    for ar, en in zip(*(page.get("sections", ()) for page in pages), strict=True):
        yield {
            "title": {"ar": ar["title"], "en": en["title"]},
            "rows": list(_rows(ar["rows"], en["rows"], of_questions=True)),
        }


def _rows(ar: Iterable[Content], en: Iterable[Content], *, of_questions: bool = False) -> Iterator[dict[str, Any]]:
    for first, second in zip(ar, en, strict=True):
        if (not of_questions and "date" in first) or first.get("value") == UNANSWERED:
            continue  # the day stands in the head; what was not answered needs no line
        label = {"ar": str(first["label"]), "en": str(second["label"])}
        if "cells" in first:
            # A group: a line for each of its answers, with the question before it.
            lines = [
                [f"{cell['label']}: {' '.join(_value(cell, language))}" for cell in row["cells"]]
                for language, row in zip(LANGUAGES, (first, second), strict=True)
            ]
            yield {"label": label, "value": {"same": False, "ar": lines[0], "en": lines[1]}}
        else:
            yield _row(label, [_value(first, "ar"), _value(second, "en")])


def _row(label: Pair, values: list[Any]) -> dict[str, Any]:
    """What reads the same in both languages stands once, in the middle."""
    lines = [[value] if isinstance(value, str) else value for value in values]
    if lines[0] == lines[1] and len(lines[0]) == 1:
        (text,) = lines[0]
        return {"label": label, "value": {"same": True, "ar": _together(text), "ltr": is_latin(text)}}
    ar, en = ([_together(line) for line in each] for each in lines)
    return {"label": label, "value": {"same": False, "ar": ar, "en": en}}


def _together(text: str) -> str:
    """Plan and parcel stay on the same line."""
    return text.replace(" / ", "\u00a0/\u00a0")


def _value(cell: Content, language: str) -> list[str]:
    if day := parse_date(str(cell.get("date", ""))):
        return _day(day, language)
    unit = f" {cell['unit']}" if cell.get("unit") else ""
    return [f"{cell.get('value', '')}{unit}"]


def _days(text: str) -> list[list[str]]:
    day = riyadh_day(datetime.fromisoformat(text)) if "T" in text else date.fromisoformat(text)
    return [_day(day, language) for language in LANGUAGES]


def _day(day: date, language: str) -> list[str]:
    """A day in both calendars, a line each."""
    with translation.override(language):
        gregorian = date_format(day, "j F Y") + ("م" if language == "ar" else "")
    return [format_hijri(day, language), gregorian] if in_calendar(day) else [gregorian]


def _files(pages: list[Content], content: Content) -> list[dict[str, Any]]:
    name = "files" if content["what"] == RECEIVED else "drawings"
    listed = []
    for ar, en in zip(*(page.get(name, ()) for page in pages), strict=True):
        for file in ar["files"] if name == "drawings" else [ar]:
            label = {"ar": ar["label"], "en": en["label"]}
            listed.append(
                {
                    "label": label,
                    "name": {"ar": file["name"], "ltr": is_latin(file["name"])},
                    "mark": file["mark"],
                }
            )
    return [] if content["what"] in LETTERS else listed


def _signatory(pages: list[Content]) -> dict[str, Pair] | None:
    if not all(page.get("signatory") for page in pages):
        return None
    return {
        name: {language: page["signatory"][name] for language, page in zip(LANGUAGES, pages, strict=True)}
        for name in ("name", "post")
    }


def is_latin(text: str) -> bool:
    """Does it read from left to right by its first letter?"""
    letters = [char for char in text if char.isalpha()]
    return not letters or letters[0].isascii()


def _code(address: str) -> str:
    """The QR code as an SVG picture."""
    out = io.BytesIO()
    segno.make(address, error="l", micro=False).save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()
