"""Opens one file of a stranger's: says what is wrong with it, draws pages of it, writes it without its programs.

Runs alone, in a cage, as attachments/rendering.py starts it: the file is its standard input, what it finds its output,
one JSON object a line; the bytes of a picture follow the line that says how many they are.

main('{"task": "pages", "kind": "application/pdf", "first": 1, "last": 1, "width": 1400, …}') < SOURCE > RESULT

Asked for tiles (attachments/tiles.py) it stays: the file is a descriptor of its own, `file`, and each line of its
standard input asks for one tile, until there is none.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from typing import Any

from . import cage, papers, pictures, tiles
from .pictures import UnreadableFile

# Of the clock: then no further page is begun.
ENOUGH_SECONDS = 2.0
PDF, DXF = "application/pdf", "image/vnd.dxf"
NEED_THREADS = frozenset({"image/heic"})


def write_record(data: bytes = b"", **words: Any) -> None:
    if data:
        words["bytes"] = len(data)
    sys.stdout.buffer.write(json.dumps(words).encode() + b"\n" + data)
    sys.stdout.buffer.flush()


def read_input(descriptor: int = 0) -> bytes:
    """The file, wherever whoever handed it over has read to."""
    size, read = os.fstat(descriptor).st_size, bytearray()
    while part := os.pread(descriptor, size - len(read), len(read)):
        read += part
    return bytes(read)


def run_task(task: str, kind: str, first: int, last: int, width: int, step: float) -> None:
    began = time.monotonic()
    cage.begin_step(step)
    data = read_input()
    if kind == DXF:
        data, kind = as_paper(data), PDF
        cage.begin_step(step)
    paper: papers.PdfDocument | pictures.Picture
    paper = papers.PdfDocument(data) if kind == PDF else pictures.Picture(io.BytesIO(data))
    write_record(pages=paper.pages, marks=sorted(getattr(paper, "marks", ())))
    if isinstance(paper, papers.PdfDocument) and task == "clean":
        write_record(paper.without_programs(), name="clean")
    elif task == "photograph":
        photograph = pictures.as_photograph(paper, first) if isinstance(paper, pictures.Picture) else None
        if photograph is None:
            raise UnreadableFile("broken")
        write_record(photograph, name="photograph")
    elif task == "parts":
        rows, columns, parts = paper.parts(first, width)
        write_record(rows=rows, columns=columns)
        for number, part in enumerate(parts):
            write_record(pictures.encoded(part), name=f"{first}-{number // columns + 1}-{number % columns + 1}")
            cage.begin_step(step)
    elif task == "pages":
        for page in range(first, min(last, paper.pages) + 1):
            try:
                write_record(pictures.encoded(paper.drawn(page, width)), name=str(page))
            except UnreadableFile:
                if page == 1:
                    raise  # of a file whose first page cannot be drawn nothing is shown
            if time.monotonic() - began > ENOUGH_SECONDS:
                break  # others wait as well; whoever wants the rest asks again
            cage.begin_step(step)
    write_record(done=True)


def as_paper(data: bytes) -> bytes:
    """A DXF as the PDF it is drawn from afterwards, which is handed over with what is known of its layers."""
    from . import drawings

    paper, known = drawings.converted(data)
    write_record(paper, name="drawing")
    write_record(json.dumps(known).encode(), name="layers")
    return paper


def serve_tiles(kind: str, file: int, step: float, layers: list[int] | None = None) -> None:
    """Open a document and draw of it what is asked for, a line each, as long as somebody asks."""
    cage.begin_step(step)
    data = read_input(file)
    document = tiles.opened(data if layers is None else papers.with_layers(data, layers), kind)
    write_record(pages=document.pages, marks=[], runs=list(tiles.runs(document)))
    write_record(done=True)
    cage.begin_step(0)
    for line in sys.stdin.buffer:
        page, level, across, down = json.loads(line)
        cage.begin_step(step)
        for name, tile in tiles.drawn(document, page, level, across, down):
            write_record(tiles.encoded(tile), name=name)
        write_record(done=True)
        cage.begin_step(0)


def main(order_text: str) -> None:
    order: dict[str, Any] = json.loads(order_text)
    if order["kind"] == DXF:
        # Nothing can be loaded once the cage is shut.
        from . import drawings  # noqa: F401
    cage.drop_privileges(order.pop("memory"), order.pop("seconds"), threads=order["kind"] in NEED_THREADS)
    try:
        serve_tiles(**order) if "file" in order else run_task(**order)
    except UnreadableFile as error:
        write_record(wrong=error.code, figures=error.figures)
    except MemoryError:
        write_record(wrong="memory", figures={})
