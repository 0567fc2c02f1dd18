"""Opens one drawing of a stranger's and measures it. Runs alone, in the cage of ADR 11, as drawings/caged.py starts it:
the file is its standard input, what it found its output, one JSON object.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import ezdxf

from transactions.attachments.renderer import cage, drawings
from transactions.attachments.renderer.main import read_input
from transactions.attachments.renderer.pictures import UnreadableFile

from .domain import rules
from .domain.facts import Facts, Kind
from .measuring import measured
from .reading.entities import TooMuch
from .reading.thinning import thinned


def _load_everything() -> None:
    """Nothing can be loaded once the cage is shut: measure one drawing of each kind before."""
    for kind in Kind:
        document = ezdxf.new("R2010", units=6)
        space = document.modelspace()
        for layer, side in (("JM-PLOT", 20), ("JM-FLOOR-0", 5), ("JM-PART", 20), ("JM-PARKING", 3)):
            space.add_lwpolyline([(0, 0), (side, 0), (side, side), (0, side)], close=True, dxfattribs={"layer": layer})
        space.add_lwpolyline([(0, 0), (9, 9), (9, 0), (0, 9)], dxfattribs={"layer": "JM-UNIT"})
        for start, end in (((0, 0), (9, 0)), ((9, 0), (5, 5)), ((5, 5), (0, 0))):
            space.add_line(start, end, dxfattribs={"layer": "JM-SETBACK"})
        space.add_spline([(0, 0), (1, 2), (3, 0)], dxfattribs={"layer": "JM-STREET"})
        space.add_line((0, 0), (20, 0), dxfattribs={"layer": "JM-STREET"})
        space.add_circle((5, 5), 2, dxfattribs={"layer": "JM-FLOOR-1"})
        space.add_mtext("12.4", dxfattribs={"layer": "JM-HEIGHT"})
        measured(document, Facts(kind, plot_area=400, street_width=10, units=1), rules.all_sets()[-1])


def main(order_text: str) -> None:
    order: dict[str, Any] = json.loads(order_text)
    facts, rule_set = Facts.from_json(order["facts"]), rules.by_code(order["rules"])
    _load_everything()
    cage.drop_privileges(order["memory"], order["seconds"])
    cage.begin_step(order["step"])
    try:
        results = measured(drawings.opened(thinned(read_input())), facts, rule_set)
    except UnreadableFile as error:
        results = {"wrong": error.code}
    except (TooMuch, RecursionError):
        results = {"wrong": "too_much"}
    except MemoryError:
        results = {"wrong": "memory"}
    sys.stdout.buffer.write(json.dumps(results, allow_nan=False).encode())
    sys.stdout.buffer.flush()
