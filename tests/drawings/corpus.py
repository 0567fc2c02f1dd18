"""A corpus of drawings by a seed, half without a fault and half with one each, and how well they are read.

`python -m tests.drawings.corpus --seed 7 --count 20` says how many faults of another seed are found.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from datetime import date
from random import Random

from drawings.domain import rules
from drawings.domain.facts import Facts
from drawings.measuring import measured
from transactions.attachments.renderer.drawings import opened

from .faults import FAULTS
from .made import Drawn, area, building, division
from .written import written


def corpus(seed: int, count: int = 60) -> list[Drawn]:
    """Half of them without a fault, half with one each; as many kinds as there are."""
    chance = Random(seed)
    drawings = []
    names = sorted(FAULTS)
    chance.shuffle(names)
    for number in range(count):
        own = Random(chance.random())
        if number % 2:
            name = names[number // 2 % len(names)]
            drawings.append(FAULTS[name](own))
            drawings[-1].name = f"{number}-{name}"
        else:
            drawings.append((division if number % 6 == 4 else building)(own))
            drawings[-1].name = f"{number}-clean"
    return drawings


@dataclass
class Score:
    """How a corpus was read."""

    missed: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    faults: int = 0
    findings: int = 0
    clean: int = 0
    clean_with_findings: int = 0
    worst_area: float = 0.0

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / max(1, self.faults)

    @property
    def false_alarms(self) -> float:
        """The larger of: findings that are none, among all; drawings without a fault that got one, among those."""
        return max(len(self.alarms) / max(1, self.findings), self.clean_with_findings / max(1, self.clean))


def score(drawings: list[Drawn]) -> Score:
    told = Score()
    for drawn in drawings:
        result = measured(opened(written(drawn)), Facts.from_json(drawn.facts), rules.in_force(date(2026, 6, 1)))
        codes = [finding["code"] for finding in result["findings"]]
        told.findings += len(codes)
        if drawn.fault:
            told.faults += 1
            if drawn.fault not in codes:
                told.missed.append(f"{drawn.name}: {codes}")
        else:
            told.clean += 1
            told.clean_with_findings += bool(codes)
        others = [finding for finding in result["findings"] if finding["code"] not in {drawn.fault, *drawn.follows}]
        told.alarms += [f"{drawn.name}: {finding}" for finding in others]
        if "plot" in result.get("figures", {}) and not drawn.open_ring:
            true = area(drawn.plot)
            told.worst_area = max(told.worst_area, abs(result["figures"]["plot"] - true) / true)
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How many faults of a made corpus are found.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=20)
    given = parser.parse_args()
    found = score(corpus(given.seed, given.count))
    lines = [
        f"faults {found.faults}, recall {found.recall:.1%}, false alarms {found.false_alarms:.1%},"
        f" areas within {found.worst_area:.4%}",
        *(f"missed  {one}" for one in found.missed),
        *(f"alarm   {one}" for one in found.alarms),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
