"""What a file is: by its content, never by its name. What its name becomes; the way out for kinds we do not take."""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Collection

import pylibmagic  # noqa: F401 – puts the bundled libmagic where `magic` finds it

import magic  # isort: skip
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SNIFFED = 64 * 1024
MOST_NAME = 200
PDF, JPEG, PNG, DWG = "application/pdf", "image/jpeg", "image/png", "image/vnd.dwg"
TAKEN = {PDF: "PDF", JPEG: "JPEG", PNG: "PNG", DWG: "DWG"}
# The endings a file of a kind may bear; the first is given to one that bears another.
ENDINGS = {PDF: (".pdf",), JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"), PNG: (".png",), DWG: (".dwg",)}
DXF = "image/vnd.dxf"
_DXF_TEXT = re.compile(rb"\s*(999\s[^\r\n]*\s+)*0\s+SECTION\s+2\s+(HEADER|CLASSES|TABLES|BLOCKS|ENTITIES)\b")

_SAVE_AS_PDF = gettext_lazy("Open it where you made it, choose “Save as” or “Print”, take PDF, and send that.")
_SAVE_AS_JPEG = gettext_lazy("Open the picture, choose “Save as” or “Export”, take JPEG, and send that.")
_FROM_A_PHONE = gettext_lazy(
    "On an iPhone set Settings › Camera › Formats to “Most Compatible” and take it again, or share it as JPEG, "
    "and send that."
)
_EXPORT_DRAWING = gettext_lazy("Plot the drawing to PDF from your drawing program and send that.")
_ONE_BY_ONE = gettext_lazy("Unpack it and send the files in it one by one.")
# By the beginning of the type: what the kind is called, and how to send what is in it all the same.
WAYS_OUT = {
    DXF: ("DXF", _EXPORT_DRAWING),
    DWG: ("DWG", _EXPORT_DRAWING),
    "image/heic": ("HEIC", _FROM_A_PHONE),
    "image/heif": ("HEIF", _SAVE_AS_JPEG),
    "image/avif": ("AVIF", _SAVE_AS_JPEG),
    "image/webp": ("WebP", _SAVE_AS_JPEG),
    "image/tiff": ("TIFF", gettext_lazy("Save it as PDF, which keeps all its pages, and send that.")),
    "image/svg": ("SVG", _SAVE_AS_PDF),
    "image/": ("", _SAVE_AS_JPEG),
    "application/msword": ("Word", _SAVE_AS_PDF),
    "application/vnd.openxmlformats-officedocument.wordprocessingml": ("Word", _SAVE_AS_PDF),
    "application/vnd.openxmlformats-officedocument.spreadsheetml": ("Excel", _SAVE_AS_PDF),
    "application/vnd.openxmlformats-officedocument.presentationml": ("PowerPoint", _SAVE_AS_PDF),
    "application/vnd.ms-": ("Office", _SAVE_AS_PDF),
    "application/vnd.oasis": ("OpenDocument", _SAVE_AS_PDF),
    "application/x-ole-storage": ("Office", _SAVE_AS_PDF),
    "application/cdfv2": ("Office", _SAVE_AS_PDF),
    "application/postscript": ("PostScript", _SAVE_AS_PDF),
    "application/zip": ("ZIP", _ONE_BY_ONE),
    "application/x-rar": ("RAR", _ONE_BY_ONE),
    "application/vnd.rar": ("RAR", _ONE_BY_ONE),
    "application/x-7z": ("7z", _ONE_BY_ONE),
    "application/gzip": ("GZIP", _ONE_BY_ONE),
    "application/x-tar": ("TAR", _ONE_BY_ONE),
    "text/rtf": ("RTF", _SAVE_AS_PDF),
    "text/plain": (gettext_lazy("plain text"), _SAVE_AS_PDF),
    "video/": (gettext_lazy("a video"), gettext_lazy("Send photographs as JPEG instead.")),
    "audio/": (gettext_lazy("a sound recording"), gettext_lazy("Write down what it says and send that as PDF.")),
}


def kind_of(beginning: bytes) -> str:
    """The type of a file by its first SNIFFED bytes."""
    if beginning.startswith(b"AutoCAD Binary DXF") or _DXF_TEXT.match(beginning.removeprefix(b"\xef\xbb\xbf")):
        return DXF
    if beginning[4:8] == b"ftyp" and beginning[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"):
        return "image/heic"
    return magic.from_buffer(beginning, mime=True)


def way_out(kind: str, accepts: Collection[str]) -> str:
    """What to do with a file of a kind that is not taken (here); empty when we know no way."""
    found: tuple[object, object] | None = next(
        (words for start, words in WAYS_OUT.items() if kind.lower().startswith(start)), None
    )
    if kind in (JPEG, PNG) and PDF in accepts:
        found = (TAKEN[kind], _SAVE_AS_PDF)
    elif kind == PDF and JPEG in accepts:
        found = ("PDF", _("Send the photograph itself, as your camera made it."))
    if found is None:
        return ""
    name, way = found
    return _("It is %(kind)s.") % {"kind": name} + f" {way}" if name else str(way)


def safe_name(name: str) -> str:
    """The name as people know it, without folders, control or direction characters, at most MOST_NAME long."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(char for char in name if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    name = name.strip(" .") or "file"
    if len(name) > MOST_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:180]}…{dot}{ending[:15]}" if dot else name[:MOST_NAME]
    return name


def named(name: str, kind: str) -> str:
    """The name with an ending of its kind, so that whoever opens it opens what it is."""
    endings = ENDINGS.get(kind, ())
    if not endings or name.lower().endswith(endings):
        return name
    return name[: MOST_NAME - len(endings[0])].rstrip(" .") + endings[0]


_DWG_SENTINEL = bytes.fromhex("95a04e2899821ae55e41e05f9d3a4d00")
_DWG_LOCATED = {b"AC1012", b"AC1014", b"AC1015"}
_DWG_PAGED = {b"AC1018", b"AC1024", b"AC1027", b"AC1032"}
_DWG_ENCODED = {b"AC1021"}


def dwg_is_whole(content: bytes, size: int) -> bool:
    """Does a DWG begin as its version says, and does the file reach as far as that beginning says it does?

    `content` holds at least its first SNIFFED bytes. Versions before R13 (1994) are not taken.
    """
    version = content[:6]
    if version in _DWG_LOCATED:
        return _sections_lie_inside(content, size)
    if version in _DWG_PAGED:
        return _pages_lie_inside(content, size)
    # R2007 encodes its header with Reed and Solomon's code; it fills the first 0x480 bytes.
    return version in _DWG_ENCODED and size > 0x480 and any(content[0x80:0x480])


def _sections_lie_inside(content: bytes, size: int) -> bool:
    if len(content) < 0x19:
        return False
    (many,) = struct.unpack_from("<I", content, 0x15)
    end = 0x19 + 9 * many
    if not 3 <= many <= 6 or len(content) < end + 18:
        return False
    located = [struct.unpack_from("<BII", content, 0x19 + 9 * number) for number in range(many)]
    inside = all(start + length <= size for _number, start, length in located)
    return inside and content[end + 2 : end + 18] == _DWG_SENTINEL


def _pages_lie_inside(content: bytes, size: int) -> bool:
    """The header is masked by a row of numbers that anybody can make again."""
    masked, seed, clear = content[0x80:0xEC], 1, bytearray()
    for byte in masked:
        seed = (seed * 0x343FD + 0x269EC3) & 0xFFFFFFFF
        clear.append(byte ^ (seed >> 16 & 0xFF))
    if len(clear) < 0x6C or not clear.startswith(b"AcFssFcAJMB\0"):
        return False
    last, second = struct.unpack_from("<QQ", clear, 0x2C)
    (page_map,) = struct.unpack_from("<Q", clear, 0x54)
    return all(place + 0x100 <= size for place in (last, page_map)) and second < size
