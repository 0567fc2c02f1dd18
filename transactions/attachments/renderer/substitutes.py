"""The faces that stand in for those a PDF names and does not hold: in memory, since the drawing process opens no file.

PDFium has faces of its own for Latin. It asks here for all others, and gets one that holds Latin, Arabic and the joined
forms old programs write Arabic with.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import fontpkg_ibm_plex_sans_arabic
import pypdfium2.raw as pdfium

BOLD_FROM = 600
_FILES = Path(fontpkg_ibm_plex_sans_arabic.__file__).parent / "files"
# A handle is a number of ours, never 0.
_REGULAR, _BOLD = 1, 2
# Read when this is loaded: later nothing can be opened.
_FACES = {
    _REGULAR: (_FILES / "IBMPlexSansArabic-Regular.ttf").read_bytes(),
    _BOLD: (_FILES / "IBMPlexSansArabic-Bold.ttf").read_bytes(),
}
_references: list[Any] = []


def install() -> None:
    """Tell PDFium, before it opens a document."""

    def choose(_this: Any, weight: int, *_rest: Any) -> int:
        return _BOLD if weight >= BOLD_FROM else _REGULAR

    def give(_this: Any, face: int, table: int, place: Any, room: int) -> int:
        data = b"" if table else _FACES.get(face or 0, b"")
        if place and data and room >= len(data):
            ctypes.memmove(place, data, len(data))
        return len(data)

    answers = {
        "Release": lambda _this: None,
        "EnumFonts": lambda _this, _mapper: None,
        "MapFont": choose,
        "GetFont": lambda _this, _name: None,
        "GetFontData": give,
        "GetFaceName": lambda _this, _face, _place, _room: 0,
        "GetFontCharset": lambda _this, _face: 0,
        "DeleteFont": lambda _this, _face: None,
    }
    kinds = dict(pdfium.FPDF_SYSFONTINFO._fields_)
    info = pdfium.FPDF_SYSFONTINFO(version=1, **{name: kinds[name](answer) for name, answer in answers.items()})
    _references.append(info)
    pdfium.FPDF_SetSystemFontInfo(info)
