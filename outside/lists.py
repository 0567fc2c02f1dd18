"""Lists that a body sends: a CSV file with a row a message. Read first and shown, then recorded row by row.

Columns, in any order, with these names in the first line: reference, event, at, number, given, reason. `at` is a day
(2026-11-24, or Hijri 1448-06-14); several numbers in `given` have semicolons between. Each row has its own key, worked
out from what it says: a list that is uploaded twice, or overlaps with another, records nothing twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from core.forms.fields import DateField
from core.text import is_storable, western_digits
from transactions.domain.errors import DomainError

from .answers import find_referral, moment_of_day, problems_of, record_message
from .messages import sha256
from .models import BodyMessage, Channel, Referral
from .permissions import may_record
from .progress import SENT

COLUMNS = ("reference", "event", "at", "number", "given", "reason")
REQUIRED = frozenset({"reference", "event", "at"})
MAX_BYTES, MAX_ROWS, MAX_CELL = 512 * 1024, 1000, 2000


class NotAList(Exception):
    """The file is no such list; the text says why, to whoever uploaded it."""


@dataclass
class Line:
    """A row of the list. `problem` says why it is not recorded; `known` that it was before."""

    number: int
    cells: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    known: bool = False

    @property
    def ready(self) -> bool:
        return not self.problem and not self.known


def decode(content: bytes) -> str:
    """The text of a file as spreadsheets write it. NotAList when it is none, or too large."""
    if len(content) > MAX_BYTES:
        raise NotAList(_("The list is too large. Send at most 1,000 rows at a time."))
    for encoding in ("utf-8-sig", "cp1256"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if is_storable(text):
            return text
    raise NotAList(_("The file is not a CSV list. Save it as CSV in your spreadsheet."))


def read(text: str, *, body: str, by: User, now: datetime) -> list[Line]:
    """Every row with what would become of it; nothing is written. NotAList for a file without the columns."""
    lines = [_checked(line, body=body, by=by, now=now) for line in _lines(text)]
    keys = BodyMessage.objects.filter(body=body, key__in=[line.facts["key"] for line in lines if line.facts])
    known, seen = set(keys.values_list("key", flat=True)), set[str]()
    for line in lines:
        key = line.facts.get("key", "")
        line.known = bool(key) and (key in known or key in seen)
        seen.add(key)
    return lines


def record(text: str, *, body: str, by: User, now: datetime) -> tuple[int, list[Line]]:
    """Record every row that is ready; returns how many were, and all rows. One that fails leaves the others alone."""
    lines, done = read(text, body=body, by=by, now=now), 0
    for line in lines:
        if not line.ready:
            continue
        try:
            record_message(body=body, now=now, channel=Channel.LIST, by=by, **line.facts)
            done += 1
        except DomainError as error:
            line.problem = str(error.message)
    return done, lines


def _lines(text: str) -> Iterator[Line]:
    """Rows by the names in the first line; comma, semicolon or tab between cells."""
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if not set(names) >= REQUIRED or len(set(names)) != len(names):
            wanted = ", ".join(COLUMNS)
            raise NotAList(_("The first line must name the columns: %(columns)s.") % {"columns": wanted})
        for number, row in enumerate(rows, start=2):
            if number > MAX_ROWS + 1:
                raise NotAList(_("The list is too large. Send at most 1,000 rows at a time."))
            if any(cell.strip() for cell in row):
                named = dict(zip(names, row, strict=False))
                yield Line(number, {name: named.get(name, "").strip()[: MAX_CELL + 1] for name in COLUMNS})
    except csv.Error as error:
        raise NotAList(_("The file is not a CSV list. Save it as CSV in your spreadsheet.")) from error


def _checked(line: Line, *, body: str, by: User, now: datetime) -> Line:
    cells = line.cells
    referral = find_referral(body, cells["reference"])
    if referral is None:
        line.problem = _("No request with this number was referred to this body.")
    elif not may_record(by, referral.transaction):
        line.problem = _("Another office holds this request; it records its rows itself.")
    elif cells["event"].lower() == SENT:
        line.problem = _("This body has no such outcome.")
    else:
        line.problem = _understand(line, referral, now)
    return line


def _understand(line: Line, referral: Referral, now: datetime) -> str:
    """Read the cells into the facts of a message; returns what is wrong, in words."""
    cells = line.cells
    try:
        day = DateField().clean(western_digits(cells["at"]))
    except ValidationError as error:
        return " ".join(error.messages)
    if day is None:
        return _("Enter the day.")
    message: dict[str, Any] = {
        "kind": cells["event"].lower(),
        "number": cells["number"],
        "reason": cells["reason"],
        "given": [part.strip() for part in cells["given"].split(";") if part.strip()],
        "happened_at": moment_of_day(day, now),
    }
    wrong = problems_of(referral, now=now, **message)
    if wrong:
        return " ".join(str(problem.message) for problem in wrong)
    parts = [str(referral.pk), message["kind"], day.isoformat(), cells["number"], cells["given"], cells["reason"]]
    key = f"list:{sha256(chr(31).join(map(str, parts)).encode())[:40]}"
    line.facts = message | {"key": key, "about": referral.transaction.reference, "referral": referral}
    return ""
