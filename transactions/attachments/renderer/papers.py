"""PDF: what is wrong with its structure, what in it acts by itself, its pages as pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from . import substitutes
from .acting import FILES, find_active_content, remove_active_content
from .pictures import MAX_SIDE, UnreadableFile, boxes_of, grid

MAX_SCALE = 3.0
# Pictures of a sheet for reading its text.
CLOSE_DPI = 150
POINTS_PER_INCH = 72
# Beyond this many drawings inside drawings no more faces are looked for.
MAX_EXAMINED = 3000
# Faces every PDF program has itself; their letters are known without the file's help.
STANDARD = re.compile(
    r"(Helvetica|Arial|Times|TimesNewRoman|Courier|CourierNew|Symbol|ZapfDingbats)(PS)?(MT)?([-,].*)?"
)
PLEASE_WAIT = "please wait"
# Of a page that was made of a DXF: the streams of all its layers, solids first.
ALL_STREAMS = "/JeddahStreams"


def with_layers(data: bytes, layers: list[int]) -> bytes:
    """A paper of ours made of a DXF, with these of its layers. UnreadableFile when it has no such layer."""
    with pikepdf.open(io.BytesIO(data)) as structure:
        for page in structure.pages:
            streams: Any = page.obj.get(ALL_STREAMS, [])
            many = len(streams) // 2
            if not all(0 <= number < many for number in layers):
                raise UnreadableFile("broken")
            wanted = [order * many + number for order in (0, 1) for number in layers]
            page.obj["/Contents"] = pikepdf.Array([streams[number] for number in wanted])
        out = io.BytesIO()
        structure.save(out)
    return out.getvalue()


def _refuse_cut(data: bytes) -> None:
    """A file that ends in the middle has no end mark after its last object."""
    if data.rfind(b"%%EOF") < data.rfind(b"endobj"):
        raise UnreadableFile("cut")


class PdfDocument:
    """A PDF, opened. Unreadable says why it cannot be."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        structure = self._structure()
        self.marks = _marks(structure)
        if "fonts" in self.marks:
            substitutes.install()
        try:
            self.document = pypdfium2.PdfDocument(data)
            self.document.init_forms()
            self.pages = len(self.document)
        except pypdfium2.PdfiumError as error:
            raise UnreadableFile("broken") from error
        if not self.pages:
            raise UnreadableFile("broken")
        self._refuse_dynamic_form()

    def _structure(self) -> pikepdf.Pdf:
        try:
            structure = pikepdf.open(io.BytesIO(self.data), suppress_warnings=True)
            root = structure.Root
        except pikepdf.PasswordError as error:
            raise UnreadableFile("locked") from error
        except MemoryError:
            raise
        except Exception as error:
            _refuse_cut(self.data)
            raise UnreadableFile("broken") from error
        _refuse_cut(self.data)
        if "/Collection" in root:
            raise UnreadableFile("package")
        return structure

    def _refuse_dynamic_form(self) -> None:
        """A form whose pages only Adobe's programs make: everybody else sees a page that says "please wait"."""
        kind = self.document.get_formtype()
        if kind == pdfium.FORMTYPE_NONE or kind == pdfium.FORMTYPE_ACRO_FORM:
            return
        if kind == pdfium.FORMTYPE_XFA_FULL or (self.pages == 1 and PLEASE_WAIT in self._text(0).lower()):
            raise UnreadableFile("form")

    def _text(self, page: int) -> str:
        return str(self.document[page].get_textpage().get_text_bounded())

    def page(self, number: int) -> pypdfium2.PdfPage:
        """By its number, from 1."""
        try:
            return self.document[number - 1]
        except (pypdfium2.PdfiumError, IndexError) as error:
            raise UnreadableFile("broken") from error

    def drawn(self, number: int, width: int) -> Image.Image:
        """A page with what was filled in, signed and stamped on it, at most so wide."""
        page = self.page(number)
        across, down = (max(1.0, side) for side in page.get_size())
        return _rendered(page, _fitting(across, down, width))

    def parts(self, number: int, width: int) -> tuple[int, int, Iterator[Image.Image]]:
        """Rows, columns and pieces of a page at CLOSE_DPI, and at least twice as large as the whole of it is drawn."""
        page = self.page(number)
        across, down = (max(1.0, side) for side in page.get_size())
        scale = max(CLOSE_DPI / POINTS_PER_INCH, 2 * _fitting(across, down, width))
        scale = min(scale, MAX_SIDE / max(across, down))
        width, height = max(1, round(across * scale)), max(1, round(down * scale))
        rows, columns = grid(width, height)
        boxes = boxes_of(width, height, rows, columns)
        return rows, columns, (draw_box(page, (width, height), box) for box in boxes)

    def without_programs(self) -> bytes:
        """The same pages without what acts by itself and without files inside."""
        structure = self._structure()
        remove_active_content(structure)
        out = io.BytesIO()
        structure.save(out)
        return out.getvalue()


