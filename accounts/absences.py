"""Absences: entered by whoever is away or by their supervisor, and who stands in on a day.

Nobody gets a right by them: a substitute holds the same role in the same office already. Work given to somebody who is
away goes to their substitute, open work shows who that is, and on the day after all of it is as before. Substitutes
of substitutes there are none: where they are away too, the work waits on the supervisor's list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.cache import Remembered
from core.db.locks import take_lock
from municipality.models import OfficeKind

from . import access_log
from .absent import Absence
from .access import needs_second_factor, staff_posts_of
from .errors import AccountError
from .models import NO_CASE_ROLES, Act, Role, StaffPost, User
from .signals import absence_entered

# For so long lists may show what was so before; who gets work is asked of the database.
CACHE_SECONDS = 5
# Nobody is away for longer; who is has no post any more.
MAX_DAYS = 366


@dataclass(frozen=True)
class AbsentDays:
    """One absence as it is read for many: `covers` are the days on which the substitute holds the same post."""

    user_id: int
    office_id: int
    role: str
    starts_on: date
    ends_on: date
    substitute: User | None
    covers: tuple[tuple[date, date], ...]

    def on(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on

    def has_substitute_on(self, day: date) -> bool:
        return self.substitute is not None and any(first <= day <= last for first, last in self.covers)


@dataclass(frozen=True)
class StandIn:
    """Somebody is away today: until when, and who stands in for them; nobody, where the substitute is away too."""

    until: date
    substitute: User | None


@dataclass(frozen=True)
class Absences:
    """Every absence that is not over, as it was read."""

    rows: tuple[AbsentDays, ...]

    def of(self, user_id: int | None, office_id: int | None, role: str, day: date) -> StandIn | None:
        """Who stands in for the holder of a post on a day; None when they are there."""
        absence = self._at_post(user_id, office_id, role, day)
        if absence is None:
            return None
        return StandIn(absence.ends_on, absence.substitute if self._is_covered(absence, day) else None)

    def on(self, day: date) -> list[tuple[AbsentDays, User | None]]:
        """Who is away on a day, each with whoever stands in."""
        return [
            (absence, absence.substitute if self._is_covered(absence, day) else None)
            for absence in self.rows
            if absence.on(day)
        ]

    def stood_in_by(self, user: User, day: date) -> list[AbsentDays]:
        """Those for whom this person stands in on a day."""
        return [absence for absence, substitute in self.on(day) if substitute is not None and substitute.pk == user.pk]

    def _at_post(self, user_id: int | None, office_id: int | None, role: str, day: date) -> AbsentDays | None:
        wanted = (user_id, office_id, role)
        return next(
            (row for row in self.rows if (row.user_id, row.office_id, row.role) == wanted and row.on(day)), None
        )

    def _is_covered(self, absence: AbsentDays, day: date) -> bool:
        if absence.substitute is None or not absence.has_substitute_on(day):
            return False
        return self._at_post(absence.substitute.pk, absence.office_id, absence.role, day) is None


def read() -> Absences:
    """What the database says now; at most two queries."""
    today = timezone.localdate()
    live = Absence.objects.live().filter(ends_on__gte=today, post__ended_at=None)
    rows = list(live.select_related("post", "substitute"))
    wanted = {row.substitute_id for row in rows if row.substitute_id}
    posts = list(StaffPost.objects.filter(user__in=wanted, ended_at=None, user__is_active=True)) if wanted else []
    return Absences(tuple(_read_one(row, posts) for row in rows))


def _read_one(row: Absence, posts: Iterable[StaffPost]) -> AbsentDays:
    post = row.post
    covers = tuple(
        (other.starts_on, other.ends_on or date.max)
        for other in posts
        if (other.user_id, other.office_id, other.role) == (row.substitute_id, post.office_id, post.role)
    )
    return AbsentDays(post.user_id, post.office_id, post.role, row.starts_on, row.ends_on, row.substitute, covers)


remembered: Remembered[Absences] = Remembered(read, lambda: CACHE_SECONDS)


def _forget() -> None:
    """This process reads anew, now and once it is committed; others a few seconds later."""
    remembered.forget()
    transaction.on_commit(remembered.forget)


# -- who may enter ---------------------------------------------------------------------------------------------


def may_enter(by: User, post: StaffPost, on: date | None = None) -> bool:
    """The holder of the post, a supervisor of its office, and for a supervisor's post one of the central office."""
    if not (by.is_active and by.is_staff) or needs_second_factor(by) or post.role in NO_CASE_ROLES:
        return False
    own = staff_posts_of(by, on)
    if by.pk == post.user_id:
        return any(held.pk == post.pk for held in own)
    supervised = [held.office for held in own if held.role == Role.SUPERVISOR]
    if any(office.pk == post.office_id for office in supervised):
        return True
    return post.role == Role.SUPERVISOR and any(office.kind == OfficeKind.CENTRAL for office in supervised)


def colleagues_of(post: StaffPost, first: date, last: date) -> list[User]:
    """Who could stand in: they hold the same role in the same office on all of these days."""
    return [held.user for held in _same_posts(post, first, last)]


def _same_posts(post: StaffPost, first: date, last: date) -> list[StaffPost]:
    rows = StaffPost.objects.current(first).filter(office=post.office_id, role=post.role, user__is_active=True)
    others = rows.exclude(user=post.user_id).select_related("user").order_by("user__full_name", "pk")
    return [held for held in others if held.ends_on is None or held.ends_on >= last]


