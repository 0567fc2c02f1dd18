"""What base.html needs on every page. No query: whoever is signed in was read already, or is not asked."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    language = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
    return {
        "LANGUAGE_CODE": language,
        "LANGUAGE_BIDI": language == "ar",
        "DEMO": settings.DEMO,
    }
