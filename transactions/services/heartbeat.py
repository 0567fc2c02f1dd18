"""A sign of life, read by /readyz."""

from __future__ import annotations

from datetime import datetime

from ..models import Heartbeat


def beat(name: str, now: datetime) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
