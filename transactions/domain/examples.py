"""What people ask for, for demo and tests, as the file of a service declares it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any


@dataclass(frozen=True)
class Examples:
    """`plain` gives answers that intake accepts on a day, the same each time. `varied` gives such as people give, by
    chance, for a district; a service is asked for as often as its `weight` is of all weights together.
    """

    plain: Callable[[date], dict[str, Any]]
    varied: Callable[[Random, str, date], dict[str, Any]]
    weight: int
