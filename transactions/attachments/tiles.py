"""Documents as tiles: drawn by a caged process that stays while somebody looks, and kept for all who look later.

A person has one process at work at a time, and one request waiting for it; who asks for more is told to come again, so
that no sheet, however slow, takes the threads or the processor from others. What took too long is not tried again for
a while, and a page that did so twice not at all.

With layers somebody chose, a tile is held by the process that drew it and by their browser, and kept nowhere.
"""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

from .. import previews
from ..domain import kinds
from ..models import Attachment
from ..previews import State
from . import render_jobs, rendering, tile_limits
from .tile_limits import Layers, Undrawable

logger = logging.getLogger(__name__)
# Processes at work and open for the next tile, in each process of the portal.
MAX_CHILDREN = 2
MAX_WAITING = 1
WAIT_SECONDS = 1.0
IDLE_SECONDS = 20.0
# A child is replaced after so much CPU in all: what it has taken by then is given back.
CHILD_CPU_SECONDS = 120
# For opening a document and for each drawing: a photograph of 50 megapixels is decoded once.
STEP_SECONDS = 3.0
CHILD_MEMORY = 640 * 1024**2
MAX_RECORD_BYTES = 4 * 1024**2
MAX_RECORDS = 64
MAX_NUMBER = 255
SIZES = "sizes"
SLOW_PAGE = 2


class Busy(Exception):
    """Too much of this person's, or of everybody's, is being drawn: ask again in a moment."""


class TooMuch(Busy):
    """This person's share of this hour is used up."""


class _Ended(Exception):
    """The child ended or said nothing in time."""


@dataclass
class Child:
    """A caged process with one document open."""

    file: Attachment
    process: subprocess.Popen[bytes]
    layers: Layers = None
    runs: list[Any] = field(default_factory=list)
    pages: int = 0
    held: tile_limits.Held = field(default_factory=tile_limits.Held)
    used_at: float = field(default_factory=time.monotonic)

    def records(self, seconds: float) -> Iterator[tuple[dict[str, Any], bytes]]:
        """What it answers, up to the word that all is said. _Ended when it ends before or takes longer."""
        until, buffer = time.monotonic() + seconds, bytearray()
        for _record in range(MAX_RECORDS):
            while (at := buffer.find(b"\n")) < 0:
                buffer += self._read(until, len(buffer))
            words = _words(bytes(buffer[:at]))
            del buffer[: at + 1]
            size = words.get("bytes", 0)
            if not isinstance(size, int) or not 0 <= size <= MAX_RECORD_BYTES:
                raise _Ended
            while len(buffer) < size:
                buffer += self._read(until, len(buffer))
            yield words, bytes(buffer[:size])
            del buffer[:size]
            if words.get("done"):
                return
        raise _Ended

    def _read(self, until: float, held: int) -> bytes:
        out = self._stream(self.process.stdout)
        left = until - time.monotonic()
        if left <= 0 or held > 2 * MAX_RECORD_BYTES or not select.select([out], [], [], left)[0]:
            raise _Ended
        part = os.read(out.fileno(), 1024 * 1024)
        if not part:
            raise _Ended
        return part

    def ask(self, *order: int) -> None:
        """_Ended when it is gone."""
        stream = self._stream(self.process.stdin)
        try:
            stream.write(json.dumps(order).encode() + b"\n")
            stream.flush()
        except OSError as error:
            raise _Ended from error

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        if stream is None:
            raise _Ended
        return stream

    def end(self) -> None:
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self.process.wait()


def _words(line: bytes) -> dict[str, Any]:
    try:
        words = json.loads(line)
    except ValueError as error:
        raise _Ended from error
    if not isinstance(words, dict):
        raise _Ended
    return words


