"""Placeholders in texts that the office writes once and uses for many cases: a closed list, replaced by name. Pure.

A placeholder stands in braces, by its Arabic or English name. Nothing else in braces means anything: a text is searched
for names, never given to a formatter, so that what somebody writes can reach nothing but these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from core.text import one_line, search_key

from .errors import Problem

PLACEHOLDERS = {
    "applicant": pgettext_lazy("placeholder", "applicant"),
    "number": pgettext_lazy("placeholder", "number"),
    "service": pgettext_lazy("placeholder", "service"),
    "district": pgettext_lazy("placeholder", "district"),
    "plot": pgettext_lazy("placeholder", "plot"),
    "office": pgettext_lazy("placeholder", "office"),
    "received": pgettext_lazy("placeholder", "received on"),
    "due": pgettext_lazy("placeholder", "due on"),
    "today": pgettext_lazy("placeholder", "today"),
    "document": pgettext_lazy("placeholder", "document"),
}
_IN_BRACES = re.compile(r"\{([^{}]*)\}")
MAX_SHOWN = 40


@cache
def _codes() -> dict[str, str]:
    """Every way a placeholder is written, as it is compared, with its code."""
    known = {search_key(code): code for code in PLACEHOLDERS}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known |= {search_key(str(label)): code for code, label in PLACEHOLDERS.items()}
    return known


def _code_of(written: str) -> str:
    return _codes().get(search_key(one_line(written).replace("_", " ")), "")


def _braced(name: object) -> str:
    return f"{{{name}}}"


def shown(code: str) -> str:
    """A placeholder as the reader of this page writes it."""
    return _braced(PLACEHOLDERS[code])


def listed() -> str:
    """All of them, for a sentence."""
    return _(", ").join(map(shown, PLACEHOLDERS))


def validate(path: str, text: str) -> Iterator[Problem]:
    """What is wrong with the braces of a template: names that are no placeholder, braces without their other half."""
    for written in dict.fromkeys(_IN_BRACES.findall(text)):
        if not _code_of(written):
            words = _("There is no placeholder “%(name)s”. These can be used: %(known)s.")
            short = written if len(written) <= MAX_SHOWN else f"{written[:MAX_SHOWN]}…"
            yield Problem(path, words % {"name": _braced(short), "known": listed()}, "unknown_placeholder")
    if re.search(r"[{}]", _IN_BRACES.sub("", text)):
        words = _("A brace stands alone. A placeholder begins with “{” and ends with “}”; use braces for nothing else.")
        yield Problem(path, words, "unclosed_placeholder")


def in_language(text: str, language: str) -> str:
    """A text with its placeholders named in this language."""
    with translation.override(language):
        return _IN_BRACES.sub(lambda match: shown(code) if (code := _code_of(match[1])) else match[0], text)


def stored(text: str) -> str:
    """A text with its placeholders by their codes, which no translation changes."""
    return _IN_BRACES.sub(lambda match: _braced(code) if (code := _code_of(match[1])) else match[0], text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with the values there are; a placeholder without one stays. What a value holds is not read again."""
    return _IN_BRACES.sub(lambda match: values.get(_code_of(match[1])) or match[0], text)


def open_in(text: str) -> list[str]:
    """The placeholders of a text, by code and each once."""
    return list(dict.fromkeys(code for written in _IN_BRACES.findall(text) if (code := _code_of(written))))


def validate_filled(path: str, text: str) -> list[Problem]:
    """What is wrong with a text that is about to be sent: placeholders that nobody filled in."""
    if not (codes := open_in(text)):
        return []
    words = _("Fill this in before it is sent, or take it out: %(names)s.")
    return [Problem(path, words % {"names": _(", ").join(map(shown, codes))}, "open_placeholder")]
