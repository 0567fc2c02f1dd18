"""What a large drawing holds beside our layers is left out before it is read: forty megabytes of walls and trees are a
few outlines of ours and much else.

Only the section of entities is thinned, and only in text files; where anything is not as expected, the file is read
whole.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ezdxf.lldxf.encoding import decode_dxf_unicode

from ..domain.layers import PREFIX, propose, role_of

# Smaller files are read whole: thinning is for what would take too long.
LARGE = 3 * 1024**2
_BINARY = b"AutoCAD Binary DXF"
# Where the section of entities begins; a block may bear that name too.
_HEAD = re.compile(rb"(?:^|\n)[ \t]*0[ \t\r]*\n[ \t]*SECTION[ \t\r]*\n[ \t]*2[ \t\r]*\n[ \t]*ENTITIES[ \t\r]*\n")
MAX_OF_A_BLOCK, MAX_BLOCKS, MAX_NAMES = 40, 2000, 20_000
# What belongs to the entity before it.
_PARTS = frozenset({b"VERTEX", b"SEQEND", b"ATTRIB"})


def thinned(data: bytes) -> bytes:
    """The same drawing without entities on other layers; blocks stay, and what stands for them."""
    if len(data) < LARGE or data.startswith(_BINARY):
        return data
    head = _HEAD.search(data)
    if head is None:
        return data
    retained = [data[: head.end()]]
    inserted: dict[bytes, int] = {}
    keep = False
    for fragment in _fragments(data, head.end()):
        if fragment.kind == b"ENDSEC":
            return b"".join([*retained, data[fragment.start :]])
        if fragment.kind not in _PARTS:
            keep = _is_wanted(fragment, inserted)
        if keep:
            retained.append(data[fragment.start : fragment.stop])
    return data


class _Fragment(NamedTuple):
    """One entity: where it stands in the file, what it is, on which layer, and of which block."""

    start: int
    stop: int
    kind: bytes
    layer: bytes
    name: bytes


def _fragments(data: bytes, begin: int) -> Iterator[_Fragment]:
    """From the first entity on, line by line: a list of the lines of a large file takes ten times its size."""
    lines = io.BytesIO(data)
    lines.seek(begin)
    start, at, kind, layer, name = begin, begin, b"", b"", b""
    while code := lines.readline():
        value = lines.readline()
        code_read = code.strip()
        if code_read == b"0":
            if kind:
                yield _Fragment(start, at, kind, layer, name)
            start, kind, layer, name = at, value.strip(), b"", b""
        elif code_read == b"8":
            layer = value.strip()
        elif code_read == b"2":
            name = value.strip()
        at += len(code) + len(value)
    if kind:
        yield _Fragment(start, at, kind, layer, name)


def _is_wanted(fragment: _Fragment, inserted: dict[bytes, int]) -> bool:
    wanted = _is_ours(fragment.layer)
    if fragment.kind == b"INSERT" and not wanted:
        # A block may hold outlines of ours wherever it stands; the same many times is no plot of land.
        inserted[fragment.name] = inserted.get(fragment.name, 0) + 1
        return inserted[fragment.name] <= MAX_OF_A_BLOCK and len(inserted) <= MAX_BLOCKS
    return wanted


@lru_cache(maxsize=MAX_NAMES)
def _is_ours(layer: bytes) -> bool:
    name = decode_dxf_unicode(layer.decode("utf-8", errors="replace"))
    return bool(role_of(name) or propose(name)) or name.upper().startswith(PREFIX)
