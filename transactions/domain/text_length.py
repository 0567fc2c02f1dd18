"""What people write in their own words: answers, reasons, notes. One limit for all, the one the forms name."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .errors import Problem

MAX_CHARACTERS = 2000


def validate_text_length(path: str, text: str) -> list[Problem]:
    """What is wrong with a text of more characters than fit; a line break counts as one, as browsers count it."""
    count = len(text.replace("\r\n", "\n"))
    if count <= MAX_CHARACTERS:
        return []
    message = _("This text is too long: it has %(count)d characters, and the limit is %(most)d. Shorten it.")
    return [Problem(path, message % {"count": count, "most": MAX_CHARACTERS}, "too_long")]
