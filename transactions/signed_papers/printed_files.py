"""Files to print, laid out: labels, pages of a register, copies of papers one after another. No queries.

A copy is no signed file: joined with others it bears no signature, says so along its edge and on the sheet before it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from .sheet import is_latin
from .typesetting import typeset

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Label:
    """What stands on the cover of a file; `line` is its number in the register, where it has one."""

    reference: str
    service: str
    applicant: str
    line: str
    office: str


@dataclass(frozen=True)
class RegisterPart:
    """Lines of one register: office, which register of which year, from which number to which."""

    office: str
    register: str
    numbers: str
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Copy:
    """A paper to be copied: its number, whose it is, its file."""

    number: str
    applicant: str
    content: bytes


def _own(text: str) -> dict[str, Any]:
    """A text and the direction it has by itself."""
    return {"text": text, "ltr": is_latin(text)}


def _is_rtl() -> bool:
    return translation.get_language_bidi()


def lay_out_labels(labels: Iterable[Label], now: datetime) -> bytes:
    """Sheets of labels, in the language that is on."""
    rows = [
        {
            "reference": label.reference,
            "service": _own(label.service),
            "applicant": _own(label.applicant),
            "line": label.line,
            "office": _own(label.office),
            "qr": segno.make(label.reference, micro=False, error="m").svg_inline(border=0),
        }
        for label in labels
    ]
    data = {"title": _("Labels for files"), "rtl": _is_rtl(), "incoming": _("Incoming"), "labels": rows}
    return typeset(data, now, HERE / "labels.typ", ())


def lay_out_register(parts: Iterable[RegisterPart], heads: Sequence[str], by: str, now: datetime) -> bytes:
    """Pages of registers, in the language that is on."""
    data = {
        "title": _("Pages of the register"),
        "rtl": _is_rtl(),
        "printed": _printed(by, now),
        "heads": list(heads),
        "parts": [
            {
                "office": _own(part.office),
                "register": part.register,
                "numbers": part.numbers,
                "rows": [[_own(cell) for cell in row] for row in part.rows],
            }
            for part in parts
        ],
    }
    return typeset(data, now, HERE / "register.typ", ())


def _printed(by: str, now: datetime) -> str:
    words = _("Printed by %(name)s on %(time)s. The register itself is kept in the portal.")
    return words % {"name": by, "time": timezone.localtime(now).strftime("%Y-%m-%d %H:%M")}


def join_copies(copies: Iterable[Copy], by: str, now: datetime) -> tuple[bytes, int]:
    """The papers one after another, as copies: without signatures, marked on every page, behind a sheet that lists
    them. Returns the file and how many pages it has. What is read is held until it is written: whoever calls sets a
    limit to it.
    """
    import pikepdf  # by whoever prints alone: a web process never does

    mark = _in_both(lambda: _("Copy for printing. The signed file is the original."))
    rows = []
    with ExitStack() as held:
        target = held.enter_context(pikepdf.Pdf.new())
        stamp = held.enter_context(pikepdf.open(io.BytesIO(typeset(mark, now, HERE / "stamp.typ", ()))))
        form = target.copy_foreign(stamp.pages[0].as_form_xobject())
        for copy in copies:
            source = held.enter_context(pikepdf.open(io.BytesIO(copy.content)))
            for page in source.pages:
                # The box of the signature, and the numbers of a structure that is not taken along.
                for name in ("/Annots", "/StructParents", "/Tabs"):
                    if name in page.obj:
                        del page.obj[name]
                target.pages.append(page)
                box = pikepdf.Rectangle(target.pages[-1].mediabox)
                target.pages[-1].add_overlay(form, box)
            rows.append([copy.number, copy.applicant, str(len(source.pages))])
        first = held.enter_context(pikepdf.open(io.BytesIO(_list_of(rows, by, now))))
        for number, page in enumerate(first.pages):
            target.pages.insert(number, page)
        target.docinfo["/Title"] = pikepdf.String(_("Copies for printing"))
        out = io.BytesIO()
        target.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return out.getvalue(), len(target.pages)


def _list_of(rows: Sequence[Sequence[str]], by: str, now: datetime) -> bytes:
    time = timezone.localtime(now).strftime("%Y-%m-%d %H:%M")
    data = {
        "title": _in_both(lambda: _("Copies for printing")),
        "words": _in_both(
            lambda: _(
                "These pages are copies and bear no electronic signature. The signed PDF file of each document is its "
                "original; the code on a copy leads to its verification."
            )
        ),
        "printed": _in_both(lambda: _("Printed by %(name)s on %(time)s.") % {"name": by, "time": time}),
        "heads": [
            _in_both(lambda: _("No.")),
            _in_both(lambda: _("Number")),
            _in_both(lambda: _("Applicant")),
            _in_both(lambda: _("Pages")),
        ],
        "rows": [[_own(cell) for cell in (str(at), *row)] for at, row in enumerate(rows, start=1)],
    }
    return typeset(data, now, HERE / "copies.typ", ())


def _in_both(say: Callable[[], str]) -> dict[str, str]:
    """A sentence in both languages: a print goes to whoever it goes to."""
    words = {}
    for language in ("ar", "en"):
        with translation.override(language):
            words[language] = say()
    return words
