"""Right answers to every question of each service, as its catalogue file gives them."""

from __future__ import annotations

from datetime import date
from typing import Any

from transactions.domain import service_types

# The day they are right on; those that depend on it still are while tests are run.
DAY = date(2026, 2, 9)


def answers_on(code: str, day: date) -> dict[str, Any]:
    examples = service_types.get(code).examples
    assert examples is not None, f"{code} brings no examples"
    return examples.plain(day)


ANSWERS: dict[str, dict[str, Any]] = {service.code: answers_on(service.code, DAY) for service in service_types.every()}
