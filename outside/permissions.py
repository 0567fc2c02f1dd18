"""Who on the staff may record what a body said on paper or in a list."""

from __future__ import annotations

from uuid import UUID

from accounts.access import roles_in, staff_posts_of
from accounts.models import Role, User
from transactions import access
from transactions.models import Transaction

from .models import Referral

MAY_RECORD = frozenset({Role.REGISTRY_CLERK.value, Role.SUPERVISOR.value})


def may_record_somewhere(user: User) -> bool:
    """Has this person such a post anywhere?"""
    return any(post.role in MAY_RECORD for post in staff_posts_of(user))


def may_record(user: User, case: Transaction) -> bool:
    """At the office that holds the file, or that decided on it."""
    return any(office is not None and MAY_RECORD & roles_in(user, office) for office in (case.held_by, case.branch))


def referral_for(user: User, key: UUID) -> Referral | None:
    """A referral of a file this person sees and may record for; None otherwise."""
    rows = Referral.objects.filter(transaction__in=access.cases_of_staff(user))
    rows = rows.select_related("transaction__held_by", "transaction__branch", "transaction__applicant")
    referral = rows.prefetch_related("messages").filter(key=key).first()
    return referral if referral is not None and may_record(user, referral.transaction) else None
