"""What a file is: by its content, never by its name. What its name becomes; the way out for kinds we do not take."""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Collection
from typing import TYPE_CHECKING

import pylibmagic  # noqa: F401 – puts the bundled libmagic where `magic` finds it

import magic  # isort: skip
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SNIFFED = 64 * 1024
MAX_NAME_LENGTH = 200
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
HEIC, WEBP, TIFF = "image/heic", "image/webp", "image/tiff"
DXF, DWG = "image/vnd.dxf", "image/vnd.dwg"
ACCEPTED = {
    PDF: "PDF", JPEG: "JPEG", PNG: "PNG", HEIC: "HEIC", WEBP: "WebP", TIFF: "TIFF", DXF: "DXF", DWG: "DWG",
}  # fmt: skip
# Whatever else is taken is drawn, page by page.
NOT_DRAWN = frozenset({DWG})
# The endings a file of a kind may bear; the first is given to one that bears another.
ENDINGS = {
    PDF: (".pdf",),
    JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    PNG: (".png",),
    HEIC: (".heic", ".heif"),
    WEBP: (".webp",),
    TIFF: (".tif", ".tiff"),
    DXF: (".dxf",),
    DWG: (".dwg",),
}
_DXF_TEXT = re.compile(rb"\s*(999\s[^\r\n]*\s+)*0\s+SECTION\s+2\s+(HEADER|CLASSES|TABLES|BLOCKS|ENTITIES)\b")

_DOCUMENT_AS_PDF = gettext_lazy(
    "Change it to PDF: open it in the program it was made in, choose “Save as” or “Print”, then PDF."
)
_PICTURE_AS_JPEG = gettext_lazy("Change it to JPEG: open the picture, choose “Save as” or “Export”, then JPEG.")
_PICTURE_AS_PDF = gettext_lazy("Change it to PDF: open the picture, choose “Print”, then PDF.")
_PHONE_AS_JPEG = gettext_lazy(
    "Change it to JPEG: on an iPhone, set Settings › Camera › Formats to “Most Compatible” and take it again; on a "
    "computer, open the picture, choose “Save as” or “Export”, then JPEG."
)
_DRAWING_AS_PDF = gettext_lazy("Change it to PDF: plot the drawing to PDF in your drawing program.")
_UNPACK = gettext_lazy("Unpack it and attach the files in it one by one.")
_PHOTO_ITSELF = gettext_lazy("Attach the photo itself as JPEG, as the camera made it.")
_DOCUMENT_ITSELF = gettext_lazy("Attach the document itself as PDF.")
_SCAN_AS_PDF = gettext_lazy("Change it to PDF, which keeps all its pages: open it, choose “Print”, then PDF.")
_ON_PAPER = gettext_lazy("Write down what it shows and attach that as PDF.")

