"""How long an office's open cases take at its own pace, and how sure that is. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Fewer full weeks say nothing of how much one differs from another.
MIN_WEEKS = 4


@dataclass(frozen=True)
class Forecast:
    """`weeks` at the mean pace of the `basis` weeks counted; `least` and `most` at a pace one standard deviation faster
    and slower, `most` being None where the slower one is none at all. `growth` is how many more cases arrive a week
    than are decided.
    """

    basis: int
    pace: float
    weeks: int
    least: int
    most: int | None
    growth: float


def forecast(open_cases: int, arrived: Sequence[int], decided: Sequence[int]) -> Forecast | None:
    """From what arrived and was decided in each of the last full weeks; None where too little was decided to say."""
    basis = len(decided)
    if basis < MIN_WEEKS or len(arrived) != basis or not any(decided) or open_cases < 1:
        return None
    pace, spread = statistics.fmean(decided), statistics.stdev(decided)
    slow = pace - spread
    return Forecast(
        basis=basis,
        pace=pace,
        weeks=math.ceil(open_cases / pace),
        least=math.ceil(open_cases / (pace + spread)),
        most=math.ceil(open_cases / slow) if slow > 0 else None,
        growth=statistics.fmean(arrived) - pace,
    )
