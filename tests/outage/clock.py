"""One clock a process, which the replay sets: the portal asks `timezone.now` wherever no moment is passed in."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone

_now = datetime(2026, 11, 22, tzinfo=UTC)


def install() -> None:
    """From now on this process has the time of the replay."""
    timezone.now = lambda: _now


def put_at(moment: datetime) -> datetime:
    """It is this moment now."""
    global _now
    _now = moment.astimezone(UTC)
    return moment
