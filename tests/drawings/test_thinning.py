"""A large drawing is thinned to our layers without holding all its lines at once."""

from __future__ import annotations

import tracemalloc

import pytest

from drawings.reading import thinning

HEAD = "  0\nSECTION\n  2\nBLOCKS\n  0\nBLOCK\n  2\nENTITIES\n  0\nENDBLK\n  0\nENDSEC\n  0\nSECTION\n  2\nENTITIES\n"
TAIL = "  0\nENDSEC\n  0\nEOF\n"


def entity(kind: str, layer: str, *more: str) -> str:
    return "\n".join(["  0", kind, "  8", layer, *more]) + "\n"


OURS = [
    entity("LINE", "JM-PLOT", " 10", "0"),
    entity("POLYLINE", "JM-PART") + entity("VERTEX", "0", " 10", "8") + entity("SEQEND", "0"),
    entity("INSERT", "walls", "  2", "door"),
]
OTHERS = [
    entity("LINE", "walls", " 62", "0", "  8", "walls"),
    entity("POLYLINE", "trees") + entity("VERTEX", "JM-PLOT") + entity("SEQEND", "JM-PLOT"),
    entity("TEXT", "walls", "  1", "ENDSEC", "  1", "0"),
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_ours_stays_and_nothing_else(monkeypatch, end):
    """A value that looks like the beginning of something begins nothing, and a block may bear the section's name."""
    monkeypatch.setattr(thinning, "LARGE", 0)
    between = [part for pair in zip(OURS, OTHERS, strict=True) for part in pair]
    given, expected = (HEAD + "".join(parts) + TAIL for parts in (between, OURS))
    assert thinning.thinned(given.replace("\n", end).encode()) == expected.replace("\n", end).encode()


def test_the_same_block_many_times_is_left_out(monkeypatch):
    monkeypatch.setattr(thinning, "LARGE", 0)
    given = HEAD + OURS[2] * 100 + OURS[0] + TAIL
    assert thinning.thinned(given.encode()) == (HEAD + OURS[2] * thinning.MAX_OF_A_BLOCK + OURS[0] + TAIL).encode()


@pytest.mark.parametrize("cut", ["no section", HEAD, HEAD + OTHERS[0], HEAD + OTHERS[0] + "  0\n"])
def test_what_is_not_as_expected_is_read_whole(monkeypatch, cut):
    monkeypatch.setattr(thinning, "LARGE", 0)
    assert thinning.thinned(cut.encode()) == cut.encode()


def test_it_takes_little_more_than_the_file():
    """A list of the lines took ten times its size."""
    data = (HEAD + OTHERS[0] * (4 * 1024**2 // len(OTHERS[0])) + OURS[0] + TAIL).encode()
    assert len(data) > thinning.LARGE
    tracemalloc.start()
    try:
        assert len(thinning.thinned(data)) < 1000
        assert tracemalloc.get_traced_memory()[1] < len(data) / 2
    finally:
        tracemalloc.stop()
