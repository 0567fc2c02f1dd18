"""Slips nobody accounts for: slips are used in order, a later one of the booklet was used, and of these nothing is
known.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from municipality.models import Office
from municipality.services import offices_by_pk

from ..models import Slip


class Missing(NamedTuple):
    """How many slips of an office are unaccounted for, and when the first of their booklets was handed out."""

    office: Office
    many: int
    since: datetime


def unaccounted_for(offices: Collection[int] | None = None) -> QuerySet[Slip]:
    """Slips of these centres (all without) that are not entered nor being entered, neither void nor lost, before one of
    their booklet that was entered or is void. A lost one that was released may be entered: it counts until it is.
    """
    later = Slip.objects.filter(booklet=OuterRef("booklet"), index__gt=OuterRef("index"))
    used = Q(transaction__isnull=False) | Q(voided_at__isnull=False)
    usable = Q(transaction=None, voided_at=None, draft=None) & (Q(revoked_at=None) | Q(released_at__isnull=False))
    rows = Slip.objects.filter(usable, Exists(later.filter(used)), booklet__handed_at__isnull=False)
    if offices is not None:
        rows = rows.filter(booklet__office__in=offices)
    return rows.order_by("booklet__office__code", "booklet", "index")


def by_office(offices: Collection[int] | None = None) -> list[Missing]:
    """The same, counted by centre, most first."""
    counted = unaccounted_for(offices).order_by().values("booklet__office")
    rows = counted.annotate(many=Count("pk"), since=Min("booklet__handed_at"))
    known = offices_by_pk()
    missing = [Missing(known[row["booklet__office"]], row["many"], row["since"]) for row in rows]
    return sorted(missing, key=lambda row: (-row.many, row.office.code))
