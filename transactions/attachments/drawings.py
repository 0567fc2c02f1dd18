"""Pictures drawn in the background: the pages after the first, what somebody asks for, what nobody had time for.

Each is a row of the outbox whose subject says which page of which file. One process draws at a time on each host, and
who sends much waits behind who sends little: rows are taken one a sender, least served first.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.db.models import BigIntegerField, F, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils import timezone

from .. import pictures
from ..models import Attachment, Outbox
from ..outbox import queue
from ..pictures import State
from . import drawing, scanning
from .stored import open_intact

logger = logging.getLogger(__name__)
KIND = "draw"
# So many pages are drawn without anybody asking; of longer files the others when somebody comes to them.
EAGER_PAGES = 40
AT_ONCE = 8
SCANNED_AGAIN_AFTER = timedelta(minutes=5)
_FILES = 100_000
_spent: Counter[int] = Counter()


class Wanted(NamedTuple):
    """A page of a file, with those after it, or as parts to be read `closely`."""

    file: int
    page: int = 1
    closely: bool = False

    @property
    def subject(self) -> int:
        return self.file * _FILES + 2 * self.page + self.closely

    @property
    def name(self) -> str:
        """Of the picture that is there when it is done."""
        return f"{self.page}-1-1" if self.closely else str(self.page)

    @classmethod
    def of(cls, subject: int) -> Wanted:
        file, rest = divmod(subject, _FILES)
        return cls(file, rest // 2, bool(rest % 2))


def want(file: Attachment, page: int = 1, *, closely: bool = False, now: datetime | None = None) -> None:
    """Have this drawn, unless it is waiting to be."""
    wanted = Wanted(file.pk, page, closely)
    if Outbox.objects.filter(kind=KIND, subject=wanted.subject, state__in=queue.WAITING).exists():
        return
    now = now or timezone.now()
    queue.owe(KIND, wanted.subject, dedupe=f"{KIND}:{wanted.subject}:{time.time_ns()}", now=now)


def after_upload(file: Attachment, now: datetime) -> None:
    """What is still to be done with a file that has just been kept."""
    if file.has_preview and (not file.look or (file.pages or 0) > 1):
        want(file, 2 if file.look else 1, now=now)
    if scanning.is_set() and not file.scanned:
        _scan_later(file.pk, now)


def _scan_later(file: int, now: datetime) -> None:
    queue.owe("scan", file, dedupe=f"scan:{file}:{time.time_ns()}", now=now, wait=SCANNED_AGAIN_AFTER)


@contextmanager
def alone() -> Iterator[bool]:
    """False while another process of this host draws in the background."""
    with (Path(tempfile.gettempdir()) / f"jeddah-portal-draws-{os.getuid()}").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


@queue.in_order_of(KIND)
def in_turn(waiting: QuerySet[Outbox]) -> list[int]:
    """The oldest row of each sender, first of those for whom least was drawn lately."""
    file = Cast(F("subject") / _FILES, BigIntegerField())
    sender = Subquery(Attachment.objects.filter(pk=OuterRef("file")).values("uploaded_by")[:1])
    of_senders = waiting.annotate(file=file).annotate(sender=sender).order_by().values_list("sender")
    rows = [(_spent[sender], pk) for sender, pk in of_senders.annotate(first=Min("pk"))]
    return [pk for _seconds, pk in sorted(rows)]


@queue.handles(KIND, outside=True)
def draw(subject: int, now: datetime) -> Exception | None:
    """Draw what is wanted of a file and keep it. What is left of its pages is owed anew; TimeoutError when the machine
    had too much to do to draw anything.
    """
    wanted = Wanted.of(subject)
    file = Attachment.objects.filter(pk=wanted.file, removed_at=None).first()
    if file is None or not file.has_preview or _is_done(file, wanted):
        return None
    began = time.monotonic()
    try:
        return _draw(file, wanted, now)
    finally:
        _serve(file.uploaded_by_id, time.monotonic() - began)


def _is_done(file: Attachment, wanted: Wanted) -> bool:
    names = [wanted.name]
    if wanted.closely:
        # One that could not be drawn is tried again after a while, whichever of the parts it is.
        names += _parts(wanted.page, *pictures.grid(file.key, wanted.page))
    return bool(file.look) and all(pictures.state(file.key, name) != State.MISSING for name in names)


def _parts(page: int, rows: int, columns: int) -> list[str]:
    return [f"{page}-{row}-{column}" for row in range(1, rows + 1) for column in range(1, columns + 1)]


def _draw(file: Attachment, wanted: Wanted, now: datetime) -> Exception | None:
    stored = open_intact(file)
    first, last = wanted.page, wanted.page + AT_ONCE - 1
    if stored is None:
        # What is stored is not what was uploaded: nobody is shown that.
        pictures.keep(file.key, {wanted.name: b""})
        return None
    task = "parts" if wanted.closely else "pages"
    with stored:
        found = drawing.draw(stored, file.content_type, task=task, first=first, last=last)
    if found.wrong == drawing.LATE and not found.pictures:
        return TimeoutError("too much is being done to draw this now")
    if wanted.closely:
        # The last first: where one is missing, this is not done.
        names = _parts(wanted.page, *found.grid) or [wanted.name]
        pictures.keep(file.key, {name: found.pictures.get(name, b"") for name in reversed(names)})
        return None
    pages = min(last, file.pages or found.pages or 0)
    drawn = [int(name) for name in found.pictures]
    # Where the process ended it begins anew; a page it ended at twice is left out, and those after it are drawn.
    reached = max(drawn, default=first)
    missing = {str(page): b"" for page in range(first, min(reached, pages) + 1) if page not in drawn}
    # The pictures first: whoever is told that the file was drawn finds them.
    pictures.keep(file.key, found.pictures | missing)
    if not file.look:
        _write(file, found)
    if reached < min(file.pages or 0, EAGER_PAGES):
        want(file, reached + 1, now=now)
    return None


def _write(file: Attachment, found: drawing.Found) -> None:
    """What nobody knew of the file until now."""
    shown = "1" in found.pictures
    file.look, file.marks = drawing.GOOD if shown else found.look, " ".join(sorted(found.marks))
    file.pages = found.pages if shown or not found.wrong else 0
    file.save(update_fields=["look", "marks", "pages"])


def _serve(sender: int, seconds: float) -> None:
    """Remembered by this process, and forgotten bit by bit, so that nobody waits for what was long ago."""
    _spent[sender] += max(1, round(seconds * 1000))
    if sum(_spent.values()) > 600_000:
        for one in list(_spent):
            _spent[one] //= 2
            if not _spent[one]:
                del _spent[one]


@queue.handles("scan", outside=True)
def scan(subject: int, now: datetime) -> None:
    """Ask clamd about a file it gave no answer for when it arrived; as often as it takes."""
    file = Attachment.objects.filter(pk=subject, removed_at=None, scanned="").first()
    stored = open_intact(file) if file else None
    if file is None or stored is None or not scanning.is_set():
        return
    with stored:
        file.scanned = scanning.scan(stored)
    if file.scanned:
        file.save(update_fields=["scanned"])
    else:
        _scan_later(file.pk, now)
