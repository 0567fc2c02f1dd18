"""How slow this machine is at the moment, so that a limit in seconds means the same on every one."""

from __future__ import annotations

import time

# A piece of work, and the seconds it took on the machine the limits were set on while that had nothing else to do.
ROUNDS, SECONDS = 1_000_000, 0.07


def slowness() -> float:
    """So many times as long as there everything takes here and now, at least 1."""
    began = time.perf_counter()
    sum(len(str(number)) for number in range(ROUNDS))
    return max(1.0, (time.perf_counter() - began) / SECONDS)


def within(limit: float, seconds: float) -> bool:
    """Did it take less than the limit of a machine that has nothing else to do?"""
    return seconds < limit or seconds < limit * slowness()
