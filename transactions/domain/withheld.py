"""Which cells of a table of counts are withheld, so that nobody is told of by a small one: not by the cell itself, and
not by subtraction from totals. Pure.

A table has rows and columns and all its totals. A reader knows every cell that is published, that totals add up, and
that no count is negative. What a withheld cell may still be is then a question of flow: one count moves round a closed
path of withheld cells, up here, down there, and every total stays. A cell is safe when such paths move it far enough.
So what is proved is what a reader can work out, not that a rule of thumb was kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

# Counts below this, and not nought, are small: few enough that somebody who knows one of them may know the others.
SMALL = 5
ALL = "all"
Cell = tuple[str, str]
NO_LIMIT = 10**9


def is_small(count: int) -> bool:
    return 0 < count < SMALL


def with_totals(inner: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str]) -> dict[Cell, int]:
    """The table with its totals; cells that are not given are nought."""
    table = {(row, column): inner.get((row, column), 0) for row in rows for column in columns}
    for row in rows:
        table[row, ALL] = sum(table[row, column] for column in columns)
    for column in (*columns, ALL):
        table[ALL, column] = sum(table[row, column] for row in rows)
    return table


class Table:
    """A table with totals, and what of it is withheld. `least` and `most` bound cells by what else is published."""

    def __init__(
        self,
        counts: Mapping[Cell, int],
        withheld: Iterable[Cell] = (),
        *,
        least: Mapping[Cell, int] | None = None,
        most: Mapping[Cell, int] | None = None,
    ) -> None:
        self.counts = dict(counts)
        self.least, self.most = least or {}, most or {}
        self.rows = list(dict.fromkeys(row for row, _column in counts))
        self.columns = list(dict.fromkeys(column for _row, column in counts))
        # Whose total is nought is nought, and nothing can be withheld of it.
        self.published = {cell for cell in counts if self._is_told(cell)}
        self.withheld = set(withheld) - self.published

    def _is_told(self, cell: Cell) -> bool:
        totals = (self.counts[cell[0], ALL], self.counts[ALL, cell[1]])
        return not all(totals) or not self.most.get(cell, 1)

    def width(self, cell: Cell, enough: int) -> int:
        """How many values besides the true one a reader must think possible here, counted no further than `enough`."""
        up = self.moved(cell, 1, enough)[cell] - self.counts[cell]
        return up if up >= enough else up + self.counts[cell] - self.moved(cell, -1, enough - up)[cell]

    def moved(self, cell: Cell, way: int, enough: int) -> dict[Cell, int]:
        """The same published table from other counts: this cell's as far up (way 1) or down (-1) as can be."""
        delta: dict[Cell, int] = dict.fromkeys(self.withheld, 0)
        limit = min(enough, self._free(cell, way, 0))
        done = 0
        while done < limit and (path := self._path(cell, way, delta)):
            step = min(limit - done, *(self._free(at, turn, delta[at]) for at, turn in path))
            for at, turn in path:
                delta[at] += turn * step
            done += step
        delta[cell] = way * done
        return self.counts | {at: self.counts[at] + step for at, step in delta.items()}

    def _free(self, cell: Cell, way: int, moved: int) -> int:
        count = self.counts[cell] + moved
        return self.most.get(cell, NO_LIMIT) - count if way > 0 else count - self.least.get(cell, 0)

    def _path(self, cell: Cell, way: int, delta: Mapping[Cell, int]) -> list[tuple[Cell, int]] | None:
        """Other cells, each with its turn, that together undo in every total what `cell` does.

        With the totals counted against their parts, rows and columns each add up to nought: what goes into a column by
        one cell leaves it by another.
        """
        start, end = (("column", cell[1]), ("row", cell[0]))
        if way * _sign(cell) < 0:
            start, end = end, start
        came: dict[tuple[str, str], tuple[tuple[str, str], Cell, int]] = {}
        waiting = deque([start])
        while waiting:
            place = waiting.popleft()
            for other in self._of(place):
                if other == cell:
                    continue
                turn = _sign(other) * (1 if place[0] == "row" else -1)
                following = ("column", other[1]) if place[0] == "row" else ("row", other[0])
                if following in came or following == start or self._free(other, turn, delta[other]) < 1:
                    continue
                came[following] = (place, other, turn)
                if following == end:
                    return _walk_back(came, start, end)
                waiting.append(following)
        return None

    def _of(self, place: tuple[str, str]) -> list[Cell]:
        at = 0 if place[0] == "row" else 1
        return sorted(cell for cell in self.withheld if cell[at] == place[1])

    def protect(self, is_safe: Callable[[Cell], bool]) -> set[Cell]:
        """Withhold more, as little as serves, until whatever is withheld is safe; returns all of it."""
        while unsafe := next((cell for cell in sorted(self.withheld) if not is_safe(cell)), None):
            if not self._withhold_beside(unsafe, is_safe):
                # With all totals, too, nothing is left to subtract from.
                self.withheld = set(self.counts) - self.published
                break
        return self.withheld

    def _withhold_beside(self, cell: Cell, is_safe: Callable[[Cell], bool]) -> bool:
        """The cheapest rectangle that makes this cell safe, or else the cheapest that adds one; False without any."""
        before = set(self.withheld)
        choices = []
        for row in self.rows:
            for column in self.columns:
                corners = {(cell[0], column), (row, cell[1]), (row, column)}
                if row == cell[0] or column == cell[1] or corners & self.published or corners <= before:
                    continue
                choices.append((sum(map(self._price, corners - before)), sorted(corners)))
        choices.sort()
        for _price, added in choices:
            self.withheld = before | set(added)
            if is_safe(cell):
                return True
        self.withheld = before | set(choices[0][1]) if choices else before
        return bool(choices)

    def _price(self, cell: Cell) -> int:
        """Totals are what people ask for first, large counts next."""
        return self.counts[cell] + 10**6 * ((cell[0] == ALL) + (cell[1] == ALL)) + 1


