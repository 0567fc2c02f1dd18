"""The pile of each office: counted, measured, forecast and remembered by a job, read by everybody (ADR 59)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.absent import Absence
from accounts.models import StaffPost
from core.cache import Remembered
from core.hijri import riyadh_time
from municipality.calendar import WorkingCalendar, closing_time
from municipality.models import Office
from municipality.services import current_calendar, offices_by_pk

from ..domain import piles
from ..domain.piles import BAND, HORIZON, MAX_AHEAD, MAX_DAYS, MAX_ERRORS, Pace, Span
from ..domain.workflow import UNDECIDED
from ..models import Event, OfficePile, PileForecast, Transaction
from ..models.history import IS_DECISION
from ..queues import WORKERS
from ..turns import pile_pauses, piled
from .figures import start_of_day

logger = logging.getLogger(__name__)
CACHE_SECONDS = 60
# How many calendar days hold MAX_AHEAD working days, with all holidays there may be.
LOOK_AHEAD = timedelta(days=2 * MAX_AHEAD)
# So far back decisions are counted: all days the pace is measured on, and those of forecasts that come due.
COUNTED, DAY = timedelta(days=45), timedelta(days=1)


# -- worked out by the job -------------------------------------------------------------------------------------


def store(now: datetime) -> int:
    """Work out what waits at each office, when its pile ends, and how wrong earlier forecasts were; returns how many
    offices something waits at. Idempotent; one forecast a working day is kept.
    """
    waiting = _waiting(now)
    offices = [office for pk, office in offices_by_pk().items() if pk in waiting]
    measured = _Measured(offices, now) if pile_pauses(now) else None
    for office in offices:
        known = _known(waiting[office.pk])
        if measured is not None:
            known |= _plan(office, waiting[office.pk], measured, now)
        OfficePile.objects.update_or_create(office=office.code, defaults={"at": now, "known": known})
    # What nothing waits at any more says so as well.
    rest = OfficePile.objects.exclude(office__in=[office.code for office in offices])
    rest.update(at=now, known=_known(([], [])))
    remembered.forget()
    return len(offices)


Waiting = tuple[list[str], list[str]]


def _waiting(now: datetime) -> dict[int, Waiting]:
    """When each file came in that waits at an office, oldest first: all of them, and those of the pile."""
    rows = Transaction.objects.filter(status__in=sorted(UNDECIDED), held_by__isnull=False)
    of_pile = set(rows.filter(piled(now)).values_list("pk", flat=True)) if pile_pauses(now) else set()
    waiting: dict[int, Waiting] = {}
    for pk, office, at in rows.order_by("submitted_at", "pk").values_list("pk", "held_by", "submitted_at").iterator():
        every, pile = waiting.setdefault(office, ([], []))
        every.append(as_text(at))
        if pk in of_pile:
            pile.append(as_text(at))
    return waiting


def as_text(at: datetime) -> str:
    """A moment as text that sorts by time."""
    return at.astimezone(timezone.get_default_timezone()).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _known(waiting: Waiting) -> dict[str, Any]:
    """`cuts` are when each BAND-th file came in, `pile_cuts` the same of the pile alone."""
    every, pile = waiting
    return {
        "waiting": len(every),
        "cuts": every[BAND - 1 :: BAND],
        "pile": len(pile),
        "pile_cuts": pile[BAND - 1 :: BAND],
        "days": 0,
        "ends": None,
        "steps": [],
        "error": None,
        "forecasts": 0,
    }


class _Measured:
    """What was decided of the pile on each working day since the incident, by whom, and who is there from now on."""

    def __init__(self, offices: Sequence[Office], now: datetime) -> None:
        self.calendar, self.today = current_calendar(), timezone.localdate(now)
        ends = [min(pause.end or now, now) for pause in pile_pauses(now)]
        begun = timezone.localdate(max(ends)) + timedelta(days=1)
        self.days = self.calendar.working_days(begun, self.today - timedelta(days=1))[-MAX_DAYS:]
        self.lasts = any(pause.end is None for pause in pile_pauses(now))
        self.counted_from = self.today - COUNTED
        self.decided = decided_by_day(self.counted_from, self.today, now)
        over = riyadh_time(now).time() > closing_time(self.today)
        self.ahead = self.calendar.working_days(self.today + over * DAY, self.today + LOOK_AHEAD)[:MAX_AHEAD]
        self.people = people_by_day(offices, [*self.days, *self.ahead])

    def pace_of(self, office: Office, errors: Sequence[float]) -> Pace | None:
        if self.lasts:
            return None  # nobody knows when an incident ends
        decided = [self.decided.get((office.pk, day), 0) for day in self.days]
        return piles.pace(decided, [self.people[office.pk, day] for day in self.days], errors)


def decided_by_day(first: date, last: date, now: datetime) -> dict[tuple[int, date], int]:
    """How many files of the pile each office decided on each of these days; one query."""
    events = Event.objects.filter(
        IS_DECISION, at__gte=start_of_day(first), at__lt=start_of_day(last), office__isnull=False
    )
    rows = events.filter(transaction__in=Transaction.objects.filter(piled(now)))
    counted = rows.annotate(day=TruncDate("at")).values_list("office", "day").annotate(Count("pk")).order_by()
    return {(office, day): many for office, day, many in counted}


def people_by_day(offices: Iterable[Office], days: Sequence[date], more: int = 0) -> dict[tuple[int, date], int]:
    """How many people work cases at each office on each of these days: those with a post then, lent ones among them,
    less whoever is away. Two queries.
    """
    pks = [office.pk for office in offices]
    posts = list(StaffPost.objects.filter(office__in=pks, role__in=WORKERS, user__is_active=True).only(
        "user_id", "office_id", "starts_on", "ends_on", "ended_at"))  # fmt: skip
    absent: dict[int, list[Absence]] = {}
    for absence in Absence.objects.meeting(days[0], days[-1]).filter(post__in=posts) if days else ():
        absent.setdefault(absence.post_id, []).append(absence)
    counted = {}
    for day in days:
        for pk in pks:
            there = {
                post.user_id
                for post in posts
                if post.office_id == pk
                and post.starts_on <= day
                and (post.ends_on is None or day <= post.ends_on)
                and (post.ended_at is None or day < timezone.localdate(post.ended_at))
                and not any(row.starts_on <= day <= row.ends_on for row in absent.get(post.pk, ()))
            }
            counted[pk, day] = len(there) + more
    return counted


def _plan(office: Office, waiting: Waiting, measured: _Measured, now: datetime) -> dict[str, Any]:
    """What is known of an office's pile besides; its forecast of today is kept, and earlier ones are compared."""
    errors = _compare(office, measured)
    pile = waiting[1]
    facts: dict[str, Any] = {"days": len(measured.days), "forecasts": len(errors), "lasts": measured.lasts}
    if errors:
        facts["error"] = round(100 * sum(map(abs, errors)) / len(errors))
    pace = measured.pace_of(office, errors)
    if not pile or pace is None:
        return facts
    people = [measured.people[office.pk, day] for day in measured.ahead]
    plan = piles.plan(measured.ahead, people, pace)
    facts |= {"pace": pace.per_person, "width": pace.width, "learned": pace.learned, "people": people[:1]}
    if (ends := plan.span(len(pile))) is None:
        return facts
    PileForecast.objects.get_or_create(
        office=office.code,
        day=measured.ahead[0],
        defaults={
            "waiting": len(pile),
            "expected": min(plan.expected(), len(pile)),
            "first": ends.first,
            "last": ends.last,
        },
    )
    marks = [*range(BAND, len(pile), BAND), len(pile)]
    more = piles.plan(measured.ahead, [there + 1 for there in people], pace).span(len(pile))
    return facts | {
        "ends": _dates(ends),
        "with_one_more": _dates(more),
        "steps": [_dates(plan.span(mark)) for mark in marks],
    }


