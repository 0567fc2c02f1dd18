"""Texts that people of the office write for applicants, in Arabic, English or both.

Some may be in either language (conditions). What an applicant has to read, a reason or what was found on site, is in
the language of the request, and in the other one where somebody wrote it (`given`). Either way the reader of the
other language is told that there is only the one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import isolated, prose

from ..domain import placeholders
from ..domain.errors import Problem
from ..domain.text_length import validate_text_length

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from ..models import Event

# What is said where a text is there in the other language alone, by the language it is in.
ONLY_IN = {
    "ar": gettext_lazy("%(text)s (the office wrote this in Arabic only)"),
    "en": gettext_lazy("%(text)s (the office wrote this in English only)"),
}

# A text for an applicant: in the language of the request, or by language.
Written = str | Mapping[str, str]
_ALSO_IN_ITS_LANGUAGE = {
    "ar": gettext_lazy("The request is in Arabic: write this in Arabic too."),
    "en": gettext_lazy("The request is in English: write this in English too."),
}


def given(written: Written, language: str) -> dict[str, str]:
    """What is written, by language, for a request in `language`; nothing for what is empty."""
    texts = {language: written} if isinstance(written, str) else written
    cleaned = {name: prose(texts.get(name, "")) for name, _name in settings.LANGUAGES}
    return {name: text for name, text in cleaned.items() if text}


def problems_of(path: str, texts: Mapping[str, str], language: str) -> list[Problem]:
    """What is wrong with texts as `given`: in the language of the request at `path`, in the other at `path`_ar, _en."""
    problems = []
    for name, text in texts.items():
        box = path if name == language else f"{path}_{name}"
        problems += [*validate_text_length(box, text), *placeholders.validate_filled(box, text)]
    if texts and language not in texts:
        problems.append(Problem(path, _ALSO_IN_ITS_LANGUAGE[language], "required"))
    return problems


def clean(path: str, texts: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """What is written in each language, those with nothing left out; and what is wrong, as `path`_ar and `path`_en."""
    written = {language: prose(texts.get(language, "")) for language, _name in settings.LANGUAGES}
    stored = {language: text for language, text in written.items() if text}
    problems = []
    for language, text in stored.items():
        box = f"{path}_{language}"
        problems += [*validate_text_length(box, text), *placeholders.validate_filled(box, text)]
    return stored, problems


def here(texts: Mapping[str, str]) -> str:
    """The text in the reader's language; the other one, and that it is the only one, where there is none."""
    return _here(texts, isolated)


def _here(texts: Mapping[str, str], put_in: Callable[[str], str]) -> str:
    """The same; `put_in` makes a text of the other language part of the sentence."""
    reader = (translation.get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    if text := texts.get(reader, ""):
        return text
    for language, text in texts.items():
        if text and language in ONLY_IN:
            return str(ONLY_IN[language]) % {"text": put_in(text)}
    return ""


def in_readers_language(own_words: Mapping[str, str] | None, written: str) -> str:
    """A text in the reader's language as `here`; as it was written where nobody noted its language (older rows)."""
    return here(own_words) if own_words else written


def in_every_language(say: Callable[[], str]) -> dict[str, str]:
    """What the portal says by itself, in every language."""
    texts = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            texts[language] = say()
    return texts


def reason_of(event: Event) -> str:
    """The reason of a move in the reader's language, as `in_readers_language`."""
    return in_readers_language(event.facts.get("own_words"), event.reason)


def as_read(written: str, known: StrOrPromise) -> str:
    """A text that was written in one language, in the reader's if it is the known one."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            same = written == str(known)
        if same:
            return str(known)
    return written


def lines(texts: Mapping[str, str]) -> list[str]:
    """The same line by line, for a paper: without the invisible marks of direction, which would span lines."""
    return [line.strip() for line in _here(texts, str).splitlines() if line.strip()]


def conditions_in_words(texts: Mapping[str, str]) -> str:
    """The conditions of an approval, with what they are."""
    text = here(texts)
    return _("Conditions of this approval: %(conditions)s") % {"conditions": text} if text else ""
