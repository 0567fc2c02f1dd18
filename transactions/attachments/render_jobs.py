"""Pictures drawn in the background: the pages after the first, what somebody asks for, what nobody had time for.

Each is a row of the outbox whose subject says which page of which file. One process draws at a time on each host, and
who sends much waits behind who sends little: rows are taken one a sender, least served first.
"""

from __future__ import annotations

import fcntl
import io
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple

from django.db.models import BigIntegerField, F, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils import timezone

from .. import previews
from ..domain import kinds
from ..models import Attachment, Outbox
from ..outbox import queue
from ..previews import State
from . import rendering, scanning
from .stored import open_intact

logger = logging.getLogger(__name__)
KIND = "draw"
# What opens strangers' files for seconds, one at a time on each host; rooms above add theirs.
SLOW_KINDS = {KIND}
# So many pages are drawn without anybody asking; of longer files the others when somebody comes to them.
MAX_EAGER_PAGES = 40
PAGES_A_JOB = 8
SCANNED_AGAIN_AFTER = timedelta(minutes=5)
_FILES = 100_000
_time_used: Counter[int] = Counter()


class RenderRequest(NamedTuple):
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
    def of(cls, subject: int) -> RenderRequest:
        file, rest = divmod(subject, _FILES)
        return cls(file, rest // 2, bool(rest % 2))


def request_rendering(file: Attachment, page: int = 1, *, closely: bool = False, now: datetime | None = None) -> None:
    """Have this drawn, unless it is waiting to be."""
    wanted = RenderRequest(file.pk, page, closely)
    if Outbox.objects.filter(kind=KIND, subject=wanted.subject, state__in=queue.PENDING_STATES).exists():
        return
    now = now or timezone.now()
    queue.enqueue(KIND, wanted.subject, dedupe=f"{KIND}:{wanted.subject}:{time.time_ns()}", now=now)


def after_upload(file: Attachment, now: datetime) -> None:
    """What is still to be done with a file that has just been kept."""
    if file.has_preview and (not file.look or (file.pages or 0) > 1):
        request_rendering(file, 2 if file.look else 1, now=now)
    if scanning.is_set() and not file.scanned:
        _scan_later(file.pk, now)


def _scan_later(file: int, now: datetime) -> None:
    queue.enqueue("scan", file, dedupe=f"scan:{file}:{time.time_ns()}", now=now, wait=SCANNED_AGAIN_AFTER)


@contextmanager
def sole_renderer() -> Iterator[bool]:
    """False while another process of this host draws in the background."""
    with (Path(tempfile.gettempdir()) / f"jeddah-portal-draws-{os.getuid()}").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


@queue.register_order(KIND)
def order_by_sender(waiting: QuerySet[Outbox]) -> list[int]:
    """The oldest row of each sender, first of those for whom least was drawn lately."""
    file = Cast(F("subject") / _FILES, BigIntegerField())
    sender = Subquery(Attachment.objects.filter(pk=OuterRef("file")).values("uploaded_by")[:1])
    return least_served_first(waiting.annotate(file=file).annotate(sender=sender))


def least_served_first(waiting: QuerySet[Any]) -> list[int]:
    """The same of any rows that are annotated with their `sender`."""
    of_senders = waiting.order_by().values_list("sender")
    rows = [(_time_used[sender], pk) for sender, pk in of_senders.annotate(first=Min("pk"))]
    return [pk for _seconds, pk in sorted(rows)]


@queue.register_handler(KIND, outside=True)
def render_pages(subject: int, now: datetime) -> Exception | None:
    """Draw what is wanted of a file and keep it. What is left of its pages is owed anew; TimeoutError when the machine
    had too much to do to draw anything.
    """
    wanted = RenderRequest.of(subject)
    file = Attachment.objects.filter(pk=wanted.file, removed_at=None).first()
    if file is None or not file.has_preview or _is_done(file, wanted):
        return None
    began = time.monotonic()
    try:
        return _render_pages(file, wanted, now)
    finally:
        charge_sender(file.uploaded_by_id, time.monotonic() - began)


def open_to_draw(file: Attachment) -> tuple[IO[bytes], str] | None:
    """What a file is drawn from, to be closed, and its kind: of a DXF the paper made of it, once there is one."""
    if file.content_type == kinds.DXF and (paper := previews.read_preview(file.key, previews.DRAWING)):
        return io.BytesIO(paper), kinds.PDF
    stored = open_intact(file)
    return None if stored is None else (stored, file.content_type)


def _is_done(file: Attachment, wanted: RenderRequest) -> bool:
    names = [wanted.name]
    if wanted.closely:
        # One that could not be drawn is tried again after a while, whichever of the parts it is.
        names += _parts(wanted.page, *previews.grid(file.key, wanted.page))
    return bool(file.look) and all(previews.preview_state(file.key, name) != State.MISSING for name in names)


def _parts(page: int, rows: int, columns: int) -> list[str]:
    return [f"{page}-{row}-{column}" for row in range(1, rows + 1) for column in range(1, columns + 1)]


def _render_pages(file: Attachment, wanted: RenderRequest, now: datetime) -> Exception | None:
    drawn_from = open_to_draw(file)
    first, last = wanted.page, wanted.page + PAGES_A_JOB - 1
    if drawn_from is None:
        # What is stored is not what was uploaded: nobody is shown that.
        previews.store_previews(file.key, {wanted.name: b""})
        return None
    task = "parts" if wanted.closely else "pages"
    source, kind = drawn_from
    with source:
        result = rendering.render(source, kind, task=task, first=first, last=last, patient=True)
    if result.wrong == rendering.OVERLOADED and not result.pictures:
        return TimeoutError("too much is being done to draw this now")
    if wanted.closely:
        # The last first: where one is missing, this is not done.
        names = _parts(wanted.page, *result.grid) or [wanted.name]
        parts = {name: result.pictures.get(name, b"") for name in reversed(names)}
        previews.store_previews(file.key, _made(result) | parts)
        return None
    pages = min(last, file.pages or result.pages or 0)
    drawn = [int(name) for name in result.pictures if name.isdigit()]
    # Where the process ended it begins anew; a page it ended at twice is left out, and those after it are drawn.
    reached = max(drawn, default=first)
    missing = {str(page): b"" for page in range(first, min(reached, pages) + 1) if page not in drawn}
    # The pictures first: whoever is told that the file was drawn finds them.
    previews.store_previews(file.key, result.pictures | missing)
    if not file.look:
        _write(file, result)
    if reached < min(file.pages or 0, MAX_EAGER_PAGES):
        request_rendering(file, reached + 1, now=now)
    return None


def _made(result: rendering.Rendering) -> dict[str, bytes]:
    """The paper that was made of a DXF, with its layers."""
    return {name: result.pictures[name] for name in (previews.DRAWING, previews.LAYERS) if name in result.pictures}


def _write(file: Attachment, result: rendering.Rendering) -> None:
    """What nobody knew of the file until now."""
    shown = "1" in result.pictures
    file.look, file.marks = rendering.GOOD if shown else result.look, " ".join(sorted(result.marks))
    file.pages = result.pages if shown or not result.wrong else 0
    file.save(update_fields=["look", "marks", "pages"])


def charge_sender(sender: int, seconds: float) -> None:
    """Remembered by this process, and forgotten bit by bit, so that nobody waits for what was long ago."""
    _time_used[sender] += max(1, round(seconds * 1000))
    if sum(_time_used.values()) > 600_000:
        for known_sender in list(_time_used):
            _time_used[known_sender] //= 2
            if not _time_used[known_sender]:
                del _time_used[known_sender]


@queue.register_handler("scan", outside=True)
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
