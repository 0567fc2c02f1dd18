"""Open figures: what each month came to, per service and sub-municipality, kept once the month is over and published
with what would give a person away withheld (domain/withheld.py).

A month is published once, whole, and nothing later changes it: so nobody learns of one request from two versions of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F
from django.utils import timezone

from municipality.models import Office, OfficeKind
from municipality.services import current_calendar

from ..domain import service_types
from ..domain.deadlines import took_too_long
from ..domain.withheld import ALL, Cell, counts_withheld, decisions_withheld, with_totals
from ..incidents.memory import last_notices
from ..models import Event, IncidentNotice, MonthFigures, Transaction
from ..models.history import IS_DECISION
from .figures import SETTLES_AFTER, start_of_day

# Where a request was that no office had received yet.
NOWHERE = "unrouted"
# Of fewer decisions no median is told, of fewer no nine in ten.
MEDIAN_OF, NINE_IN_TEN_OF = 10, 20
# In one go, so that an archive of years does not keep other upkeep waiting; the next goes on.
MAX_MONTHS = 12
COUNTED = ("received", "decided", "refused", "late")
COLUMNS = ("month", "service", "office", *COUNTED, "in_time", "median_days", "p90_days", "incidents")


@dataclass
class Month:
    """What one month came to, by service and office; `took` are the working days of each decision."""

    received: Counter[Cell] = field(default_factory=Counter)
    decided: Counter[Cell] = field(default_factory=Counter)
    refused: Counter[Cell] = field(default_factory=Counter)
    late: Counter[Cell] = field(default_factory=Counter)
    took: dict[Cell, Counter[int]] = field(default_factory=dict)


def store_past_months(now: datetime) -> int:
    """Keep and publish each month that is over and not kept yet, the oldest first; returns how many. Idempotent."""
    missing = list(_missing(now))[:MAX_MONTHS]
    offices = sorted(
        Office.objects.filter(kind__in=[OfficeKind.SUB_MUNICIPALITY, OfficeKind.CENTRAL]).values_list("code", flat=True)
    )
    for month in missing:
        rows = published(month, counted(month), offices)
        MonthFigures.objects.get_or_create(month=month, defaults={"at": now, "rows": rows})
    return len(missing)


def _missing(now: datetime) -> Iterator[date]:
    first = Transaction.objects.order_by("submitted_at", "pk").values_list("submitted_at", flat=True).first()
    if first is None:
        return
    stored = set(MonthFigures.objects.values_list("month", flat=True))
    month, over = timezone.localdate(first).replace(day=1), timezone.localdate(now - SETTLES_AFTER).replace(day=1)
    while month < over:
        if month not in stored:
            yield month
        month = following(month)


def following(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def counted(month: date) -> Month:
    """The month from rows and events: where a request is decided is the office that decided it."""
    span = start_of_day(month), start_of_day(following(month))
    counts = Month()
    received = Transaction.objects.filter(submitted_at__gte=span[0], submitted_at__lt=span[1]).order_by()
    for service, office, many in received.values_list("service", "branch__code").annotate(Count("pk")):
        counts.received[service, office or NOWHERE] += many
    events = Event.objects.filter(IS_DECISION, at__gte=span[0], at__lt=span[1]).order_by("pk")
    for move, at, facts, service, office, held, case in _decisions(events):
        cell = (service, office or held or NOWHERE)
        took = facts.get("working_days")
        if took is None:  # a refusal from before its days were counted when it was made
            took = max(0, current_calendar().working_days_between(case["submitted_at"], at) - case["paused_days"])
        counts.decided[cell] += 1
        counts.refused[cell] += move == "reject"
        counts.late[cell] += took_too_long(took, _promised(service, case["answers"]))
        counts.took.setdefault(cell, Counter())[took] += 1
    return counts


def _decisions(events: Any) -> Iterator[tuple[str, datetime, dict[str, Any], str, str | None, str | None, Any]]:
    case = {name: F(f"transaction__{name}") for name in ("submitted_at", "paused_days", "answers", "service")}
    rows = events.values("move", "at", "facts", "office__code", "transaction__branch__code", **case)
    for row in rows.iterator():
        yield (
            row["move"], row["at"], row["facts"], row["service"], row["office__code"],
            row["transaction__branch__code"], row,
        )  # fmt: skip


def _promised(service: str, answers: Mapping[str, Any]) -> int:
    counts = service_types.find(service)
    return counts.working_days_for(answers) if counts else 10**6


def published(month: date, counts: Month, offices: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a month as anybody may read them: one for each service and office, and for all of each."""
    cells = {*counts.received, *counts.decided}
    services = sorted({service.code for service in service_types.all_services()} | {cell[0] for cell in cells})
    places = sorted({*offices, *(cell[1] for cell in cells)})
    tables = {name: with_totals(getattr(counts, name), services, places) for name in COUNTED}
    decided, (refused, late) = decisions_withheld(tables["decided"], [tables["refused"], tables["late"]])
    withheld = {"received": counts_withheld(tables["received"]), "decided": decided, "refused": refused, "late": late}
    return [
        _row(month, cell, tables, withheld, _took(counts, cell))
        for service in (ALL, *services)
        for cell in [(service, ALL), *((service, place) for place in places)]
    ]


