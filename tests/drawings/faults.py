"""Drawings with one fault each: the code that has to be found, and what follows of the same fault."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from .made import Drawn, area, bay, building, division, inset

FAULTS: dict[str, Callable[[Random], Drawn]] = {}


def fault(code: str, *follows: str) -> Callable[[Callable[[Random], Drawn]], Callable[[Random], Drawn]]:
    def remember(make: Callable[[Random], Drawn]) -> Callable[[Random], Drawn]:
        def made(chance: Random) -> Drawn:
            drawn = make(chance)
            drawn.fault, drawn.follows = code, frozenset(follows)
            return drawn

        FAULTS[make.__name__] = made
        return made

    return remember


def _moved(chance: Random, side: int, short: float) -> Drawn:
    """The building and its line so much nearer to one side than they may be."""
    drawn = building(chance, floors=1, zero=False, deep=0.6)
    least = drawn.facts["street_width"] / 5 if side == 0 else 2.0
    by = [drawn.facts["street_width"] / 5 + 0.5, 2.3, 2.4, 2.2]
    by[side] = least - short
    opposite = (side + 2) % 4
    while area(inset(drawn.plot, by)) > 0.6 * area(drawn.plot):
        by[opposite] += 0.25
    ring = inset(drawn.plot, by)
    drawn.replace("JM-FLOOR-0", ring)
    drawn.replace("JM-SETBACK", inset(drawn.plot, [min(away, 2.0) - 0.1 for away in by]))
    drawn.facts["ground_area"] = round(area(ring), 1)
    return drawn


@fault("setback-front")
def short_front(chance: Random) -> Drawn:
    return _moved(chance, 0, chance.uniform(0.06, 1.5))


@fault("setback-side")
def short_side(chance: Random) -> Drawn:
    return _moved(chance, chance.choice((1, 3)), chance.uniform(0.06, 1.7))


@fault("setback-rear")
def short_rear(chance: Random) -> Drawn:
    return _moved(chance, 2, chance.uniform(0.06, 1.7))


@fault("coverage")
def too_much_built(chance: Random) -> Drawn:
    plot = [(0.0, 0.0), (30.0, 0.0), (30.0, 40.0), (0.0, 40.0)]
    drawn = building(chance, floors=1, zero=False)
    drawn.plot, ring = plot, inset(plot, [2.4, 2.1, 2.1 + chance.uniform(0, 1.0), 2.1])
    for layer, new in (("JM-PLOT", plot), ("JM-SETBACK", inset(plot, [2, 2, 2, 2])), ("JM-FLOOR-0", ring)):
        drawn.replace(layer, new)
    drawn.lines[0] = ("JM-STREET", plot[:2])
    drawn.facts |= {"plot_area": 1200.0, "frontage": 30.0, "street_width": 10.0, "ground_area": round(area(ring), 1)}
    return drawn


@fault("floors-most")
def one_floor_too_many(chance: Random) -> Drawn:
    return building(chance, floors=3, zero=False)


@fault("height")
def too_high(chance: Random) -> Drawn:
    drawn = building(chance)
    drawn.texts[0] = ("JM-HEIGHT", f"H = {chance.uniform(12.5, 18):.2f}", (1, 1))
    return drawn


@fault("parking-count")
def too_few_bays(chance: Random) -> Drawn:
    drawn = building(chance)
    bays = [ring for name, ring in drawn.rings if name == "JM-PARKING"]
    drawn.facts |= {"units": 3, "parking": min(2, len(bays))}
    drawn.rings = [one for one in drawn.rings if one[0] != "JM-PARKING"] + [("JM-PARKING", ring) for ring in bays[:2]]
    return drawn


@fault("parking-size")
def bay_too_small(chance: Random) -> Drawn:
    drawn = building(chance)
    narrow = chance.random() < 0.5
    drawn.replace("JM-PARKING", bay(0.4, 0.3, 2.3 if narrow else 2.6, 5.6 if narrow else chance.uniform(4.5, 5.4)))
    return drawn


@fault("plot-area")
def area_typed_wrong(chance: Random) -> Drawn:
    drawn = chance.choice((building, division))(chance)
    drawn.facts["plot_area"] = round(area(drawn.plot) * chance.choice((0.93, 0.98, 1.012, 1.1)), 2)
    return drawn


@fault("outside-plot", "outside-line")
def over_the_boundary(chance: Random) -> Drawn:
    drawn = building(chance, floors=1, zero=False)
    front = drawn.facts["street_width"] / 5
    ring = inset(drawn.plot, [front + 0.5, -chance.uniform(0.1, 1.0), 9.0, 3.0])
    drawn.replace("JM-FLOOR-0", ring)
    drawn.facts["ground_area"] = round(area(ring), 1)
    return drawn


@fault("outside-line")
def over_the_line(chance: Random) -> Drawn:
    drawn = building(chance, floors=2, zero=False)
    front = drawn.facts["street_width"] / 5
    drawn.replace("JM-SETBACK", inset(drawn.plot, [front, 2.0, 2.0, 3.2]))
    ring = inset(drawn.plot, [front + 0.3, 3.0, 9.5, 3.4])
    drawn.replace("JM-FLOOR-0", ring)
    drawn.replace("JM-FLOOR-1", inset(drawn.plot, [front + 0.3, 3.0, 9.5, 2.2 + chance.uniform(0, 0.6)]))
    drawn.rings = [one for one in drawn.rings if one[0] != "JM-FLOOR-ROOF"]
    drawn.facts["ground_area"] = round(area(ring), 1)
    return drawn


@fault("outline-open")
def left_open(chance: Random) -> Drawn:
    drawn = chance.choice((building, division))(chance)
    drawn.open_ring = "JM-PLOT"
    return drawn


@fault("outline-crosses", "layer-empty")
def crossing_itself(chance: Random) -> Drawn:
    drawn = chance.choice((building, division))(chance)
    a, b, c, d = drawn.plot
    drawn.replace("JM-PLOT", [a, c, b, d] if chance.random() < 0.5 else [a, b, d, c])
    return drawn


@fault("unit-missing")
def unit_not_stated(chance: Random) -> Drawn:
    drawn = chance.choice((building, division))(chance)
    drawn.states_unit = False
    return drawn


@fault("layer-name")
def layer_misspelt(chance: Random) -> Drawn:
    drawn = building(chance)
    wrong = (
        *(("JM-PLOT", "JM-PLOTT"), ("JM-PLOT", "JM_PLOT"), ("JM-PLOT", "حدود الأرض"), ("JM-PLOT", "PLOT")),
        *(("JM-SETBACK", "JM-SETBAK"), ("JM-FLOOR-0", "JM-GROUND"), ("JM-FLOOR-0", "Ground Floor")),
        *(("JM-PARKING", "JM-PARKNG"), ("JM-STREET", "JM-STRET"), ("JM-HEIGHT", "JM-HIGHT"), ("JM-PARKING", "المواقف")),
    )
    drawn.renamed = dict([chance.choice(wrong)])
    return drawn


@fault("text-meaningless")
def letters_lost(chance: Random) -> Drawn:
    drawn = chance.choice((building, division))(chance)
    drawn.texts.append(("JM-TEXT", chance.choice(("???? ?????", "\ufffd\ufffd\ufffd", "??-???", "___")), (3, 3)))
    return drawn


@fault("parts-gap")
def gap_between_parts(chance: Random) -> Drawn:
    drawn = division(chance)
    a, b, c, d = drawn.ring("JM-PART")
    size = chance.uniform(0.11, 12) / math.dist(b, c)
    short = inset([a, b, c, d], [0, size, 0, 0])
    drawn.replace("JM-PART", short)
    drawn.facts["parts"][0] = round(area(short), 2)
    return drawn


@fault("parts-overlap")
def parts_over_each_other(chance: Random) -> Drawn:
    drawn = division(chance)
    first = drawn.ring("JM-PART")
    long = inset(first, [0, -chance.uniform(0.11, 12) / math.dist(first[1], first[2]), 0, 0])
    drawn.replace("JM-PART", long)
    drawn.facts["parts"][0] = round(area(long), 2)
    return drawn


def _split(drawn: Drawn, at: float) -> Drawn:
    """Two parts, the first so wide along the street."""
    a, b, c, d = drawn.plot
    along, behind = (at, 0.0), (at + d[0], d[1])
    parts = [[a, along, behind, d], [along, b, c, behind]]
    drawn.rings = [("JM-PLOT", drawn.plot), *(("JM-PART", part) for part in parts)]
    drawn.facts["parts"] = [round(area(part), 2) for part in parts]
    return drawn


@fault("part-frontage")
def frontage_too_short(chance: Random) -> Drawn:
    drawn = division(chance)
    width, far = chance.uniform(8, 11.9), chance.uniform(27, 30)
    drawn.plot = [(0.0, 0.0), (30.0, 0.0), (30.0, far), (0.0, far)]
    drawn.lines[0] = ("JM-STREET", drawn.plot[:2])
    drawn.facts["plot_area"] = round(30 * far, 2)
    return _split(drawn, max(width, 201 / far))


@fault("part-small")
def part_too_small(chance: Random) -> Drawn:
    drawn = division(chance)
    far = chance.uniform(13, 15.5)
    drawn.plot = [(0.0, 0.0), (34.0, 0.0), (34.0, far), (0.0, far)]
    drawn.lines[0] = ("JM-STREET", drawn.plot[:2])
    drawn.facts["plot_area"] = round(34 * far, 2)
    return _split(drawn, 12.4)


@fault("part-outside")
def part_beyond_the_plot(chance: Random) -> Drawn:
    drawn = division(chance)
    first = drawn.ring("JM-PART")
    beyond = inset(first, [0, 0, 0, -chance.uniform(0.2, 8) / math.dist(first[3], first[0])])
    drawn.replace("JM-PART", beyond)
    drawn.facts["parts"][0] = round(area(beyond), 2)
    return drawn
