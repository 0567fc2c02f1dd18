"""A drawing measured: read, checked, and told in numbers and places. Pure; runs in the cage (drawings/child.py)."""

from __future__ import annotations

import logging
from typing import Any

from ezdxf.document import Drawing

from .checks import Case, all_checks
from .checks.file_outlines import TOLERANCE
from .domain.facts import Facts, Kind
from .domain.finding import CHECKED, NO_UNIT, NOT_BY_TEMPLATE, Finding, Note
from .domain.layers import PREFIX, Role
from .domain.rules import RuleSet
from .domain.sheet import Sheet
from .reading.sheets import METRES, sheet_of

logger = logging.getLogger(__name__)
MAX_FINDINGS = 200
MAX_DRAWN, MAX_CORNERS = 300, 4000


def measured(document: Drawing, facts: Facts, rules: RuleSet) -> dict[str, Any]:
    """What was found, as JSON. TooMuch when there is more in the drawing than is read."""
    sheet, origin = sheet_of(document, facts)
    if not (sheet.of(Role.PLOT) or any(name.upper().startswith(PREFIX) for name in sheet.names)):
        return {"state": NOT_BY_TEMPLATE, "findings": [], "notes": [], "failed": []}
    measurable = sheet.metres is not None and sheet.plot is not None
    findings: list[Finding] = []
    failed = []
    case = Case(sheet, facts, rules)
    for check in all_checks():
        if facts.kind not in check.kinds or (check.measures and not measurable):
            continue
        try:
            findings += check.run(case)
        except (ArithmeticError, ValueError, TypeError, IndexError, RuntimeError):
            logger.exception("a check fell over")
            failed.append(check.code)
    return {
        "state": NO_UNIT if sheet.metres is None else CHECKED,
        "findings": [finding.as_json() for finding in findings[:MAX_FINDINGS]],
        "more": max(0, len(findings) - MAX_FINDINGS),
        "notes": [note.as_json() for note in _notes(sheet)],
        "failed": failed,
        "measurable": measurable,
        "figures": _figures(sheet, facts) if measurable else {},
        "plan": _plan(sheet),
        "origin": list(origin),
        "metres": sheet.metres,
    }


def _notes(sheet: Sheet) -> list[Note]:
    notes = []
    for outline in sheet.outlines:
        if 1e-6 < outline.gap <= TOLERANCE:
            notes.append(Note("closed", outline.layer, outline.gap, outline.gap_at))
    if sheet.doubles:
        notes.append(Note("doubles", figure=sheet.doubles))
    if sheet.skipped:
        notes.append(Note("skipped", figure=sheet.skipped))
    if not sheet.stated and sheet.metres is not None:
        unit = next(number for number, metres in METRES.items() if metres == sheet.metres)
        notes.append(Note("unit-taken", str(unit)))
    if sheet.outlines and not sheet.lines.get(Role.NORTH):
        notes.append(Note("no-north", str(Role.NORTH)))
    return notes[:50]


def _figures(sheet: Sheet, facts: Facts) -> dict[str, float]:
    """What was measured, for whoever compares it by hand."""
    plot = sheet.plot
    figures = {} if plot is None else {"plot": plot.area}
    if facts.kind == Kind.DIVISION:
        return figures | {f"part {at}": shape.area for at, shape in enumerate(sheet.shapes(Role.PART)[:50], start=1)}
    figures |= {layer: floor.area for _order, layer, floor in sheet.floors()}
    return figures | {"bays": float(len(sheet.of(Role.PARKING)))}


def _plan(sheet: Sheet) -> list[dict[str, Any]]:
    """Lines to draw the findings over."""
    drawn: list[tuple[str, bool, list[list[float]]]] = []
    for outline in sheet.outlines:
        drawn.append((outline.layer, True, [[round(x, 3), round(y, 3)] for x, y in outline.boundary]))
    for layer, lines in sheet.lines.items():
        drawn += [(layer, False, [[round(x, 3), round(y, 3)] for x, y in line]) for line in lines]
    plan, corners = [], 0
    for layer, closed, points in drawn[:MAX_DRAWN]:
        corners += len(points)
        if corners > MAX_CORNERS:
            break
        plan.append({"layer": layer, "closed": closed, "points": points})
    return plan
