"""Which services have drawings that are checked: rooms above this one say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .domain.facts import Facts


@dataclass(frozen=True)
class Drawings:
    """`documents` are those whose drawings are measured; `facts` reads the answers, as far as they are given; `about`
    names the answers it reads, so that it is known when they change.
    """

    documents: frozenset[str]
    facts: Callable[[Mapping[str, Any]], Facts]


_services: dict[str, Drawings] = {}


def register(service: str, drawings: Drawings) -> None:
    _services[service] = drawings


def drawings_of(service: str) -> Drawings | None:
    return _services.get(service)


def services() -> list[str]:
    return sorted(_services)