# -- entering and ending ---------------------------------------------------------------------------------------


@transaction.atomic
def enter_absence(
    person: User,
    substitutes: Mapping[StaffPost, User | None],
    *,
    starts_on: date,
    ends_on: date,
    by: User,
    now: datetime | None = None,
) -> list[Absence]:
    """This person is away from these posts of theirs, with whoever stands in for each; all of them or none.

    The same sent twice is one. AccountError `not_yours_to_enter`, `no_post`, `wrong_days`, `away_already`,
    `wrong_substitute`, `circle`.
    """
    now = now or timezone.now()
    _check_days(starts_on, ends_on, timezone.localdate(now))
    if not substitutes:
        raise AccountError("no_post", _("This person holds no post with cases."))
    take_lock(*sorted(f"absences:{post.office_id}" for post in substitutes))
    return [
        _enter_one(person, post, substitute, (starts_on, ends_on), by, now) for post, substitute in substitutes.items()
    ]


def _check_days(first: date, last: date, today: date) -> None:
    if last < first:
        raise AccountError("wrong_days", _("The last day is before the first day."))
    if first < today:
        raise AccountError("wrong_days", _("The first day has passed. Enter the absence from today on."))
    if (last - first).days >= MAX_DAYS:
        raise AccountError("wrong_days", _("An absence lasts a year at most. End the post instead."))


def _enter_one(
    person: User, post: StaffPost, substitute: User | None, days: tuple[date, date], by: User, now: datetime
) -> Absence:
    first, last = days
    if post.user_id != person.pk or not may_enter(by, post, timezone.localdate(now)):
        raise AccountError("not_yours_to_enter", _("Only the person and their supervisor can enter an absence."))
    if not StaffPost.objects.current(first).filter(pk=post.pk).exists():
        raise AccountError("no_post", _("The post does not hold on the first day."))
    meeting = Absence.objects.meeting(first, last).filter(post__office=post.office_id, post__role=post.role)
    there = meeting.filter(post__user=person).first()
    if there and (there.starts_on, there.ends_on, there.substitute_id) == (first, last, substitute and substitute.pk):
        return there
    if there:
        raise AccountError("away_already", _("An absence on some of these days is entered already. End it first."))
    if substitute is not None:
        _check_substitute(person, post, substitute, days)
    row = Absence.objects.create(
        post=post, substitute=substitute, starts_on=first, ends_on=last, entered_by=by, entered_at=now
    )
    subject = f"{post.role} {first} – {last}"
    access_log.record(Act.ABSENCE_ENTERED, by=by, person=person, office=post.office_id, subject=subject, now=now)
    absence_entered.send(Absence, absence=row, now=now)
    _forget()
    return row


def _check_substitute(person: User, post: StaffPost, substitute: User, days: tuple[date, date]) -> None:
    if substitute.pk == person.pk:
        raise AccountError("wrong_substitute", _("Nobody stands in for themselves."))
    if substitute.pk not in {colleague.pk for colleague in colleagues_of(post, *days)}:
        message = _("%(name)s does not hold the same post in this office on all of these days.")
        raise AccountError("wrong_substitute", message % {"name": substitute.full_name})
    meeting = Absence.objects.meeting(*days).filter(post__office=post.office_id, post__role=post.role)
    stands_in = dict(meeting.exclude(substitute=None).values_list("post__user", "substitute"))
    follow, seen = stands_in.get(substitute.pk), {substitute.pk}
    while follow is not None and follow not in seen:
        if follow == person.pk:
            message = _("%(name)s is away on some of these days, with this person as substitute. Choose someone else.")
            raise AccountError("circle", message % {"name": substitute.full_name})
        seen.add(follow)
        follow = stands_in.get(follow)


def days_without_substitute(absences: Iterable[Absence]) -> list[Absence]:
    """Of absences just entered: those on some of whose days nobody stands in, so that work waits for a supervisor."""
    return [row for row in absences if row.substitute_id is None or _is_away_too(row)]


def _is_away_too(row: Absence) -> bool:
    same = Absence.objects.meeting(row.starts_on, row.ends_on).filter(post__user=row.substitute_id)
    return same.filter(post__office=row.post.office_id, post__role=row.post.role).exists()


@transaction.atomic
def end_absence(row: Absence, *, by: User, now: datetime | None = None) -> Absence:
    """They are back sooner, or never went. Ended twice is ended once. AccountError `not_yours_to_enter`, `over`."""
    now = now or timezone.now()
    locked = Absence.objects.select_for_update(of=("self",)).select_related("post__office").get(pk=row.pk)
    if not may_enter(by, locked.post, timezone.localdate(now)):
        raise AccountError("not_yours_to_enter", _("Only the person and their supervisor can end an absence."))
    if locked.ended_at is not None:
        return locked
    if locked.ends_on < timezone.localdate(now):
        raise AccountError("over", _("This absence is over."))
    locked.ended_at, locked.ended_by = now, by
    locked.save(update_fields=["ended_at", "ended_by"])
    access_log.record(
        Act.ABSENCE_ENDED,
        by=by,
        person=locked.post.user_id,
        office=locked.post.office_id,
        subject=f"{locked.post.role} {locked.starts_on} – {locked.ends_on}",
        now=now,
    )
    _forget()
    return locked
