"""What a large drawing holds beside our layers is left out before it is read: forty megabytes of walls and trees are a
few outlines of ours and much else.

Only the section of entities is thinned, and only in text files; where anything is not as expected, the file is read
whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ezdxf.lldxf.encoding import decode_dxf_unicode

from ..domain.layers import PREFIX, propose, role_of

# Smaller files are read whole: thinning is for what would take too long.
LARGE = 3 * 1024**2
_BINARY = b"AutoCAD Binary DXF"
MAX_OF_A_BLOCK, MAX_BLOCKS, MAX_NAMES = 40, 2000, 20_000
# What belongs to the entity before it.
_PARTS = frozenset({b"VERTEX", b"SEQEND", b"ATTRIB"})


def thinned(data: bytes) -> bytes:
    """The same drawing without entities on other layers; blocks stay, and what stands for them."""
    if len(data) < LARGE or data.startswith(_BINARY):
        return data
    lines = data.split(b"\n")
    bounds = _entities(lines)
    if bounds is None:
        return data
    begin, end = bounds
    retained: list[bytes] = lines[:begin]
    inserted: dict[bytes, int] = {}
    keep = False
    for start, stop in _fragments(lines, begin, end):
        kind = lines[start + 1].strip()
        if kind not in _PARTS:
            keep = _is_wanted(lines, start, stop, kind, inserted)
        if keep:
            retained += lines[start:stop]
    return b"\n".join(retained + lines[end:])


def _entities(lines: list[bytes]) -> tuple[int, int] | None:
    """The lines from the first entity up to the end of their section. Codes stand on even lines."""
    begin = None
    for at in range(0, len(lines) - 3, 2):
        if lines[at + 1].strip() == b"ENTITIES" and lines[at].strip() == b"2":
            begin = at + 2
            break
    if begin is None:
        return None
    for at in range(begin, len(lines) - 1, 2):
        if lines[at + 1].strip() == b"ENDSEC" and lines[at].strip() == b"0":
            return begin, at
    return None


def _fragments(lines: list[bytes], begin: int, end: int) -> Iterator[tuple[int, int]]:
    starts = [begin + 2 * at for at, code in enumerate(lines[begin:end:2]) if code.strip() == b"0"]
    for number, start in enumerate(starts):
        yield start, starts[number + 1] if number + 1 < len(starts) else end


def _is_wanted(lines: list[bytes], start: int, stop: int, kind: bytes, inserted: dict[bytes, int]) -> bool:
    layer = name = b""
    for at in range(start + 2, stop - 1, 2):
        code = lines[at].strip()
        if code == b"8":
            layer = lines[at + 1].strip()
        elif code == b"2" and kind == b"INSERT":
            name = lines[at + 1].strip()
    wanted = _is_ours(layer)
    if kind == b"INSERT" and not wanted:
        # A block may hold outlines of ours wherever it stands; the same many times is no plot of land.
        inserted[name] = inserted.get(name, 0) + 1
        return inserted[name] <= MAX_OF_A_BLOCK and len(inserted) <= MAX_BLOCKS
    return wanted


@lru_cache(maxsize=MAX_NAMES)
def _is_ours(layer: bytes) -> bool:
    name = decode_dxf_unicode(layer.decode("utf-8", errors="replace"))
    return bool(role_of(name) or propose(name)) or name.upper().startswith(PREFIX)