def _fitting(across: float, down: float, width: int) -> float:
    return min(MAX_SCALE, width / across, width * 3 / down)


def _rendered(page: pypdfium2.PdfPage, scale: float, **more: Any) -> Image.Image:
    return page.render(scale=scale, may_draw_forms=True, draw_annots=True, rev_byteorder=True, **more).to_pil()


def draw_box(page: pypdfium2.PdfPage, size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """What lies in a box (left, top, right, bottom) of the page, were it drawn at a size in pixels."""
    left, top, right, bottom = box
    bitmap = pypdfium2.PdfBitmap.new_native(right - left, bottom - top, pdfium.FPDFBitmap_BGR, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, right - left, bottom - top)
    drawn = (bitmap, page, -left, -top, *size, 0, pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER)
    pdfium.FPDF_RenderPageBitmap(*drawn)
    if page.formenv:
        pdfium.FPDF_FFLDraw(page.formenv, *drawn)
    return bitmap.to_pil()


def _marks(structure: pikepdf.Pdf) -> set[str]:
    """What whoever opens the file should know: "programs", "files" inside, "fonts" it does not hold."""
    marks = set[str]()
    try:
        for _place, key in find_active_content(structure):
            marks.add("files" if key in FILES else "programs")
        if _names_faces_it_lacks(structure):
            marks.add("fonts")
    except MemoryError:
        raise
    except Exception:  # noqa: S110 – a file with crooked notes or faces may still be drawn; nothing is said of it then
        pass
    return marks


def _names_faces_it_lacks(structure: pikepdf.Pdf) -> bool:
    seen = set[tuple[int, int]]()
    for number, page in enumerate(structure.pages):
        if number > 50:
            return False
        if any(_lacks(font) for font in _fonts(page.obj.get("/Resources"), seen, 0)):
            return True
    return False


def _fonts(resources: Any, seen: set[tuple[int, int]], depth: int) -> Iterator[Any]:
    """The fonts of a page and of the drawings it places, each once."""
    if not isinstance(resources, pikepdf.Dictionary) or depth > 5:
        return
    for _name, font in (resources.get("/Font") or {}).items():
        if font.objgen not in seen or font.objgen == (0, 0):
            seen.add(font.objgen)
            yield font
    for _name, drawing in (resources.get("/XObject") or {}).items():
        if drawing.objgen in seen or len(seen) > MAX_EXAMINED:
            continue
        seen.add(drawing.objgen)
        if drawing.get("/Subtype") == "/Form":
            yield from _fonts(drawing.get("/Resources"), seen, depth + 1)


def _lacks(font: Any) -> bool:
    """Does the page name a face that neither the file holds nor every program has?"""
    kind = str(font.get("/Subtype"))
    if kind == "/Type3":
        return False
    below = font.get("/DescendantFonts")
    descriptor = (below[0] if below else font).get("/FontDescriptor")
    if descriptor is not None and any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
        return False
    encoding = font.get("/Encoding")
    others: Any = encoding.get("/Differences", []) if isinstance(encoding, pikepdf.Dictionary) else []
    foreign = any(str(glyph).startswith("/uni") for glyph in others)
    name = str(font.get("/BaseFont", "")).removeprefix("/").split("+")[-1].replace(" ", "")
    return kind == "/Type0" or foreign or not STANDARD.fullmatch(name)


def _warm() -> None:
    """Locked files need random bytes, and QPDF opens their source once, when it first needs some: before the cage."""
    locked = io.BytesIO()
    pikepdf.new().save(locked, encryption=pikepdf.Encryption(owner="-", user="", R=6))
    pikepdf.open(locked)


_warm()
