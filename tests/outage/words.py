"""What the processes of the replay agree on: who comes, and what they ask for."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from jeddah_portal.demo.names import national_id
from transactions.domain import service_types

SERVICE = "electricity-connection"


def visitor(person: int) -> dict[str, str]:
    """Each comes once, so that nobody but a copy of a request has two."""
    return {
        "national_id": national_id(person),
        "full_name": "محمد سالم العتيبي",
        "phone": f"+9665{person:08d}",
    }


def answers_of(key: str, district: str, on: date) -> dict[str, Any]:
    """What is asked for under this key: a home with a deed, whose file one office works."""
    examples, chance = service_types.get(SERVICE).examples, Random(key)
    assert examples is not None
    while (answers := examples.varied(chance, district, on))["ownership"] == "none":
        pass
    return answers
