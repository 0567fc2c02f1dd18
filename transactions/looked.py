"""Who looked at a case or a file, for the access log. Asked by the doors of `access`, so that no page can forget it.

Whoever looks at what is their own leaves no row: the log answers "who else".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from accounts import trail
from accounts.access import offices_of, posts_of
from accounts.models import AccessRecord, Act, Role, User
from municipality.services import offices

from .domain import references
from .domain.errors import NotVisible, TooManyTries
from .models import Attachment, CounterVisit, Draft, Transaction

LOOKS = (Act.READ_CASE, Act.READ_FILE)


def at_case(user: User, case: Transaction) -> None:
    """Somebody was shown a case."""
    if case.applicant_id != user.pk:
        office, why = _standing(user, case)
        trail.record(Act.READ_CASE, by=user, subject=case.reference, person=case.applicant_id, office=office, why=why)


def at_visit(user: User, visit: CounterVisit) -> None:
    """A clerk was shown what a visit opens of a case."""
    case = visit.transaction
    trail.record(
        Act.READ_CASE,
        by=user,
        subject=case.reference,
        person=case.applicant_id,
        office=visit.centre_id,
        why=_of_visit(visit),
    )


def _of_visit(visit: CounterVisit) -> str:
    return f"{Role.CENTRE_CLERK} at {visit.centre.code}, visit {visit.pk}"


def at_file(user: User, file: Attachment, visit: CounterVisit | None = None) -> None:
    """Somebody was given a file, or a picture of one. The row bears the case's number; the file's key is in the why."""
    thing: Transaction | Draft | None = file.transaction or file.draft
    if thing is None or thing.applicant_id == user.pk:
        return
    office, why = (visit.centre_id, _of_visit(visit)) if visit else _standing(user, thing)
    subject = thing.reference if isinstance(thing, Transaction) else f"draft {thing.key}"
    said = f"{why} · {file.document} {file.key}"
    trail.record(Act.READ_FILE, by=user, subject=subject, person=thing.applicant_id, office=office, why=said)


def _standing(user: User, thing: Transaction | Draft) -> tuple[int | None, str]:
    """For which office of the municipality, and in what capacity; no question more than the page has asked."""
    names = ("held_by_id", "branch_id", "centre_id", "taken_at_id")
    places = [pk for name in names if (pk := getattr(thing, name, None))]
    posts = [post for post in posts_of(user) if post.office_id in places and post.role != Role.ADMINISTRATOR]
    posts.sort(key=lambda post: places.index(post.office_id))
    if user.is_staff and posts:
        roles = ", ".join(sorted({post.role for post in posts if post.office_id == posts[0].office_id}))
        return posts[0].office_id, f"{roles} at {posts[0].office.code}"
    licences = ", ".join(office.licence_number for office in offices_of(user))
    return None, f"engineering office {licences}" if licences else ""


def by_number(subject: str, find: Callable[[], Transaction]) -> Transaction:
    """An inquiry without signing in: who asked is an address. Costs the answer no question."""
    subject = str(references.parse(subject) or subject)
    try:
        found = find()
    except NotVisible:
        trail.record_later(Act.INQUIRY_REFUSED, subject=subject)
        raise
    except TooManyTries:
        trail.record_later(Act.LOCKED_OUT, subject=subject)
        raise
    trail.record_later(Act.INQUIRY, subject=found.reference, why=subject if subject != found.reference else "")
    return found


@dataclass(frozen=True)
class Look:
    """An office of the municipality that looked at a request, and when it last did."""

    office: str
    at: datetime


def looks_at(case: Transaction) -> list[Look]:
    """For the owner: offices, and nobody's name. One query."""
    seen = AccessRecord.objects.filter(subject=case.reference, act__in=LOOKS, office__isnull=False)
    known = offices()
    rows = seen.order_by().values_list("office").annotate(last=Max("at")).order_by("-last")
    return [Look(known[pk].name, at) for pk, at in rows if pk in known]
