"""Which boxes lie near which: each box has one number, and what can overlap a box lies in few ranges of numbers.

A box belongs to the cell that holds its south-west corner, on the finest of a few grids whose cells are no smaller than
the box. So whatever overlaps a place lies in the cells under it or beside them, on each grid: ranges that any index on
whole numbers answers, on every engine (ADR 55).
"""

from __future__ import annotations

import math

Box = tuple[float, float, float, float]
FINEST_M, GRIDS = 64.0, 8
# The sides of a box that belongs to a cell; a place is no larger than this and a cell of the finest grid on each side.
MAX_EXTENT_M = FINEST_M * 2 ** (GRIDS - 1)
_LEVEL, _COLUMN = 1 << 44, 1 << 22


def cell_of(box: Box) -> int | None:
    """The cell a box belongs to (west, south, east, north in metres, none negative); None of one too large for any."""
    west, south, east, north = box
    extent = max(east - west, north - south)
    for level in range(GRIDS):
        size = FINEST_M * 2**level
        if extent <= size:
            return _number(level, math.floor(west / size), math.floor(south / size))
    return None


def ranges_near(box: Box) -> list[tuple[int, int]]:
    """The ranges of cells, both ends included, in which every box lies that overlaps this one; others lie there too.

    Never more than some 280. ValueError for a place larger than any plot: it has as many as it has columns.
    """
    west, south, east, north = box
    if not max(east - west, north - south) <= MAX_EXTENT_M + 2 * FINEST_M:
        raise ValueError("larger than any plot")
    ranges = []
    for level in range(GRIDS):
        size = FINEST_M * 2**level
        low, high = max(0, math.floor((south - size) / size)), math.floor(north / size)
        for column in range(max(0, math.floor((west - size) / size)), math.floor(east / size) + 1):
            ranges.append((_number(level, column, low), _number(level, column, high)))
    return ranges


def ranges_over(box: Box) -> list[tuple[int, int]]:
    """The same of ground of any size. Over more than a plot's it is one range a grid: every cell of the columns that
    the box touches, also those south and north of it.
    """
    west, south, east, north = box
    if max(east - west, north - south) <= MAX_EXTENT_M:
        return ranges_near(box)
    ranges = []
    for level in range(GRIDS):
        size = FINEST_M * 2**level
        first, last = max(0, math.floor((west - size) / size)), math.floor(east / size)
        low, high = max(0, math.floor((south - size) / size)), math.floor(north / size)
        ranges.append((_number(level, first, low), _number(level, last, high)))
    return ranges


def _number(level: int, column: int, row: int) -> int:
    return level * _LEVEL + column * _COLUMN + row
