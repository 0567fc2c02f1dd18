"""How often each check finds something on drawings of requests, and how often that is overridden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Q

from transactions.domain.withheld import SMALL

from . import words
from .models import DrawingFinding

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Decision = DrawingFinding.Decision
Row = tuple["StrOrPromise", str, list[int | str]]


def figures_of_checks() -> list[Row]:
    """The checks that found anything, the most frequent first: title, no address, and how many findings, overridden
    ones and deficiencies; “withheld” for few. One query.
    """
    rows = DrawingFinding.objects.filter(check_of__attachment__transaction__isnull=False)
    counted = (
        rows.order_by()
        .values_list("code")
        .annotate(
            results=Count("pk"),
            overridden=Count("pk", filter=Q(decision=Decision.OVERRIDDEN)),
            asked=Count("pk", filter=Q(decision=Decision.DEFICIENCY)),
        )
    )
    in_order = sorted(counted, key=lambda row: (-row[1], row[0]))
    return [(words.check_of(code).title, "", [_published(number) for number in numbers]) for code, *numbers in in_order]


def _published(count: int) -> int | str:
    return "withheld" if 0 < count < SMALL else count
