"""What /design/ shows of a pile: a place told at an inquiry, and rows as the status page has them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from transactions.selectors.places import Place


def pile_samples(now: datetime) -> dict[str, Any]:
    """Each state there is, once."""
    day, week = now.date(), timedelta(weeks=1)
    row = {"name": _("The whole city"), "waiting": 340, "first": None, "last": None, "lasts": False}
    row |= {"error_percent": None, "counted_at": now}
    return {
        "waiting_places": [
            Place(40, 60, day, day + week, True, now),
            Place(0, 20, day, day, False, now),
            Place(0, 20, None, None, False, now),
        ],
        "piles": [
            row | {"first": now + week, "last": now + 2 * week, "error_percent": 8},
            row | {"first": now + week},
            row | {"waiting": None},
            row | {"lasts": True},
        ],
    }