def _dates(span: Span | None) -> list[str | None] | None:
    return None if span is None else [span.first.isoformat(), span.last.isoformat() if span.last else None]


def _compare(office: Office, measured: _Measured) -> list[float]:
    """How wrong the forecasts were that have come due, the latest last; what came of each is kept once."""
    rows = list(PileForecast.objects.filter(office=office.code).order_by("-day")[: MAX_ERRORS + HORIZON + 1])
    for row in rows:
        due = _due(row.day, measured.calendar)
        if row.actual is None and measured.counted_from <= row.day and due[-1] < measured.today:
            row.actual = sum(measured.decided.get((office.pk, day), 0) for day in due)
            row.save(update_fields=["actual"])
    known = [piles.error_of(row.expected, row.actual) for row in reversed(rows) if row.actual is not None]
    return known[-MAX_ERRORS:]


def _due(day: date, calendar: WorkingCalendar) -> list[date]:
    """The working days a forecast is about, the first of which is its day."""
    return calendar.working_days(day, day + timedelta(days=30))[:HORIZON]


# -- read ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pile:
    """What is known of one office, as of a moment."""

    at: datetime
    known: Mapping[str, Any]

    @property
    def ends(self) -> Span | None:
        return span_of(self.known.get("ends"))


def span_of(dates: Sequence[str | None] | None) -> Span | None:
    if not dates or dates[0] is None:
        return None
    return Span(date.fromisoformat(dates[0]), date.fromisoformat(dates[1]) if dates[1] else None)


