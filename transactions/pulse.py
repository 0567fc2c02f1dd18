"""How the city is doing, in a few true figures for the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from municipality.services import current_calendar

from . import service_types
from .models import Heartbeat, Transaction

WEEK = timedelta(days=7)
QUARTER = timedelta(days=90)
ALIVE = timedelta(minutes=2)
SAMPLE = 400


@dataclass(frozen=True)
class ServicePulse:
    """Median working days from submission to decision over the last quarter; None when too few were decided."""

    code: str
    median_days: int | None
    decided: int


@dataclass(frozen=True)
class Pulse:
    at: datetime
    routing_works: bool
    received: int
    decided: int
    open: int
    services: tuple[ServicePulse, ...]


def pulse(now: datetime) -> Pulse:
    """Count it; six queries, so callers keep the answer for a minute."""
    week = now - WEEK
    decided = Transaction.objects.filter(approved_at__gt=week) | Transaction.objects.filter(rejected_at__gt=week)
    return Pulse(
        at=now,
        routing_works=Heartbeat.objects.filter(name="worker", at__gt=now - ALIVE).exists(),
        received=Transaction.objects.filter(submitted_at__gt=week).count(),
        decided=decided.count(),
        open=Transaction.objects.open().count(),
        services=tuple(_service(service.code, now) for service in service_types.every()),
    )


def _service(code: str, now: datetime) -> ServicePulse:
    calendar = current_calendar()
    spans = Transaction.objects.filter(service=code, approved_at__gt=now - QUARTER).order_by("-approved_at")
    days = [
        max(0, calendar.working_days_between(submitted, approved) - paused)
        for submitted, approved, paused in spans.values_list("submitted_at", "approved_at", "paused_days")[:SAMPLE]
        if approved
    ]
    return ServicePulse(code, round(median(days)) if len(days) >= 5 else None, len(days))
