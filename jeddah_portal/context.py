"""What base.html needs on every page: one query, and only for those who are signed in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import offices_of


def portal(request: HttpRequest) -> dict[str, Any]:
    language = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
    return {
        "LANGUAGE_CODE": language,
        "LANGUAGE_BIDI": language == "ar",
        "DEMO": settings.DEMO,
        "works_in_office": SimpleLazyObject(lambda: _works_in_office(request)),
    }


def _works_in_office(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated and not user.is_staff and offices_of(user))