def _start(file: Attachment, layers: Layers) -> Child:
    """Undrawable when the document cannot be opened."""
    drawn_from = render_jobs.open_to_draw(file)
    if drawn_from is None:
        raise Undrawable
    content, kind = drawn_from
    with content, rendering.descriptor(content) as given:
        if kind == kinds.DXF:
            # It is no paper yet; that is made in the background.
            render_jobs.request_rendering(file)
            raise Busy
        number = given.fileno()
        order: dict[str, Any] = {"kind": kind, "file": number, "step": STEP_SECONDS}
        if layers is not None:
            order["layers"] = list(layers)
        order |= {"memory": CHILD_MEMORY, "seconds": CHILD_CPU_SECONDS}
        command = [sys.executable, "-I", "-c", rendering.PROGRAM, str(rendering.ROOT), json.dumps(order)]
        process = subprocess.Popen(  # noqa: S603 – our own program; what is outside is a name of ours and numbers
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[number],
            env=rendering.ENVIRONMENT,
        )  # fmt: skip
        child = Child(file, process, layers)
        try:
            for words, _data in child.records(rendering.SECONDS):
                if "runs" in words:
                    child.pages, child.runs = int(words["pages"]), _sizes(words["runs"])
                elif "wrong" in words:
                    raise Undrawable
        except BaseException as error:
            child.end()
            if isinstance(error, _Ended | ValueError | TypeError):
                raise Undrawable from error
            raise
    return child


def _sizes(given: Any) -> list[tuple[int, int, int, float]]:
    """Numbers and nothing else, whatever the child says."""
    return [(int(many), int(width), int(height), float(scale)) for many, width, height, scale in given][:10_000]


