"""A document as a pyramid of tiles: at the top a page is as small as a thumbnail, and every level below twice as large.

The largest level of a PDF page is MAX_DPI; of a picture the size it has. Pages are drawn piece by piece, so that the
whole of a large sheet is never held.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2
from PIL import Image

from . import papers, pictures
from .pictures import UnreadableFile

SIDE, THUMBNAIL = 1024, 256
MAX_DPI = 600
# Up to this level all tiles of a page are cut from one drawing of it: looking the whole page over costs one drawing.
TOGETHER = 3
# A page so large that its pixels could not be counted by anybody is drawn coarser.
MAX_PIXELS_A_SIDE = 60_000
# What of one picture is held decoded, in bytes.
MAX_HELD = 200 * 1024**2
MAX_TOLD_PAGES = 5_000


class Size(NamedTuple):
    """Of a page at its largest level, in pixels, and how many of them make a point (0: it is a picture)."""

    width: int
    height: int
    scale: float

    @property
    def levels(self) -> int:
        """The number of the largest level."""
        return max(0, -(-max(self.width, self.height) // THUMBNAIL) - 1).bit_length()

    def at(self, level: int) -> tuple[int, int]:
        shrink = 1 << (self.levels - level)
        return -(-self.width // shrink), -(-self.height // shrink)


def of_points(across: float, down: float) -> Size:
    """The size of a page of so many points."""
    across, down = max(1.0, across), max(1.0, down)
    scale = min(MAX_DPI / papers.POINTS_PER_INCH, MAX_PIXELS_A_SIDE / max(across, down))
    return Size(max(1, round(across * scale)), max(1, round(down * scale)), scale)


class PaperTiles:
    """Of a PDF. The last page looked at stays open, with what was decoded of it."""

    def __init__(self, data: bytes) -> None:
        self.paper = papers.PdfDocument(data)
        self.pages = self.paper.pages
        self._open: tuple[int, pypdfium2.PdfPage] | None = None

    def size(self, page: int) -> Size:
        return of_points(*self.paper.document.get_page_size(page - 1))

    def cut(self, page: int, level: int, box: tuple[int, int, int, int]) -> Image.Image:
        return papers.draw_box(self._page(page), self.size(page).at(level), box)

    def _page(self, number: int) -> pypdfium2.PdfPage:
        if self._open is None or self._open[0] != number:
            if self._open is not None:
                self._open[1].close()
            self._open = number, self.paper.page(number)
        return self._open[1]


class PictureTiles:
    """Of photographs and scans: what they show is decoded once, as large as may be held."""

    def __init__(self, data: bytes) -> None:
        self.picture = pictures.Picture(io.BytesIO(data))
        self.pages = self.picture.pages
        self._open: tuple[int, Image.Image] | None = None

    def size(self, page: int) -> Size:
        width, height = self.picture.size_held(page, MAX_HELD)
        return Size(width, height, 0.0)

    def cut(self, page: int, level: int, box: tuple[int, int, int, int]) -> Image.Image:
        if self._open is None or self._open[0] != page:
            self._open = None
            self._open = page, self.picture.held(page, MAX_HELD)
        size, whole = self.size(page), self._open[1]
        shrink = 1 << (size.levels - level)
        left, top, right, bottom = (side * shrink for side in box)
        part = whole.crop((left, top, min(right, whole.width), min(bottom, whole.height)))
        return part.reduce(shrink) if shrink > 1 else part


def opened(data: bytes, kind: str) -> PaperTiles | PictureTiles:
    """UnreadableFile says why it cannot be."""
    return PaperTiles(data) if kind == "application/pdf" else PictureTiles(data)


def runs(document: PaperTiles | PictureTiles) -> Iterator[tuple[int, int, int, float]]:
    """The sizes of its pages in order: how many in a row, and their width, height and scale."""
    many, last = 0, None
    for page in range(1, min(document.pages, MAX_TOLD_PAGES) + 1):
        size = document.size(page)
        if size != last and last is not None:
            yield (many, *last)
            many = 0
        many, last = many + 1, size
    if last is not None:
        yield (many, *last)


def drawn(
    document: PaperTiles | PictureTiles, page: int, level: int, across: int, down: int
) -> Iterator[tuple[str, Image.Image]]:
    """The tile asked for, and of the upper levels all others with it; UnreadableFile when there is none such."""
    if not 1 <= page <= document.pages:
        raise UnreadableFile("broken")
    size = document.size(page)
    if not 0 <= level <= size.levels:
        raise UnreadableFile("broken")
    if level > TOGETHER:
        box = _box(size, level, across, down)
        yield _name(page, level, across, down), document.cut(page, level, box)
        return
    lowest = min(TOGETHER, size.levels)
    width, height = size.at(lowest)
    whole = document.cut(page, lowest, (0, 0, width, height))
    for here in range(lowest, -1, -1):
        if here < lowest:
            whole = whole.reduce(2)
        for row in range(-(-whole.height // SIDE)):
            for column in range(-(-whole.width // SIDE)):
                left, top = column * SIDE, row * SIDE
                box = left, top, min(left + SIDE, whole.width), min(top + SIDE, whole.height)
                yield _name(page, here, column, row), whole.crop(box)


def _box(size: Size, level: int, across: int, down: int) -> tuple[int, int, int, int]:
    width, height = size.at(level)
    left, top = across * SIDE, down * SIDE
    if not (0 <= left < width and 0 <= top < height):
        raise UnreadableFile("broken")
    return left, top, min(left + SIDE, width), min(top + SIDE, height)


def _name(page: int, level: int, across: int, down: int) -> str:
    return f"t{page}.{level}.{across}.{down}"


def encoded(tile: Image.Image) -> bytes:
    """Quickly: while somebody waits, a few more bytes cost less than a few more milliseconds."""
    if tile.mode not in ("L", "RGB"):
        tile = tile.convert("RGB")
    out = io.BytesIO()
    tile.save(out, "JPEG", quality=82, subsampling=0)
    return out.getvalue()