def _row(
    month: date,
    cell: Cell,
    tables: Mapping[str, Mapping[Cell, int]],
    withheld: Mapping[str, set[Cell]],
    took: Counter[int],
) -> dict[str, Any]:
    values: dict[str, Any] = {"month": month.isoformat()[:7], "service": cell[0], "office": cell[1]}
    hidden = [name for name in COUNTED if cell in withheld[name]]
    values |= {name: None if name in hidden else tables[name][cell] for name in COUNTED}
    if "late" in hidden or "decided" in hidden:
        values["in_time"], hidden = None, [*hidden, "in_time"]
    else:
        values["in_time"] = values["decided"] - values["late"]
    many = values["decided"] or 0
    values["median_days"] = _within(took, 0.5) if many >= MEDIAN_OF else None
    values["p90_days"] = _within(took, 0.9) if many >= NINE_IN_TEN_OF else None
    return values | {"withheld": hidden}


def _took(counts: Month, cell: Cell) -> Counter[int]:
    """The working days of all decisions of a cell, or of a total."""
    total = Counter[int]()
    for (service, office), days in counts.took.items():
        if cell[0] in (ALL, service) and cell[1] in (ALL, office):
            total.update(days)
    return total


def _within(took: Counter[int], share: float) -> int:
    """The fewest working days within which at least this share was decided."""
    reached = 0
    for days in sorted(took):
        reached += took[days]
        if reached >= share * took.total():
            return days
    raise ValueError("nothing was counted")


def every_row() -> list[dict[str, Any]]:
    """All that is published, the newest month first."""
    months = MonthFigures.objects.order_by("-month").values_list("rows", flat=True)
    return labelled(row for rows in months for row in rows)


def labelled(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the numbers of the incidents that touched them. Labels follow what is known of an incident today, also
    what was declared after the month; the figures stay.
    """
    known = list(last_notices())
    return [
        row | {"incidents": [incident.incident_id for incident in known if _touches(incident, row)]} for row in rows
    ]


def _touches(notice: IncidentNotice, row: Mapping[str, Any]) -> bool:
    """Did it last in this month, for this service at this office? A total is touched by what touches a part of it."""
    first = date.fromisoformat(f"{row['month']}-01")
    begins = notice.starts_at < start_of_day(following(first))
    lasts = notice.ended_at is None or notice.ended_at > max(notice.starts_at, start_of_day(first))
    return (
        begins
        and lasts
        and (row["service"] == ALL or not notice.services or row["service"] in notice.services)
        and (row["office"] == ALL or not notice.offices or row["office"] in notice.offices)
    )


def months() -> list[date]:
    """The months that are published, the newest first."""
    return list(MonthFigures.objects.order_by("-month").values_list("month", flat=True))


def of_month(month: date) -> list[dict[str, Any]] | None:
    """The rows of one month; None when it is not published."""
    rows = MonthFigures.objects.filter(month=month).values_list("rows", flat=True).first()
    return None if rows is None else labelled(rows)


def along(rows: Sequence[Mapping[str, Any]], service: str, office: str) -> list[Mapping[str, Any]]:
    """One service at one office, month by month, the oldest first."""
    chosen = [row for row in rows if (row["service"], row["office"]) == (service, office)]
    return sorted(chosen, key=lambda row: row["month"])


def changed_at() -> datetime | None:
    """When a month was last published, or something was announced of an incident."""
    published_at = MonthFigures.objects.order_by("-at").values_list("at", flat=True).first()
    announced_at = IncidentNotice.objects.order_by("-at").values_list("at", flat=True).first()
    return max(filter(None, (published_at, announced_at)), default=None)
