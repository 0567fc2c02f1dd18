"""A CSV file as programs for tables write it: its encoding, its separator, its headings in either language. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.text import is_storable, one_line, search_key

MAX_BYTES, MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1_000_000, 2000, 50, 2000
# As Excel writes Arabic where it is not told to write UTF-8.
ARABIC_WINDOWS = "cp1256"
SEPARATORS = ",;\t"
# What a program for tables would take for a formula when the list is opened there.
FORMULA = ("=", "@", "+", "-")


class Unreadable(Exception):
    """The file as a whole; `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Row:
    """One row under the headings: `number` is the one a program for tables shows beside it."""

    number: int
    cells: dict[str, str]


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or Windows Arabic. Unreadable when it is too large or no text."""
    if len(content) > MAX_BYTES:
        raise Unreadable(_("The file is larger than %(most)d KB.") % {"most": MAX_BYTES // 1000})
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", ARABIC_WINDOWS]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if is_storable(text) and not any(char < " " and char not in "\r\n\t" for char in text):
            return text
        break
    raise Unreadable(_("This is not a CSV file. Save the table as “CSV UTF-8” and choose that file."))


def read_rows(text: str, headings: Mapping[str, Sequence[str]], required: Sequence[str]) -> list[Row]:
    """The rows by column. `headings` are the words each column may bear, in any language.

    Unreadable for headings that are missing, unknown or twice, for too many rows and for a row of another length.
    """
    lines = _lines(text)
    if not lines or not any(map(str.strip, lines[0])):
        raise Unreadable(_("The first row has to hold the headings."))
    columns = _columns(lines[0], headings, required)
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [one_line(cell) for cell in line]
        if not any(cells):
            continue
        if any(len(cell) > MAX_CELL for cell in cells):
            raise Unreadable(_too_long(number))
        if any(cells[len(columns) :]):
            raise Unreadable(_("Row %(row)d has more cells than there are headings.") % {"row": number})
        filled = dict(zip(columns, [*cells, *[""] * len(columns)], strict=False))
        rows.append(Row(number, {name: cell for name, cell in filled.items() if name}))
        if len(rows) > MAX_ROWS:
            raise Unreadable(_("At most %(most)d rows can be imported at once.") % {"most": MAX_ROWS})
    if not rows:
        raise Unreadable(_("There is no row under the headings."))
    return rows


def _lines(text: str) -> list[list[str]]:
    """The cells of each row. A cell without an end is what a missing quotation mark makes of the rows behind it."""
    lines: list[list[str]] = []
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True):
            lines.append(line)
    except csv.Error as error:
        if str(csv.field_size_limit()) in str(error):
            raise Unreadable(_too_long(len(lines) + 1)) from error
        raise Unreadable(_("A quotation mark is missing somewhere in the file, so it cannot be read.")) from error
    return lines


def _too_long(row: int) -> str:
    words = _(
        "Row %(row)d: a cell has more than %(most)d characters. If it should not, look for a missing quotation mark "
        "in or before this row."
    )
    return words % {"row": row, "most": MAX_CELL}


def _separator(text: str) -> str:
    first = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    return max(SEPARATORS, key=first.count)


def _columns(line: Sequence[str], headings: Mapping[str, Sequence[str]], required: Sequence[str]) -> list[str]:
    line = list(line)
    while line and not line[-1].strip():  # a program for tables may write every column it can show
        line.pop()
    if len(line) > MAX_COLUMNS:
        raise Unreadable(_("The file has more than %(most)d columns.") % {"most": MAX_COLUMNS})
    known = {search_key(word): name for name, words in headings.items() for word in (name, *words)}
    columns = []
    for cell in line:
        heading = one_line(cell)
        name = known.get(search_key(heading), "") if heading else ""
        if heading and not name:
            raise Unreadable(_("The heading “%(heading)s” is not known.") % {"heading": heading[:60]})
        if name and name in columns:
            raise Unreadable(_("The heading “%(heading)s” is there twice.") % {"heading": heading[:60]})
        columns.append(name)
    if missing := [headings[name][0] for name in required if name not in columns]:
        raise Unreadable(_("Headings are missing: %(headings)s") % {"headings": _(", ").join(missing)})
    return columns


def looks_like_formula(cell: str) -> bool:
    """Would a program for tables take it for something to work out?"""
    return cell.startswith(FORMULA)
