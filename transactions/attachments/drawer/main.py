"""Opens one file of a stranger's: says what is wrong with it, draws pages of it, writes it without its programs.

Runs alone, in a cage, as attachments/drawing.py starts it: the file is its standard input, what it finds its output,
one JSON object a line; the bytes of a picture follow the line that says how many they are.

main('{"task": "pages", "kind": "application/pdf", "first": 1, "last": 1, "width": 1400, …}') < SOURCE > RESULT
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from typing import Any

from . import cage, papers, pictures
from .pictures import Unreadable

# Of the clock: then no further page is begun.
ENOUGH_SECONDS = 2.0


def tell(data: bytes = b"", **said: Any) -> None:
    if data:
        said["bytes"] = len(data)
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + data)
    sys.stdout.buffer.flush()


def everything() -> bytes:
    """The file, wherever whoever handed it over has read to."""
    size, read = os.fstat(0).st_size, bytearray()
    while part := os.pread(0, size - len(read), len(read)):
        read += part
    return bytes(read)


def work(task: str, kind: str, first: int, last: int, width: int, step: float) -> None:
    began = time.monotonic()
    cage.begin_step(step)
    data = everything()
    paper: papers.Paper | pictures.Picture
    paper = papers.Paper(data) if kind == "application/pdf" else pictures.Picture(io.BytesIO(data))
    tell(pages=paper.pages, marks=sorted(getattr(paper, "marks", ())))
    if isinstance(paper, papers.Paper) and task == "clean":
        tell(paper.without_programs(), name="clean")
    elif task == "parts":
        rows, columns, parts = paper.parts(first, width)
        tell(rows=rows, columns=columns)
        for number, part in enumerate(parts):
            tell(pictures.encoded(part), name=f"{first}-{number // columns + 1}-{number % columns + 1}")
            cage.begin_step(step)
    elif task == "pages":
        for page in range(first, min(last, paper.pages) + 1):
            try:
                tell(pictures.encoded(paper.drawn(page, width)), name=str(page))
            except Unreadable:
                if page == 1:
                    raise  # of a file whose first page cannot be drawn nothing is shown
            if time.monotonic() - began > ENOUGH_SECONDS:
                break  # others wait as well; whoever wants the rest asks again
            cage.begin_step(step)
    tell(done=True)


def main(said: str) -> None:
    order: dict[str, Any] = json.loads(said)
    cage.shut(order.pop("memory"), order.pop("seconds"))
    try:
        work(**order)
    except Unreadable as error:
        tell(wrong=error.code, figures=error.figures)
    except MemoryError:
        tell(wrong="memory", figures={})
