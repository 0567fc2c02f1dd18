"""Who looked at a case or a file, for the access log. Asked by the doors of `access`, so that no page can forget it.

Whoever looks at what is their own leaves no row: the log answers "who else".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from accounts import access_log
from accounts.access import engineering_offices_of, staff_posts_of
from accounts.models import NO_CASE_ROLES, AccessRecord, Act, Role, User
from municipality.services import offices_by_pk

from .domain import references
from .domain.errors import NotVisible, TooManyAttempts
from .models import Attachment, CounterVisit, Draft, Transaction

VIEW_ACTS = (Act.READ_CASE, Act.READ_FILE)


def record_case_view(user: User, case: Transaction) -> None:
    """Somebody was shown a case."""
    if case.applicant_id != user.pk:
        office, why = _capacity_of(user, case)
        access_log.record(
            Act.READ_CASE, by=user, subject=case.reference, person=case.applicant_id, office=office, why=why
        )


def record_visit_view(user: User, visit: CounterVisit) -> None:
    """A clerk was shown what a visit opens of a case."""
    case = visit.transaction
    access_log.record(
        Act.READ_CASE,
        by=user,
        subject=case.reference,
        person=case.applicant_id,
        office=visit.centre_id,
        why=_of_visit(visit),
    )


def _of_visit(visit: CounterVisit) -> str:
    return f"{Role.CENTRE_CLERK} at {visit.centre.code}, visit {visit.pk}"


def record_file_view(user: User, file: Attachment, visit: CounterVisit | None = None) -> None:
    """Somebody was given a file, or a picture of one. The row bears the case's number; the file's key is in the why."""
    thing: Transaction | Draft | None = file.transaction or file.draft
    if thing is None or thing.applicant_id == user.pk:
        return
    office, why = (visit.centre_id, _of_visit(visit)) if visit else _capacity_of(user, thing)
    subject = thing.reference if isinstance(thing, Transaction) else f"draft {thing.key}"
    reason = f"{why} · {file.document} {file.key}"
    access_log.record(Act.READ_FILE, by=user, subject=subject, person=thing.applicant_id, office=office, why=reason)


def _capacity_of(user: User, thing: Transaction | Draft) -> tuple[int | None, str]:
    """For which office of the municipality, and in what capacity; no question more than the page has asked."""
    names = ("held_by_id", "branch_id", "centre_id", "taken_at_id")
    places = [pk for name in names if (pk := getattr(thing, name, None))]
    posts = [post for post in staff_posts_of(user) if post.office_id in places and post.role not in NO_CASE_ROLES]
    posts.sort(key=lambda post: places.index(post.office_id))
    if user.is_staff and posts:
        roles = ", ".join(sorted({post.role for post in posts if post.office_id == posts[0].office_id}))
        return posts[0].office_id, f"{roles} at {posts[0].office.code}"
    licences = ", ".join(office.licence_number for office in engineering_offices_of(user))
    return None, f"engineering office {licences}" if licences else ""


def record_inquiry(subject: str, find: Callable[[], Transaction]) -> Transaction:
    """An inquiry without signing in: who asked is an address. Costs the answer no question."""
    subject = str(references.parse(subject) or subject)
    try:
        case = find()
    except NotVisible:
        access_log.record_later(Act.INQUIRY_REFUSED, subject=subject)
        raise
    except TooManyAttempts:
        access_log.record_later(Act.LOCKED_OUT, subject=subject)
        raise
    access_log.record_later(Act.INQUIRY, subject=case.reference, why=subject if subject != case.reference else "")
    return case


@dataclass(frozen=True)
class OfficeView:
    """An office of the municipality that looked at a request, and when it last did."""

    office: str
    at: datetime


def views_by_offices(case: Transaction) -> list[OfficeView]:
    """For the owner: offices, and nobody's name. One query."""
    seen = AccessRecord.objects.filter(subject=case.reference, act__in=VIEW_ACTS, office__isnull=False)
    known = offices_by_pk()
    rows = seen.order_by().values_list("office").annotate(last=Max("at")).order_by("-last")
    return [OfficeView(known[pk].name, at) for pk, at in rows if pk in known]
