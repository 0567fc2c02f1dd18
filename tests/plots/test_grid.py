"""Whatever overlaps a box lies in the ranges near it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plots.grid import cell_of, ranges_near

sizes = st.sampled_from([0.0, 0.5, 20.0, 63.9, 64.0, 64.1, 128.0, 1000.0, 8191.0, 8192.0])


@st.composite
def boxes(draw, near=(521_000.0, 2_380_000.0)):
    x, y = (origin + draw(st.integers(-900_000, 900_000)) / 100 for origin in near)
    return x, y, x + draw(sizes), y + draw(sizes)


@given(boxes(), boxes())
def test_an_overlapping_box_is_in_a_range(box, other):
    overlap = box[0] <= other[2] and other[0] <= box[2] and box[1] <= other[3] and other[1] <= box[3]
    cell = cell_of(other)
    assert cell is not None
    if overlap:
        assert any(low <= cell <= high for low, high in ranges_near(box))


@given(boxes())
def test_a_plot_asks_for_few_ranges(box):
    if max(box[2] - box[0], box[3] - box[1]) <= 200:
        assert len(ranges_near(box)) <= 32


def test_a_box_larger_than_any_cell_is_in_none():
    assert cell_of((500_000, 2_400_000, 510_000, 2_400_010)) is None


@pytest.mark.parametrize("east", [521_000 + 8_192.0, 521_000 + 8_320.0])
def test_the_largest_place_asks_for_a_bounded_number_of_ranges(east):
    assert len(ranges_near((521_000, 2_380_000, east, 2_380_025))) <= 300


@pytest.mark.parametrize("east", [521_000 + 8_400.0, 5_210_025.0, 1e8, float("nan")])
def test_a_place_larger_than_any_plot_is_refused(east):
    with pytest.raises(ValueError, match="larger"):
        ranges_near((521_000, 2_380_000, east, 2_380_025))
