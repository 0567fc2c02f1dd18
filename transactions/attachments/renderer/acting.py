"""PDF: what in it does something by itself, opens another file or holds one; and a copy without that.

Every object of the file is looked at, wherever it hangs: by its text first, which is fast, then by its entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

# Actions that are more than a jump inside the file or to an address that is shown before it is opened.
ACTIONS = frozenset(
    f"/{name}"
    for name in (
        *("JavaScript", "Launch", "SubmitForm", "ImportData", "GoToR", "GoToE", "Rendition", "RichMediaExecute"),
        *("Movie", "Sound"),
    )
)
NOTES = frozenset(["/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"])
FILES = frozenset(["/EmbeddedFiles", "/EF", "/FS"])
# Keys that mean something wherever they stand.
KEYS = ("/JavaScript", "/EmbeddedFiles", "/EF", "/AA", "/XFA")
_TELLING = re.compile("|".join({*ACTIONS, *NOTES, *KEYS, "/FileAttachment", "/OpenAction"}).encode() + rb"(?!\w)")
_MAX_DEPTH = 30


def find_active_content(structure: pikepdf.Pdf) -> Iterator[tuple[Any, str]]:
    """Dictionaries of the file and the key in each that makes it act or hold a file; crooked ones are passed by."""
    for item in structure.objects:
        try:
            places = list(_active_entries(item, 0)) if _may_act(item) else []
        except MemoryError:
            raise
        except Exception:  # noqa: S112 – this object cannot be read, by other programs neither; the others still can
            continue
        yield from places


def remove_active_content(structure: pikepdf.Pdf) -> None:
    """Take out of the file all that acting() finds."""
    for place, key in list(find_active_content(structure)):
        # An action goes as a whole: what it would run or open, and what would follow it.
        for name in list(place.keys()) if key == "/S" else [key]:
            if name in place:
                del place[name]


def _may_act(item: Any) -> bool:
    return isinstance(item, pikepdf.Stream) or _TELLING.search(item.unparse(resolved=True)) is not None


def _active_entries(place: Any, depth: int) -> Iterator[tuple[Any, str]]:
    """Of one object, with what is written inside it; what it only refers to is an object of its own."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(place, pikepdf.Array):
        inside = list(place)
    elif isinstance(place, pikepdf.Dictionary | pikepdf.Stream):
        yield from ((place, key) for key in _telling_keys(place))
        inside = [value for _key, value in place.items()]
    else:
        return
    for item in inside:
        if isinstance(item, pikepdf.Array | pikepdf.Dictionary) and not item.is_indirect:
            yield from _active_entries(item, depth + 1)


def _telling_keys(place: Any) -> Iterator[str]:
    if str(place.get("/S")) in ACTIONS:
        yield "/S"
    yield from (key for key in KEYS if key in place)
    opening = place.get("/OpenAction")
    if isinstance(opening, pikepdf.Dictionary) and str(opening.get("/S")) == "/URI":
        yield "/OpenAction"
    kind = str(place.get("/Subtype"))
    if kind in NOTES and "/Rect" in place:
        yield "/Subtype"
    if kind == "/FileAttachment" and "/FS" in place:
        yield "/FS"
