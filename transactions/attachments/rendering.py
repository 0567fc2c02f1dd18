"""Has strangers' files opened and drawn by a process of its own, in a cage (renderer/), and reads what it found.

The process gets the file as its standard input, little time and memory, and can do nothing but answer. What it answers
is pictures and a few words from lists of ours; nothing in it is trusted beyond that.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition
from typing import IO, Any

from ..domain import kinds

# Isolated, so that neither the environment nor the folder somebody stands in is searched for modules.
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from transactions.attachments.renderer.main import main; main(sys.argv[2])"
)
ROOT = Path(__file__).resolve().parents[2]
WIDTH = 1400
MEMORY = 1024**3
# Of CPU: for opening a file, and for each page. Of the clock: for the process, on a machine with much to do; well under
# the lease of a row.
STEP_SECONDS = 2.0
SECONDS = 8.0
# A drawing is read, laid out and written before it is drawn; in the background it may take longer, within that lease.
DXF_STEP_SECONDS, PATIENT_STEP_SECONDS, PATIENT_SECONDS = 4.0, 12.0, 15.0
# One thread each: the cage lets none be started. ezdxf is told of no typefaces, so that it searches for none.
ENVIRONMENT = {
    "PATH": "",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "XDG_CACHE_HOME": str(Path(__file__).resolve().parent / "renderer" / "nofonts"),
}
MAX_RECORD_BYTES = 64 * 1024**2
MAX_PAGES = 40_000
MARKS = frozenset({"programs", "files", "fonts"})
# Why a file is refused, and why one that is taken has no picture.
REFUSED = frozenset({"broken", "locked", "cut", "package", "form", "too_large"})
UNDRAWN = frozenset({"slow", "memory", "crashed"})
# The machine had too much to do: that says nothing of the file, and it is tried again.
OVERLOADED = "late"
GOOD = "good"
# How many processes a web process lets draw at once, and for how long somebody waits for a place.
MAX_RENDERINGS = 2
WAIT_SECONDS = 2


@dataclass
class Rendering:
    """What was found out about a file. `wrong` is one of REFUSED or UNDRAWN, OVERLOADED or empty. `pictures` go by page
    ("3") or by page, row and column ("3-1-2").
    """

    pages: int | None = None
    marks: frozenset[str] = frozenset()
    wrong: str = ""
    figures: dict[str, int] = field(default_factory=dict)
    grid: tuple[int, int] = (0, 0)
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def look(self) -> str:
        return self.wrong or GOOD


def render(
    source: IO[bytes], kind: str, *, task: str = "pages", first: int = 1, last: int = 1, patient: bool = False
) -> Rendering:
    """Open a file and do a task with it: "pages" from `first` to `last`, all "parts" of page `first`, or "clean". Of a
    DXF the paper it is drawn from comes as well ("drawing" and "layers"), for which a `patient` caller waits longer.
    """
    step = STEP_SECONDS if kind != kinds.DXF else PATIENT_STEP_SECONDS if patient else DXF_STEP_SECONDS
    seconds = PATIENT_SECONDS if patient and kind == kinds.DXF else SECONDS
    order = {"task": task, "kind": kind, "first": first, "last": last, "width": WIDTH, "step": step}
    order |= {"memory": MEMORY, "seconds": int(seconds) + 1}
    command = [sys.executable, "-I", "-c", PROGRAM, str(ROOT), json.dumps(order)]
    late = False
    with descriptor(source) as given, tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(  # noqa: S603 – our own program; what is outside is a name of ours and numbers
                command, stdin=given, stdout=answer, stderr=subprocess.DEVNULL, timeout=seconds, env=ENVIRONMENT
            ).returncode
        except subprocess.TimeoutExpired:
            done = 0
            late = True
        answer.seek(0)
        result = _read(answer)
    if late:
        result.wrong = result.wrong or OVERLOADED
    elif done and not result.wrong:
        # A signal of the processor's clock or the kernel: too long. Anything else: it fell over.
        result.wrong = "slow" if done in (-9, -24, -27) else "crashed"
    return result


@contextmanager
def descriptor(source: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file as one that another process can read; it reads by place, and moves nothing."""
    try:
        source.fileno()
    except (AttributeError, OSError):
        with tempfile.TemporaryFile() as copy:
            source.seek(0)
            shutil.copyfileobj(source, copy)
            copy.flush()
            yield copy
    else:
        source.flush()
        yield source


def _read(answer: IO[bytes]) -> Rendering:
    result = Rendering()
    while line := answer.readline(10_000):
        try:
            words = json.loads(line)
            _take(result, words, answer.read(min(int(words.get("bytes", 0)), MAX_RECORD_BYTES)))
        except (ValueError, TypeError, AttributeError):
            break  # cut off in the middle of a picture, or no words of ours
    return result


def _take(result: Rendering, words: dict[str, Any], data: bytes) -> None:
    if "pages" in words:
        result.pages = max(0, min(MAX_PAGES, int(words["pages"])))
        result.marks = MARKS.intersection(words["marks"])
    elif "rows" in words:
        result.grid = int(words["rows"]), int(words["columns"])
    elif "wrong" in words and words["wrong"] in REFUSED | UNDRAWN:
        result.wrong = str(words["wrong"])
        result.figures = {str(name): int(value) for name, value in words["figures"].items()}
    elif data and len(data) == words["bytes"]:
        result.pictures[str(words["name"])] = data


class RenderSlots:
    """Places to draw in, of which one sender never has more than one: the rest are for others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._senders = set[int]()
        self._changed = Condition()

    @contextmanager
    def one_for(self, sender: int, seconds: float) -> Iterator[bool]:
        """False when none was free for so long."""
        free = lambda: len(self._senders) < self._most and sender not in self._senders  # noqa: E731
        with self._changed:
            got = self._changed.wait_for(free, timeout=seconds)
            if got:
                self._senders.add(sender)
        try:
            yield got
        finally:
            if got:
                with self._changed:
                    self._senders.discard(sender)
                    self._changed.notify_all()


slots = RenderSlots(MAX_RENDERINGS)
