"""What base.html needs on every page: one query, and only for those who are signed in and asked who they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.access import engineering_offices_of
from core.built import built_on
from transactions.incidents import declaring, memory
from transactions.incidents.words import affected, stays_open
from transactions.models import IncidentNotice

from . import public


def portal(request: HttpRequest) -> dict[str, Any]:
    language = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
    return {
        "LANGUAGE_CODE": language,
        "LANGUAGE_BIDI": language == "ar",
        "DEMO": settings.DEMO,
        "official": "" if settings.DEMO else settings.OFFICIAL_REGISTRATION,
        "built_on": built_on(),
        "contact": {"phone": settings.CONTACT_PHONE, "mail": settings.CONTACT_EMAIL},
        "national_sign_on": bool(settings.SIGN_ON_URL),
        "second_site": settings.SECOND_SITE,
        "office_box": settings.OFFICE_BOX,
        "asks_nobody": getattr(request, "asks_nobody", False),
        "brings_a_session": public.brings_a_session(request),
        "from_an_old_copy": SimpleLazyObject(lambda: public.from_an_old_copy(request)),
        "incidents": SimpleLazyObject(lambda: banners(memory.known().notices, timezone.now())),
        "works_in_office": SimpleLazyObject(lambda: _works_in_office(request)),
    }


def banners(notices: Iterable[IncidentNotice], now: datetime) -> list[dict[str, Any]]:
    """The incidents that go on or are planned, as components/incident.html shows them."""
    return [
        {
            "notice": notice,
            "affected": affected(notice),
            "open": stays_open(notice),
            "planned": notice.starts_at > now,
            "overdue": declaring.overdue(notice, now),
        }
        for notice in notices
        if notice.ended_at is None
    ]


def _works_in_office(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated and not user.is_staff and engineering_offices_of(user))
