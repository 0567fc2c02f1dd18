"""Slow and exact geometry to compare ours with: fractions, and no library."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

Corner = tuple[Fraction, Fraction]


def exact(points) -> list[Corner]:
    return [(Fraction(x), Fraction(y)) for x, y in points]


def area(points) -> Fraction:
    corners = exact(points)
    pairs = zip(corners, [*corners[1:], corners[0]], strict=True)
    return abs(sum((ax * by - bx * ay for (ax, ay), (bx, by) in pairs), Fraction(0))) / 2


def _turn(a: Corner, b: Corner, c: Corner) -> int:
    value = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (value > 0) - (value < 0)


def _between(a: Corner, b: Corner, c: Corner) -> bool:
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def meet(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _between(*three) for turn, three in zip(turns, ends, strict=True))


def crosses_itself(points) -> bool:
    """Do two sides that are no neighbours meet, or does a neighbour run back along the one before?"""
    corners = exact(points)
    count = len(corners)
    sides = [(corners[i], corners[(i + 1) % count]) for i in range(count)]
    for i, j in combinations(range(count), 2):
        if j == i + 1 or (i == 0 and j == count - 1):
            before, after = (i, j) if j == i + 1 else (j, i)
            (a, b), (_b, c) = sides[before], sides[after]
            if _turn(a, b, c) == 0 and (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) < 0:
                return True
        elif meet(*sides[i], *sides[j]):
            return True
    return False


def clipped(subject, clip) -> list[Corner]:
    """What a convex outline, walked against the clock, leaves of another (Sutherland and Hodgman)."""
    kept, edges = exact(subject), exact(clip)
    for a, b in zip(edges, [*edges[1:], edges[0]], strict=True):
        corners, kept = kept, []
        for p, q in zip(corners, [*corners[1:], *corners[:1]], strict=True):
            inside_p, inside_q = _turn(a, b, p) >= 0, _turn(a, b, q) >= 0
            if inside_p:
                kept.append(p)
            if inside_p != inside_q:
                kept.append(_crossing(a, b, p, q))
    return kept


def _crossing(a: Corner, b: Corner, p: Corner, q: Corner) -> Corner:
    def off(c: Corner) -> Fraction:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    share = off(p) / (off(p) - off(q))
    return p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])


def shared(one, other) -> Fraction:
    """The area that a convex outline has in common with any other."""
    left = clipped(one, other)
    return area(left) if len(left) > 2 else Fraction(0)
