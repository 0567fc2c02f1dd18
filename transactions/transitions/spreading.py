"""Cases shared out by load: each goes to whoever may have it and has least open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import Count

from accounts import absences
from accounts.models import StaffPost, User

from .. import access
from ..models import Transaction


def spread(cases: Sequence[Transaction], day: date, *, without: User | None = None) -> dict[int, User | None]:
    """Who gets each of these cases, by their keys; nobody where no colleague may have one. Three queries.

    Nobody who is away, whose own request it is, or who has acted on a case in a duty that its stage checks. What is
    open everywhere counts as load, and equal loads go by who has been here longest.
    """
    colleagues = _colleagues(cases, day, without)
    people = {user.pk for users in colleagues.values() for user in users}
    counted = Transaction.objects.open().filter(assignee__in=people).order_by().values_list("assignee")
    load = dict.fromkeys(people, 0) | dict(counted.annotate(Count("pk")))
    access.load_duties_done(cases)
    given: dict[int, User | None] = {}
    for case in cases:
        role = case.current_stage.role
        able = [user for user in colleagues.get((case.held_by_id, role), ()) if _may_have(user, case, role)]
        to = min(able, key=lambda user: (load[user.pk], user.pk), default=None)
        if to is not None:
            load[to.pk] += 1
        given[case.pk] = to
    return given


def _may_have(user: User, case: Transaction, role: str) -> bool:
    own = case.applicant_id == user.pk or access.acts_for_applicant(user, case)
    return user.pk != case.assignee_id and not own and access.may_be_assigned(user, case, role)


def _colleagues(
    cases: Sequence[Transaction], day: date, without: User | None
) -> dict[tuple[int | None, str], list[User]]:
    """Who works where and as what, and is there on this day."""
    wanted = {(case.held_by_id, case.current_stage.role) for case in cases}
    posts = StaffPost.objects.current(day).filter(
        office__in={office for office, _role in wanted}, role__in={role for _office, role in wanted}
    )
    known = absences.read()
    there: dict[tuple[int | None, str], list[User]] = {}
    for post in posts.filter(user__is_active=True).select_related("user").order_by("starts_on", "pk"):
        is_there = known.of(post.user_id, post.office_id, post.role, day) is None
        if is_there and (without is None or post.user_id != without.pk):
            there.setdefault((post.office_id, post.role), []).append(post.user)
    return there
