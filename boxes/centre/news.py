"""What the centre tells a box: who may sign in there, which services are closed, whose signatures count, and how the
requests of its office stand, without any name. Sealed for the box, signed; over the network or as a file.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Role, StaffPost, User
from accounts.sealed import unseal
from journal import nodes
from journal.entry import second_of
from municipality.models import Holiday, Office
from transactions.incidents import memory
from transactions.models import Transaction

from .. import bundle, words
from ..models import Box
from . import secrets

ROSTER_DAYS = 90
"""So long the people of its roster may take requests at a box that hears nothing of the centre."""
MAX_SUMMARIES = 200_000
# Closed cases stay in the summaries for so long.
LATELY = timedelta(days=90)


def for_box(box: Box, now: datetime) -> dict[str, Any]:
    """The news of a box, as of now."""
    return {
        "box": f"{box.node}{box.letter}",
        "at": second_of(now),
        "valid_until": second_of(now + timedelta(days=ROSTER_DAYS)),
        "roster": [_person(post.user) for post in _posts(box.office, now)],
        "holidays": [_holiday(row) for row in Holiday.objects.order_by("first_day")],
        "closures": {
            code: {"ar": closure.reason_ar, "en": closure.reason_en}
            for code, closure in sorted(memory.known().closures.items())
        },
        "node_list": nodes.current_signed() or "",
        "summaries": summaries(box.office, now),
    }


def _posts(office: Office, now: datetime) -> list[StaffPost]:
    """The clerks of an office, each once."""
    posts = StaffPost.objects.current(timezone.localdate(now)).filter(office=office, role=Role.CENTRE_CLERK)
    return list(posts.filter(user__is_active=True).select_related("user").order_by("user_id"))


def _person(user: User) -> dict[str, Any]:
    """Enough to sign in: hashes of the password, and the second factor, in clear here because the whole is sealed."""
    totp = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return {
        "national_id": user.national_id,
        "full_name": user.full_name,
        "phone": user.phone,
        "language": user.language,
        "password": user.password,
        "totp": unseal(totp.data["secret"]) if totp else "",
    }


def _holiday(row: Holiday) -> dict[str, str]:
    return {
        "name_ar": row.name_ar,
        "name_en": row.name_en,
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
    }


def summaries(office: Office, now: datetime) -> list[list[Any]]:
    """Reference, service, status, stage, since, due: of requests that office took or holds, open or closed lately."""
    mine = Q(taken_at=office) | Q(held_by=office) | Q(centre=office) | Q(branch=office)
    if office.parent_id:
        mine |= Q(branch=office.parent_id)
    lately = Q(closed_at=None) | Q(closed_at__gte=now - LATELY)
    columns = ("reference", "service", "status", "stage", "stage_started_at", "due_at")
    rows = Transaction.objects.filter(mine & lately).order_by("-pk").values_list(*columns)[:MAX_SUMMARIES]
    return [[*row[:4], second_of(row[4]), second_of(row[5]) if row[5] else ""] for row in rows]


def sealed_for(box: Box, now: datetime) -> bytes:
    """The news as they go to the box: signed, then sealed so that nobody on the way reads them."""
    with transaction.atomic():
        name = secrets.our_chain()
    return bundle.seal(secrets.sign(words.NEWS, for_box(box, now), name).encode(), box.recipient)
