"""No published table lets a withheld cell be computed: held against every table a reader could think of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from transactions.domain.withheld import ALL, SMALL, counts_withheld, decisions_withheld, is_small, with_totals

Counts = dict[tuple[str, str], int]


def possible(counts: Counts, withheld: set, *, least: Counts | None = None, most: Counts | None = None, beyond=7):
    """Every table of whole numbers that shows the same where it is published, by trying all: no flows, no paths."""
    rows = sorted({row for row, _column in counts} - {ALL})
    columns = sorted({column for _row, column in counts} - {ALL})
    inner = [(row, column) for row in rows for column in columns]
    unknown = [cell for cell in inner if cell in withheld]
    top = max(counts.values(), default=0) + beyond

    def bound(cell):
        low = (least or {}).get(cell, 0)
        high = (most or {}).get(cell, top)
        for above in ((cell[0], ALL), (ALL, cell[1]), (ALL, ALL)):
            if above not in withheld:
                high = min(high, counts[above])
        return range(low, high + 1)

    for values in product(*(bound(cell) for cell in unknown)):
        table = with_totals(
            {cell: counts[cell] for cell in inner} | dict(zip(unknown, values, strict=True)), rows, columns
        )
        if all(table[cell] == count for cell, count in counts.items() if cell not in withheld):
            yield table


def values_of(tables: Iterator[Counts], cell) -> set[int]:
    return {table[cell] for table in tables}


@st.composite
def tables(draw, most_cells=6, largest=9) -> Counts:
    rows = draw(st.integers(1, 2))
    columns = draw(st.integers(1, most_cells // rows))
    names = [f"r{n}" for n in range(rows)], [f"c{n}" for n in range(columns)]
    sizes = st.one_of(st.integers(0, SMALL), st.integers(0, largest))
    return with_totals({cell: draw(sizes) for cell in product(*names)}, *names)


@settings(max_examples=60)
@given(tables())
@example(with_totals({("r0", "c0"): 1, ("r0", "c1"): 9}, ["r0"], ["c0", "c1"]))
@example(with_totals({("r0", "c0"): 1, ("r0", "c1"): 1}, ["r0"], ["c0", "c1"]))
@example(with_totals({("r0", "c0"): 3}, ["r0"], ["c0"]))
@example(with_totals({("r0", "c0"): 4, ("r1", "c1"): 4, ("r0", "c1"): 6, ("r1", "c0"): 0}, ["r0", "r1"], ["c0", "c1"]))
def test_no_withheld_count_can_be_computed(counts):
    withheld = counts_withheld(counts)
    assume(sum(1 for cell in withheld if ALL not in cell) <= 4)
    assert {cell for cell, count in counts.items() if is_small(count)} <= withheld
    found = list(possible(counts, withheld))
    for cell in withheld:
        assert len(values_of(iter(found), cell)) > SMALL, cell


@settings(max_examples=60)
@given(st.data())
def test_no_withheld_decision_or_part_of_them_can_be_computed(data):
    decided = data.draw(tables(most_cells=4, largest=8))
    rows = sorted({row for row, _column in decided} - {ALL})
    columns = sorted({column for _row, column in decided} - {ALL})
    parts = [
        with_totals({cell: data.draw(st.integers(0, decided[cell])) for cell in product(rows, columns)}, rows, columns)
        for _part in range(2)
    ]
    whole, withheld = decisions_withheld(decided, parts)
    for cell, count in decided.items():
        assert not is_small(count) or cell in whole
    for part, hidden in zip(parts, withheld, strict=True):
        for cell, count in part.items():
            rest = decided[cell] - count
            open_to_all = is_small(count) or (count and (is_small(rest) or not rest))
            assert not open_to_all or cell in hidden
    seen: dict = {(0, cell): set() for cell in whole}
    seen |= {(number, cell): set() for number, hidden in enumerate(withheld, 1) for cell in hidden}
    for guess in possible(decided, whole, beyond=5):
        # One that fits with both parts: a reader knows that no part is more than the whole.
        fits = [list(possible(part, hidden, most=guess)) for part, hidden in zip(parts, withheld, strict=True)]
        if all(fits):
            for number, guessed in enumerate([[guess], *fits]):
                for table, cell in product(guessed, withheld[number - 1] if number else whole):
                    seen[number, cell].add(table[cell])
        if all(len(values) > 1 for values in seen.values()):
            break
    for where, values in seen.items():
        assert len(values) > 1, (where, decided, parts)


@pytest.mark.parametrize("rows", [3, 5])
def test_what_is_large_is_published_as_it_is(rows):
    names = [f"r{n}" for n in range(rows)], [f"c{n}" for n in range(16)]
    counts = with_totals(dict.fromkeys(product(*names), 30), *names)
    assert counts_withheld(counts) == set()
    assert decisions_withheld(counts, [with_totals({}, *names)]) == (set(), [set()])


def test_one_small_cell_takes_three_others_with_it_and_no_total():
    names = [f"r{n}" for n in range(3)], [f"c{n}" for n in range(16)]
    counts = with_totals(dict.fromkeys(product(*names), 30) | {("r1", "c7"): 2}, *names)
    withheld = counts_withheld(counts)
    assert ("r1", "c7") in withheld
    assert len(withheld) == 4
    assert not [cell for cell in withheld if ALL in cell]
