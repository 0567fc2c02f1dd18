"""What people write in their own words: answers, reasons, notes. One limit for all, the one the forms name."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .errors import Problem

MOST_CHARACTERS = 2000


def too_long(path: str, text: str) -> list[Problem]:
    """What is wrong with a text of more characters than fit; a line break counts as one, as browsers count it."""
    count = len(text.replace("\r\n", "\n"))
    if count <= MOST_CHARACTERS:
        return []
    said = _("This text is too long: it has %(count)d characters, and the limit is %(most)d. Shorten it.")
    return [Problem(path, said % {"count": count, "most": MOST_CHARACTERS}, "too_long")]
