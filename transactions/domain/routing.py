"""Which office handles a request, and why. Pure: the same facts give the same decision, years later too.

Rules in order: a rule of the service (area over the branch's authority, land use), an unknown district, the
district's own sub-municipality. A suspended office hands over to its fallback. Among the centres of the
sub-municipality the one with the smallest open load over capacity takes the case; ties go by code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .service_types import Answers, RoutingRule

CENTRAL = "CTR"


@dataclass(frozen=True)
class OfficeFacts:
    """What routing needs to know of an office. `open_load` counts open cases, `capacity` files a working day."""

    code: str
    suspended: bool = False
    fallback: str | None = None
    capacity: int = 1
    open_load: int = 0


@dataclass(frozen=True)
class Decision:
    """`branch` decides the case, `centre` is the counter for it (None: the branch itself)."""

    branch: str
    centre: str | None
    rule: str
    facts: dict[str, str] = field(default_factory=dict)


def decide_route(
    *,
    rules: Iterable[RoutingRule],
    answers: Answers,
    district: str | None,
    district_branch: str | None,
    offices: Mapping[str, OfficeFacts],
    centres: Mapping[str, Iterable[str]],
) -> Decision:
    """Choose branch and centre.

    `offices` maps code to facts, `centres` maps a branch to the codes of its centres. The decision's facts hold
    what it rested on: the district, the value that fired a rule, who stood in for whom, the loads compared.
    """
    facts: dict[str, str] = {"district": district or ""}
    fired = next((rule for rule in rules if rule.fires(answers)), None)
    if fired is not None:
        branch, rule_id = CENTRAL, fired.id
        facts.update({name: str(answers.get(name, "")) for name in sorted(fired.when.names)})
    elif district_branch is None:
        branch, rule_id = CENTRAL, "district.unknown"
    else:
        branch, rule_id = district_branch, "district.branch"

    stand_in = working_office(branch, offices)
    if stand_in != branch:
        facts["suspended"] = branch
        rule_id = f"{rule_id}+suspended.fallback"
    centre = _least_loaded(centres.get(district_branch or stand_in, ()), offices, facts)
    return Decision(stand_in, centre, rule_id, facts)


def working_office(code: str, offices: Mapping[str, OfficeFacts]) -> str:
    """Follow fallbacks from a suspended office; the central office is the last resort, also out of a circle."""
    seen: set[str] = set()
    while offices[code].suspended and code != CENTRAL:
        seen.add(code)
        code = offices[code].fallback or CENTRAL
        if code in seen:
            return CENTRAL
    return code


def _least_loaded(codes: Iterable[str], offices: Mapping[str, OfficeFacts], facts: dict[str, str]) -> str | None:
    working = [offices[code] for code in codes if not offices[code].suspended]
    if not working:
        stand_ins = {offices[code].fallback for code in codes} - {None}
        working = [offices[code] for code in stand_ins if code and not offices[code].suspended]
    if not working:
        return None
    facts["loads"] = ", ".join(f"{o.code} {o.open_load}/{o.capacity}" for o in sorted(working, key=lambda o: o.code))
    return min(working, key=lambda o: (Fraction(o.open_load, o.capacity), o.code)).code
