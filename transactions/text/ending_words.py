"""The words of documents revoked and replaced: part of those in `wording`, told everywhere alike."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.text import isolated

from ..models import Event
from . import two_languages

TITLES = {
    "propose_ending": gettext_noop("Your document is being reviewed"),
    "revoke": gettext_noop("Your document was revoked"),
    "replace": gettext_noop("Your document was replaced"),
}


def _numbers(event: Event) -> dict[str, str]:
    return {name: isolated(str(event.facts.get(name, ""))) for name in ("number", "replaces")}


SENTENCES: dict[str, Callable[[Event], str]] = {
    "propose_ending": lambda event: (
        _("The office is checking whether document %(number)s can stay as it is. It is valid until that is decided.")
        % _numbers(event)
    ),
    "revoke": lambda event: (
        _("Document %(number)s is no longer valid. Reason: %(reason)s")
        % {**_numbers(event), "reason": two_languages.reason_of(event)}
    ),
    "replace": lambda event: (
        _("Document %(number)s takes the place of %(replaces)s, which is no longer valid. Reason: %(reason)s")
        % {**_numbers(event), "reason": two_languages.reason_of(event)}
    ),
}
