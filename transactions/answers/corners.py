"""The corners of a plot as an answer: one box for typed lines, a pasted table, CSV and GeoJSON."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.translation import ngettext

from core.forms.fields import ProseField
from plots.geometry import Outline, Unreadable, outline_of, read_corners, written
from plots.words import metres, slip_words

# More slips than these in one list, and it is another kind of file.
SHOWN_SLIPS = 5
# A list of two hundred corners takes a tenth of this.
MAX_FILE_BYTES = 100_000
FILE_SUFFIX = "_file"


class CornersField(ProseField):
    """Corners in any usual writing, kept as plots.geometry.written writes them."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        return attrs | {"rows": 6, "dir": "ltr", "spellcheck": "false", "autocomplete": "off"}

    def to_python(self, value: Any) -> str:
        given = value if isinstance(value, dict | list) else super().to_python(value)
        if not given:
            return ""
        try:
            return written(read_corners(given))
        except Unreadable as error:
            words = [slip_words(slip) for slip in error.slips[:SHOWN_SLIPS]]
            raise forms.ValidationError(" ".join(words), code="corners_unreadable") from error


def with_files(request: HttpRequest) -> QueryDict:
    """What was posted, with the text of each file chosen for a list of corners in place of what its box held."""
    merged = request.POST.copy()
    for name, file in request.FILES.items():
        box = name.removesuffix(FILE_SUFFIX)
        if box != name and box in merged and isinstance(file, UploadedFile) and file.size:
            merged[box] = _text_of(file.read(MAX_FILE_BYTES))
    return merged


def _text_of(content: bytes) -> str:
    """A list as programs save it: UTF-8, UTF-16 with its mark, or Windows' Arabic, in which every byte is a letter."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace").replace("\0", "")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1256", errors="replace")
    return text.replace("\0", "")


def corners_in_words(value: Any, *, listed: bool = False) -> str | None:
    """How many corners and what area, and with `listed` the corners too; None of what is no list of corners."""
    try:
        outline = outline_of(read_corners(value))
    except Unreadable:
        return None
    words = measures_in_words(outline)
    if not listed:
        return words
    return format_html('{} · <bdi dir="ltr">{}</bdi>', words, "; ".join(str(value).splitlines()))


def measures_in_words(outline: Outline) -> str:
    """“4 corners, 625.00 m²”."""
    count = len(outline.corners)
    text = ngettext("%(n)d corner, %(area)s m²", "%(n)d corners, %(area)s m²", count)
    return text % {"n": count, "area": metres(outline.area)}