_PICTURE, _DOCUMENT = gettext_lazy("a picture in %(format)s format"), gettext_lazy("a document in %(format)s format")
_SCAN = gettext_lazy("a scan in %(format)s format")
_DRAWING, _ARCHIVE = gettext_lazy("a drawing in %(format)s format"), gettext_lazy("a compressed %(format)s file")
# By the beginning of the type: its name, what it is called, how to send what is in it as PDF, and how as JPEG.
_AS_PICTURE = (_PICTURE, _PICTURE_AS_PDF, _PICTURE_AS_JPEG)
_AS_DOCUMENT = (_DOCUMENT, _DOCUMENT_AS_PDF, _PHOTO_ITSELF)
_AS_DRAWING = (_DRAWING, _DRAWING_AS_PDF, _PHOTO_ITSELF)
_A_PROGRAM = (gettext_lazy("a program"), _DOCUMENT_ITSELF, _PHOTO_ITSELF)
_AS_ARCHIVE = (_ARCHIVE, _UNPACK, _UNPACK)
_OFFICE = "application/vnd.openxmlformats-officedocument"
CONVERSIONS: dict[str, tuple[str, tuple[StrOrPromise, StrOrPromise, StrOrPromise]]] = {
    PDF: ("PDF", _AS_DOCUMENT),
    JPEG: ("JPEG", _AS_PICTURE),
    PNG: ("PNG", _AS_PICTURE),
    DXF: ("DXF", _AS_DRAWING),
    DWG: ("DWG", _AS_DRAWING),
    "image/vnd.dwf": ("DWF", _AS_DRAWING),
    "image/heic": ("HEIC", (_PICTURE, _PICTURE_AS_PDF, _PHONE_AS_JPEG)),
    "image/heif": ("HEIF", (_PICTURE, _PICTURE_AS_PDF, _PHONE_AS_JPEG)),
    "image/avif": ("AVIF", _AS_PICTURE),
    "image/webp": ("WebP", _AS_PICTURE),
    "image/tiff": ("TIFF", (_SCAN, _SCAN_AS_PDF, _PICTURE_AS_JPEG)),
    "image/gif": ("GIF", _AS_PICTURE),
    "image/bmp": ("BMP", _AS_PICTURE),
    "image/x-ms-bmp": ("BMP", _AS_PICTURE),
    "image/svg": ("SVG", _AS_PICTURE),
    "image/vnd.adobe.photoshop": ("PSD", _AS_PICTURE),
    "image/jp2": ("JPEG 2000", _AS_PICTURE),
    "image/": ("", (gettext_lazy("a picture in another format"), _PICTURE_AS_PDF, _PICTURE_AS_JPEG)),
    "application/msword": ("Word", _AS_DOCUMENT),
    f"{_OFFICE}.wordprocessingml": ("Word (DOCX)", _AS_DOCUMENT),
    f"{_OFFICE}.spreadsheetml": ("Excel (XLSX)", _AS_DOCUMENT),
    f"{_OFFICE}.presentationml": ("PowerPoint (PPTX)", _AS_DOCUMENT),
    "application/vnd.ms-excel": ("Excel", _AS_DOCUMENT),
    "application/vnd.ms-powerpoint": ("PowerPoint", _AS_DOCUMENT),
    "application/vnd.ms-": ("Office", _AS_DOCUMENT),
    "application/vnd.oasis": ("OpenDocument", _AS_DOCUMENT),
    "application/x-ole-storage": ("Office", _AS_DOCUMENT),
    "application/cdfv2": ("Office", _AS_DOCUMENT),
    "application/postscript": ("PostScript", _AS_DOCUMENT),
    "application/epub": ("EPUB", _AS_DOCUMENT),
    "application/zip": ("ZIP", _AS_ARCHIVE),
    "application/x-rar": ("RAR", _AS_ARCHIVE),
    "application/vnd.rar": ("RAR", _AS_ARCHIVE),
    "application/x-7z": ("7z", _AS_ARCHIVE),
    "application/gzip": ("GZIP", _AS_ARCHIVE),
    "application/x-gzip": ("GZIP", _AS_ARCHIVE),
    "application/x-bzip2": ("BZIP2", _AS_ARCHIVE),
    "application/x-xz": ("XZ", _AS_ARCHIVE),
    "application/x-tar": ("TAR", _AS_ARCHIVE),
    "text/rtf": ("RTF", _AS_DOCUMENT),
    "text/html": ("HTML", _AS_DOCUMENT),
    "text/xml": ("XML", _AS_DOCUMENT),
    "application/json": ("JSON", _AS_DOCUMENT),
    "text/": ("", (gettext_lazy("plain text"), _DOCUMENT_AS_PDF, _PHOTO_ITSELF)),
    "video/": ("", (gettext_lazy("a video"), _ON_PAPER, gettext_lazy("Attach photos as JPEG instead."))),
    "audio/": ("", (gettext_lazy("a sound recording"), _ON_PAPER, _PHOTO_ITSELF)),
    "application/x-dosexec": ("", _A_PROGRAM),
    "application/vnd.microsoft.portable-executable": (
        "", _A_PROGRAM,
    ),
    "application/x-executable": ("", _A_PROGRAM),
}  # fmt: skip
_UNKNOWN = ("", (gettext_lazy("in a format we do not recognise"), _DOCUMENT_AS_PDF, _PHOTO_ITSELF))


def kind_of(beginning: bytes) -> str:
    """The type of a file by its first SNIFFED bytes."""
    if beginning.startswith(b"AutoCAD Binary DXF") or _DXF_TEXT.match(beginning.removeprefix(b"\xef\xbb\xbf")):
        return DXF
    if beginning[4:8] == b"ftyp" and beginning[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"):
        return HEIC
    return magic.from_buffer(beginning, mime=True)


def message_not_accepted(name: str, kind: str, accepts: Collection[str]) -> str:
    """What a file is that is not taken here, what is, and how to make one of the other; `name` as it is shown."""
    format_, words = next(
        (way_out for start, way_out in CONVERSIONS.items() if kind.lower().startswith(start)), _UNKNOWN
    )
    what, as_pdf, as_jpeg = words
    ways = (JPEG, PDF) if as_pdf is _PICTURE_AS_PDF else (PDF, JPEG)
    way = next((content_type for content_type in ways if content_type in accepts), "")
    taken = _(", ").join(ACCEPTED[content_type] for content_type in accepts)
    message = _("“%(name)s” is %(kind)s, and only these are accepted here: %(kinds)s.") % {
        "name": name, "kind": str(what) % {"format": format_}, "kinds": taken,
    }  # fmt: skip
    return f"{message} {as_jpeg if way == JPEG else as_pdf}" if way else message


def safe_name(name: str) -> str:
    """The name as people know it, without folders, control or direction characters, at most MAX_NAME_LENGTH long."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(char for char in name if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    name = name.strip(" .") or "file"
    if len(name) > MAX_NAME_LENGTH:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:180]}…{dot}{ending[:15]}" if dot else name[:MAX_NAME_LENGTH]
    return name


def with_ending(name: str, kind: str) -> str:
    """The name with an ending of its kind, so that whoever opens it opens what it is."""
    endings = ENDINGS.get(kind, ())
    if not endings or name.lower().endswith(endings):
        return name
    return name[: MAX_NAME_LENGTH - len(endings[0])].rstrip(" .") + endings[0]


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