class Desk:
    """The children of this process: at most MAX_CHILDREN, each at work for one person at a time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._idle: list[Child] = []
        self._at_work = set[int]()
        self._waiting = 0

    @contextmanager
    def place_for(self, person: int) -> Iterator[None]:
        """Busy when none is free in time; TooMuch when they had theirs. What they do there is counted."""
        if not tile_limits.drawing.has_left(person):
            raise TooMuch
        with self._changed:
            if self._taken(person):
                if self._waiting >= MAX_WAITING:
                    raise Busy
                self._waiting += 1
                try:
                    if not self._changed.wait_for(lambda: not self._taken(person), timeout=WAIT_SECONDS):
                        raise Busy
                finally:
                    self._waiting -= 1
            self._at_work.add(person)
        began = time.monotonic()
        try:
            yield
        finally:
            tile_limits.drawing.use(person, time.monotonic() - began)
            with self._changed:
                self._at_work.discard(person)
                self._changed.notify_all()

    def _taken(self, person: int) -> bool:
        return person in self._at_work or len(self._at_work) >= MAX_CHILDREN

    def child_for(self, file: Attachment, layers: Layers = None) -> Child:
        """One that has this document open; a new one in place of that idle for longest. Undrawable."""
        with self._changed:
            child = next((child for child in self._idle if (child.file.pk, child.layers) == (file.pk, layers)), None)
            if child is not None:
                self._idle.remove(child)
                return child
            room = MAX_CHILDREN - len(self._at_work)
            ending = self._idle[: max(0, len(self._idle) - room)]
            self._idle = self._idle[len(ending) :]
        for other in ending:
            other.end()
        return _start(file, layers)

    def give_back(self, child: Child) -> None:
        child.used_at = time.monotonic()
        with self._changed:
            self._idle.append(child)
        threading.Timer(IDLE_SECONDS, self.end_idle).start()

    def end_idle(self, seconds: float = IDLE_SECONDS) -> None:
        """End those nobody has asked for so long."""
        with self._changed:
            before = time.monotonic() - seconds
            ending = [child for child in self._idle if child.used_at <= before]
            self._idle = [child for child in self._idle if child.used_at > before]
        for child in ending:
            child.end()


desk = Desk()


def read(file: Attachment, name: str) -> bytes:
    """What was drawn or found before; empty when it was not."""
    return previews.read_preview(file.key, name)


def tile_name(page: int, level: int, across: int, down: int) -> str:
    return f"t{page}.{level}.{across}.{down}"


def sizes(file: Attachment, person: int) -> bytes:
    """JSON: the number of pages, and runs of pages of one size (how many, width, height, scale); of a DXF its layers,
    and the metres of a point. Busy, Undrawable.
    """
    if known := read(file, SIZES):
        return known
    with desk.place_for(person):
        child = desk.child_for(file)
        desk.give_back(child)
    return _keep_sizes(child)


def page_size(file: Attachment, person: int, page: int) -> tuple[int, int]:
    """Width and height of a page at its largest, in pixels. Busy, Undrawable."""
    before = 0
    for many, width, height, _scale in json.loads(sizes(file, person))["runs"]:
        before += many
        if page <= before:
            return width, height
    raise Undrawable


def _keep_sizes(child: Child) -> bytes:
    known = _words(read(child.file, previews.LAYERS) or b"{}")
    listing = json.dumps(known | {"pages": child.pages, "runs": child.runs}).encode()
    previews.store_previews(child.file.key, {SIZES: listing})
    return listing


def tile(
    file: Attachment, person: int, page: int, level: int, across: int, down: int, layers: Collection[int] | None = None
) -> bytes:
    """A tile as JPEG, drawn unless it was before; with these layers of a DXF. Busy, Undrawable."""
    name, chosen = tile_name(page, level, across, down), _chosen(file, person, layers)
    if chosen is None and (known := read(file, name)):
        return known
    if _is_slow(file, page) or (chosen is None and _was_tried(file, name)):
        raise Undrawable
    with desk.place_for(person):
        # Drawn with another while this waited.
        if chosen is None and (known := read(file, name)):
            return known
        child = desk.child_for(file, chosen)
        if not tile_limits.is_tile(child.runs, page, level, across, down):
            desk.give_back(child)
            raise Undrawable
        drawn = {name: held} if (held := child.held.get(name)) else _drawn(child, page, level, across, down)
        desk.give_back(child)
    if not held and not (chosen is None and tile_limits.keep(file, person, drawn)):
        child.held.put(drawn)
    return drawn[name]


def _chosen(file: Attachment, person: int, layers: Collection[int] | None) -> Layers:
    if layers is None:
        return None
    if file.content_type != kinds.DXF:
        raise Undrawable
    return tile_limits.chosen_layers(json.loads(sizes(file, person)).get("layers"), layers)


def _drawn(child: Child, page: int, level: int, across: int, down: int) -> dict[str, bytes]:
    """The tile asked for, and those drawn with it. Undrawable, and the child is at its end."""
    name = tile_name(page, level, across, down)
    try:
        child.ask(page, level, across, down)
        drawn = {str(words["name"]): data for words, data in child.records(rendering.SECONDS) if data}
    except (_Ended, KeyError) as error:
        _failed(child, page, name)
        raise Undrawable from error
    except BaseException:
        child.end()
        raise
    if name not in drawn:
        child.end()  # it has said why, and is at its end
        raise Undrawable
    return drawn


def _failed(child: Child, page: int, name: str) -> None:
    child.end()
    file = child.file
    logger.warning("a tile could not be drawn", extra={"file": str(file.key), "tile": name})
    missed = {f"slow{page}.1" if not _was_tried(file, f"slow{page}.1") else f"slow{page}.{SLOW_PAGE}": b""}
    if child.layers is None and tile_limits.has_room(file):
        missed[name] = b""
    with suppress(OSError):
        previews.store_previews(file.key, missed)


def _was_tried(file: Attachment, name: str) -> bool:
    return previews.preview_state(file.key, name) == State.FAILED


def _is_slow(file: Attachment, page: int) -> bool:
    """Did this page end two processes lately? Then no third is given to it."""
    return _was_tried(file, f"slow{page}.{SLOW_PAGE}")