_last: dict[str, Pile] = {}


def _read() -> dict[str, Pile]:
    """As the job wrote it; what was known last where the database does not answer."""
    global _last
    try:
        _last = {row.office: Pile(row.at, row.known) for row in OfficePile.objects.all()}
    except Error:
        if connection.in_atomic_block:
            raise
        logger.exception("the piles could not be read: what was known last goes on")
    return _last


# By code of the office, at most so many seconds old in each process.
remembered: Remembered[dict[str, Pile]] = Remembered(_read, lambda: CACHE_SECONDS)


def published() -> list[dict[str, Any]]:
    """Where a pile waits, the city first: what is told to everybody, in tens and dates."""
    rows = [(code, pile) for code, pile in sorted(remembered().items()) if pile.known.get("pile")]
    return [_city(rows), *(_of_office(code, pile) for code, pile in rows)] if rows else []


def _of_office(code: str, pile: Pile) -> dict[str, Any]:
    ends = pile.known.get("ends") or [None, None]
    return {
        "office": code,
        "waiting": piles.about(pile.known["pile"]),
        "first": ends[0],
        "last": ends[1],
        "lasts": bool(pile.known.get("lasts")),
        "error_percent": pile.known.get("error"),
        "as_of": pile.at.isoformat(timespec="seconds"),
    }


def _city(rows: Sequence[tuple[str, Pile]]) -> dict[str, Any]:
    """The city's pile ends with the last office's; where one cannot be told, neither can the city's."""
    ends = [pile.known.get("ends") or [None, None] for _code, pile in rows]
    errors = [pile.known["error"] for _code, pile in rows if pile.known.get("error") is not None]
    firsts, lasts = [first for first, _last in ends], [last for _first, last in ends]
    return {
        "office": "",
        "waiting": piles.about(sum(pile.known["pile"] for _code, pile in rows)),
        "first": max(firsts) if all(firsts) else None,
        "last": max(lasts) if all(lasts) else None,
        "lasts": any(pile.known.get("lasts") for _code, pile in rows),
        "error_percent": round(sum(errors) / len(errors)) if errors else None,
        "as_of": min(pile.at for _code, pile in rows).isoformat(timespec="seconds"),
    }
