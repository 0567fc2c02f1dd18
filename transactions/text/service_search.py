"""Looks for a service by words: folded as names are, in the words of both languages."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils import translation

from core.text import name_key, name_words

from ..domain import service_types
from ..domain.service_types import ServiceType


def search_services(sought: str) -> list[ServiceType]:
    """The services on offer that have every word sought, in whichever language; all of them when nothing is sought."""
    words = name_words(sought)
    offered = service_types.offered_services()
    return [service for service in offered if all(word in _text(service.code) for word in words)]


@cache
def _text(code: str) -> str:
    service = service_types.get(code)
    texts = (service.title, service.summary, service.audience, service.output.title)
    papers = tuple(document.label for document in service.documents)
    folded: list[str] = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            folded += [name_key(str(part)) for part in (*texts, *papers)]
    return " ".join(folded)
