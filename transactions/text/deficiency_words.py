"""What a return asks for, in words: the catalogue's sentence, or what whoever asked wrote in one language or both."""

from __future__ import annotations

from django.utils import translation

from ..domain.service_types import ServiceType
from ..models import Deficiency
from . import two_languages


def describe_deficiency(item: Deficiency, service: ServiceType) -> str:
    """The catalogue's sentence in the reader's language; one in somebody's own words in it too where they wrote it, and
    otherwise said to be in the other language only. Rows from before words had their language are shown as written.
    """
    if item.own_words:
        return two_languages.here(item.own_words)
    known = next((code.sentence for code in service.deficiencies if code.code == item.code), "")
    return two_languages.as_read(item.sentence, known)


def deficiency_in(item: Deficiency, language: str) -> str:
    """The same in one language; empty where nobody wrote it in that one."""
    if item.own_words:
        return str(item.own_words.get(language, ""))
    case = item.transaction
    with translation.override(language):
        words = describe_deficiency(item, case.service_type)
    return words if words != item.sentence or language == case.language else ""
