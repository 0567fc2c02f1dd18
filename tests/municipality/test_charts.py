"""Pictures drawn on the server."""

from itertools import pairwise

import pytest

from core.charts import HEIGHT, WIDTH, Chart, Series, top_of


def chart(*values, labels=None):
    series = tuple(Series(str(place), tuple(row)) for place, row in enumerate(values))
    return Chart("title", "head", labels or list(range(len(values[0]))), series)


@pytest.mark.parametrize(("largest", "top"), [(0, 1), (1, 1), (7, 8), (61, 80), (99, 100), (1001, 2000)])
def test_the_top_line_is_a_round_number(largest, top):
    assert top_of(largest) == top


def test_bars_stand_on_the_ground_side_by_side_and_inside_the_picture():
    drawn = chart([0, 5, 10], [10, 2, 0]).bars
    flat = [bar for bars in drawn for bar in bars]
    assert all(bar.y + bar.height == HEIGHT for bar in flat)
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in flat)
    assert [bar.height for bar in drawn[0]] == [0, HEIGHT // 2, HEIGHT]
    ordered = sorted(flat, key=lambda bar: bar.x)
    assert all(one.x + one.width <= two.x for one, two in pairwise(ordered))


def test_a_line_goes_from_edge_to_edge():
    points = chart([3, 1, 4]).lines[0]
    assert [point.x for point in points] == [0, WIDTH // 2, WIDTH]
    assert min(point.y for point in points) >= 0


def test_one_or_no_figure_is_no_error():
    assert chart([4]).lines[0][0].x == 0
    assert chart([]).ends == []
    assert chart([0, 0]).empty


def test_a_picture_names_its_ends_and_keeps_every_figure_for_the_table():
    drawn = chart([1, 2, 3], [4, 5, 6], labels=["a", "b", "c"])
    assert drawn.ends == ["a", "b", "c"]
    assert drawn.rows == [("a", (1, 4)), ("b", (2, 5)), ("c", (3, 6))]


def test_series_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="each label"):
        chart([1, 2], [1])
