"""A list of cases as its page shows it: headings one can sort by, and rows of one line with one date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import Transaction
from ..selectors.case_lists import CaseList
from ..text.deadline_status import DeadlineStatus, DeadlineStatuses, Mark

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Column → its words; each is one of case_lists.SORTS.
HEADINGS: dict[str, StrOrPromise] = {
    "number": _("Number"),
    "service": _("Service"),
    "applicant": _("Applicant"),
    "stage": _("Stage"),
    "due": _("Due"),
    "assignee": _("Assigned to"),
}


@dataclass(frozen=True)
class Heading:
    """`sorted` is what aria-sort says; pressing the heading sorts by it, and again the other way round."""

    column: str
    label: StrOrPromise
    url: str
    sorted: str = ""


def headings(listed: CaseList, request: HttpRequest) -> list[Heading]:
    """Those of this list; the due date is that by which the list is ordered, the stage's unless it says otherwise."""
    return [_heading(column, label, listed, request) for column, label in HEADINGS.items()]


def _heading(column: str, label: StrOrPromise, listed: CaseList, request: HttpRequest) -> Heading:
    order = listed.order
    key = "whole" if column == "due" and order.column == "whole" else column
    by_it = order.column == key and listed.turns is None
    asked = request.GET.copy()
    asked.pop("page", None)
    asked["sort"] = f"-{key}" if by_it and not order.descending else key
    state = ("descending" if order.descending else "ascending") if by_it else ""
    return Heading(column, label, f"?{asked.urlencode()}", state)


@dataclass(frozen=True)
class OneDate:
    """The due date that presses most, and how the file stands against it."""

    status: DeadlineStatus
    at: datetime | None


@dataclass(frozen=True)
class Line:
    """A row of the list; `why` it is late, where the list says so."""

    case: Transaction
    due: OneDate
    why: StrOrPromise = ""


def one_date(case: Transaction, deadlines: DeadlineStatuses, show: str) -> OneDate:
    """The whole's once that is late, or where the list is of those; otherwise the stage's."""
    whole = show == "late" or (deadlines.whole.mark is Mark.LATE and show != "stage_late")
    return OneDate(deadlines.whole, case.due_at) if whole else OneDate(deadlines.stage, case.stage_due_at)
