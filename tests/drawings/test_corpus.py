"""What is wrong with a drawing is found, and nothing else: on a corpus made by a seed, and on one nobody has seen."""

from __future__ import annotations

import math
import secrets
from datetime import date
from random import Random

import ezdxf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawings.domain import rules
from drawings.domain.facts import Facts, Kind
from drawings.measuring import measured
from transactions.attachments.renderer.drawings import opened

from .corpus import corpus, score
from .faults import FAULTS
from .made import area, building, division, inset
from .written import written

pytestmark = pytest.mark.embedded
RULES = rules.in_force(date(2026, 6, 1))


def found(drawn, *, hard=False):
    result = measured(opened(written(drawn, hard=hard)), Facts.from_json(drawn.facts), RULES)
    assert not result["failed"]
    return result


def codes(result):
    return {finding["code"] for finding in result["findings"]}


@pytest.mark.thorough
def test_a_corpus_of_sixty_is_read_right():
    assert len(FAULTS) >= 15
    told = score(corpus(seed=17, count=60))
    assert told.recall >= 0.95, told.missed
    assert told.false_alarms <= 0.05, told.alarms
    assert told.worst_area <= 0.001


@pytest.mark.thorough
def test_eighty_that_nobody_has_seen_are_read_right():
    seed = secrets.randbits(32)
    told = score(corpus(seed, count=80))
    assert told.recall >= 0.95, (seed, told.missed)
    assert told.false_alarms <= 0.05, (seed, told.alarms)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_is_found_and_nothing_beside_it(name):
    drawn = FAULTS[name](Random(name))
    there = codes(found(drawn))
    assert drawn.fault in there
    assert there <= {drawn.fault, *drawn.follows}


@given(size=st.floats(0.1001, 30), seed=st.integers(0, 2**32), over=st.booleans())
@settings(max_examples=40, deadline=None)
def test_every_gap_and_overlap_over_a_tenth_of_a_square_metre_is_found(size, seed, over):
    drawn = division(Random(seed))
    first = drawn.ring("JM-PART")
    along = math.dist(first[1], first[2])
    changed = inset(first, [0, (-size if over else size) / along, 0, 0])
    drawn.replace("JM-PART", changed)
    drawn.facts["parts"][0] = area(changed)
    sizes = [
        finding["measured"]
        for finding in found(drawn)["findings"]
        if finding["code"] == ("parts-overlap" if over else "parts-gap")
    ]
    assert sizes
    assert sum(sizes) == pytest.approx(size, rel=0.05)


@given(
    radius=st.floats(8, 200),
    turn=st.floats(0.1, math.pi),
    unit=st.sampled_from([6, 4, 5, 2, 1]),
    east=st.floats(400_000, 600_000),
)
@settings(max_examples=30, deadline=None)
def test_the_area_within_an_arc_is_right_to_a_thousandth(radius, turn, unit, east):
    metres = {6: 1.0, 4: 0.001, 5: 0.01, 2: 0.3048, 1: 0.0254}[unit]
    document = ezdxf.new("R2010", units=unit)
    place = [(east + radius * math.cos(at), 2_380_000 + radius * math.sin(at)) for at in (0, turn)]
    points = [(x / metres, y / metres, bulge) for (x, y), bulge in zip(place, (math.tan(turn / 4), 0), strict=True)]
    points.append((east / metres, 2_380_000 / metres, 0))
    document.modelspace().add_lwpolyline(points, format="xyb", close=True, dxfattribs={"layer": "JM-PLOT"})
    result = measured(document, Facts(Kind.DIVISION), RULES)
    assert result["figures"]["plot"] == pytest.approx(radius**2 * turn / 2, rel=1e-3)


@given(seed=st.integers(0, 2**32), turn=st.floats(0, math.tau), east=st.floats(-1e6, 1e6))
@settings(max_examples=20, deadline=None)
def test_a_drawing_moved_turned_or_drawn_the_other_way_round_says_the_same(seed, turn, east):
    drawn = FAULTS["short_side"](Random(seed))
    before = found(drawn)
    turned = FAULTS["short_side"](Random(seed))

    def moved(point):
        x, y = point
        return x * math.cos(turn) - y * math.sin(turn) + east, x * math.sin(turn) + y * math.cos(turn) + 3 * east

    turned.rings = [(layer, [moved(point) for point in ring][::-1]) for layer, ring in turned.rings]
    turned.lines = [(layer, [moved(point) for point in line]) for layer, line in turned.lines]
    after = found(turned)
    assert codes(after) == codes(before)
    for one, other in zip(before["findings"], after["findings"], strict=True):
        assert other["measured"] == pytest.approx(one["measured"], abs=1e-3)


