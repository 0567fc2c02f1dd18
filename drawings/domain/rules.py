"""Rule sets: dated, each rule with its clause, source, certainty and unit (data/rule_sets.json). Pure.

A set holds from its first day until a later one begins. None of them is law of Jeddah: each says what it is worth, and
findings are told with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "data" / "rule_sets.json"


@dataclass(frozen=True)
class Rule:
    """`clause` is its place in the source; `value` a number, or numbers by name."""

    path: str
    value: Any
    unit: str
    clause: dict[str, str]
    certainty: str


@dataclass(frozen=True)
class RuleSet:
    code: str
    effective: date
    title: dict[str, str]
    source: dict[str, str]
    rules: dict[str, Rule]

    def rule(self, group: str, name: str) -> Rule | None:
        """The rule of a group, or the common one; None where this set says nothing."""
        return self.rules.get(f"{group}.{name}") or self.rules.get(f"common.{name}")

    def number(self, group: str, name: str) -> float | None:
        results = self.rule(group, name)
        return None if results is None else float(results.value)


@cache
def all_sets() -> tuple[RuleSet, ...]:
    """Every set, the earliest first."""
    given = json.loads(FILE.read_text(encoding="utf-8"))
    sets = []
    for entry in given["sets"]:
        rules = {}
        for path, (value, unit, certainty, clause_en, clause_ar) in entry["rules"].items():
            rules[path] = Rule(path, value, unit, {"en": clause_en, "ar": clause_ar}, certainty)
        day = date.fromisoformat(entry["effective"])
        sets.append(RuleSet(entry["code"], day, entry["title"], entry["source"], rules))
    return tuple(sorted(sets, key=lambda item: item.effective))


def by_code(code: str) -> RuleSet:
    """KeyError when there is none."""
    return {item.code: item for item in all_sets()}[code]


def in_force(on: date) -> RuleSet:
    """The set of a day: the latest that had begun; before all of them the first."""
    begun = [item for item in all_sets() if item.effective <= on]
    return begun[-1] if begun else all_sets()[0]
