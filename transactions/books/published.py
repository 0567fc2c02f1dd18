"""What is published of the books, for pages and programs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ..models import Reconciliation

# Days that the page leads to.
SHOWN = 30
# From then on the page says itself that the books are overdue.
OVERDUE = timedelta(days=2)


def latest() -> Reconciliation | None:
    return Reconciliation.objects.order_by("-at", "-pk").first()


def of_day(day: date) -> Reconciliation | None:
    """The last of that day; None when the books were not reconciled then."""
    return Reconciliation.objects.filter(day=day).order_by("-at", "-pk").first()


def days() -> list[date]:
    """The days of which there are books, the newest first."""
    return list(Reconciliation.objects.order_by("-day").values_list("day", flat=True).distinct()[:SHOWN])


def document(books: Reconciliation) -> dict[str, Any]:
    """The figures, and what proves them: `text` is what was hashed, the token's entry names its SHA-256."""
    return {
        "day": books.day.isoformat(),
        "figures": books.figures,
        "text": books.text,
        "sha256": books.content_hash,
        "token": books.token,
    }