def test_a_request_of_an_earlier_day_keeps_the_rules_of_that_day():
    drawn = FAULTS["too_much_built"](Random(3))
    facts = Facts.from_json(drawn.facts)
    document = opened(written(drawn, hard=False))
    share = area(drawn.ring("JM-FLOOR-0")) / area(drawn.plot)
    assert share > 0.70
    by_day = {
        day: {one["code"]: one["required"] for one in measured(document, facts, rules.in_force(day))["findings"]}
        for day in (date(2024, 7, 14), date(2024, 7, 15), date(2025, 12, 1))
    }
    assert "coverage" not in by_day[date(2024, 7, 14)]  # the set of 1430 says nothing of villas
    assert by_day[date(2025, 12, 1)]["coverage"] == 70
    assert by_day[date(2024, 7, 15)].get("coverage") == (75 if share > 0.751 else None)


def test_every_rule_says_what_it_is_worth():
    from municipality.models import Certainty

    for held in rules.all_sets():
        for rule in held.rules.values():
            assert Certainty(rule.certainty)
            assert rule.unit
            assert set(rule.clause) == {"en", "ar"}
            assert all(rule.clause.values())


def test_a_unit_that_is_not_stated_is_asked_for_and_compared_with_a_side():
    drawn = building(Random(5))
    drawn.states_unit, drawn.facts["plot_area"] = False, None
    content = opened(written(drawn, hard=False))
    unit = drawn.unit
    assert measured(content, Facts.from_json(drawn.facts), RULES)["state"] == "no-unit"
    side = math.dist(drawn.plot[1], drawn.plot[2])
    right = measured(content, Facts.from_json(drawn.facts | {"unit": unit, "known_side": side}), RULES)
    assert right["state"] == "checked"
    assert codes(right) == {"unit-missing"}
    other = next(number for number in (6, 4, 5) if number != unit)
    wrong = measured(content, Facts.from_json(drawn.facts | {"unit": other, "known_side": side}), RULES)
    assert "unit-unlike" in codes(wrong)
    by_side = measured(content, Facts.from_json(drawn.facts | {"known_side": side}), RULES)
    assert by_side["metres"] == right["metres"], "a known side alone tells the unit"


def test_a_drawing_that_knows_nothing_of_the_template_is_left_alone():
    document = ezdxf.new("R2010", units=6)
    document.modelspace().add_lwpolyline([(0, 0), (9, 0), (9, 9)], close=True, dxfattribs={"layer": "A-WALL"})
    document.modelspace().add_text("x", dxfattribs={"layer": "TEXT"})
    result = measured(document, Facts(), RULES)
    assert (result["state"], result["findings"]) == ("not-by-template", [])


def test_a_gap_of_centimetres_is_closed_and_told():
    document = ezdxf.new("R2010", units=6)
    ring = [(0, 0), (20, 0), (20, 30), (0, 30), (0, 0.03)]
    document.modelspace().add_lwpolyline(ring, dxfattribs={"layer": "JM-PLOT"})
    result = measured(document, Facts(Kind.DIVISION), RULES)
    assert next(note["figure"] for note in result["notes"] if note["code"] == "closed") == pytest.approx(0.03)
    assert result["figures"]["plot"] == pytest.approx(600, rel=1e-3)


def test_parts_drawn_as_a_network_of_lines_are_read_apart():
    document = ezdxf.new("R2010", units=6)
    model = document.modelspace()
    model.add_lwpolyline([(0, 0), (30, 0), (30, 20), (0, 20)], close=True, dxfattribs={"layer": "JM-PLOT"})
    model.add_line((0, 0), (30, 0), dxfattribs={"layer": "JM-STREET"})
    for start, end in (
        ((0, 0), (30, 0)),
        ((30, 0), (30, 20)),
        ((30, 20), (0, 20)),
        ((0, 20), (0, 0)),
        ((15, 0), (15, 20)),
    ):
        model.add_line(start, end, dxfattribs={"layer": "JM-PART"})
    result = measured(document, Facts(Kind.DIVISION, plot_area=600, parts=(300, 300)), RULES)
    assert result["findings"] == []
    assert result["figures"]["part 1"] == result["figures"]["part 2"] == pytest.approx(300)
