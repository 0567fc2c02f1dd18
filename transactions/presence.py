"""Who has a case open just now: said on its page, so that two people do not do the same work. No lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from accounts.models import StaffPost, User

from .models import CasePresence, Transaction

# A page says every BEAT that it is still open; without scripts it counts as open for as long as this after it came.
LASTS = timedelta(seconds=90)
BEAT = timedelta(seconds=30)


def show_open(case: Transaction, user: User, now: datetime) -> None:
    """This person has the case open now. One statement."""
    CasePresence.objects.bulk_create(
        [CasePresence(transaction=case, user=user, seen_at=now)],
        update_conflicts=True,
        unique_fields=["transaction", "user"],
        update_fields=["seen_at"],
    )


def show_closed(case: Transaction, user: User) -> None:
    """This person has left the case."""
    CasePresence.objects.filter(transaction=case, user=user).delete()


def has_open(case: Transaction, now: datetime) -> Exists:
    """For a query of posts: does whoever holds one have the case open?"""
    return Exists(CasePresence.objects.filter(transaction=case, user=OuterRef("user"), seen_at__gt=now - LASTS))


def others(posts: Iterable[StaffPost], user: User) -> list[User]:
    """Of posts with `has_open`: who else has the case open, by name."""
    people = {post.user_id: post.user for post in posts if getattr(post, "has_open", False)}
    people.pop(user.pk, None)
    return list(people.values())


def forget_old(now: datetime) -> int:
    """Delete the rows that mean nothing any more."""
    return CasePresence.objects.filter(seen_at__lte=now - LASTS).delete()[0]