def _sign(cell: Cell) -> int:
    return (-1 if cell[0] == ALL else 1) * (-1 if cell[1] == ALL else 1)


def _walk_back(
    came: Mapping[tuple[str, str], tuple[tuple[str, str], Cell, int]], start: tuple[str, str], end: tuple[str, str]
) -> list[tuple[Cell, int]]:
    path = []
    while end != start:
        end, cell, turn = came[end]
        path.append((cell, turn))
    return path


def decisions_withheld(
    decided: Mapping[Cell, int], parts: Sequence[Mapping[Cell, int]]
) -> tuple[set[Cell], list[set[Cell]]]:
    """(withheld of the decisions, withheld of each part of them): a part is withheld where it or the rest is small, or
    nobody is left for the rest. What a part may be depends on what the whole may be, which is tried for each cell.
    """
    least = {cell: max(0, *(part[cell] for part in parts)) for cell in decided}
    whole = Table(decided, (cell for cell, count in decided.items() if is_small(count)), least=least)
    whole.protect(lambda cell: whole.width(cell, SMALL) >= SMALL)
    return whole.withheld, [_part_withheld(whole, part) for part in parts]


def _part_withheld(whole: Table, part: Mapping[Cell, int]) -> set[Cell]:
    decided = whole.counts
    small = {
        cell
        for cell, count in part.items()
        if count
        and (cell in whole.withheld or is_small(count) or is_small(decided[cell] - count) or count == decided[cell])
    }
    table = Table(part, small, most=decided)

    def is_safe(cell: Cell) -> bool:
        table.most = decided
        if table.width(cell, 1):
            return True
        if cell not in whole.withheld:
            return False
        table.most = whole.moved(cell, 1, SMALL)
        return bool(table.width(cell, 1))

    return table.protect(is_safe)


def counts_withheld(counts: Mapping[Cell, int]) -> set[Cell]:
    """What is withheld of a table that stands by itself."""
    table = Table(counts, (cell for cell, count in counts.items() if is_small(count)))
    return table.protect(lambda cell: table.width(cell, SMALL) >= SMALL)
