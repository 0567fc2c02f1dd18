"""How sure the city is of who somebody is. The rules of the services ask for these levels.

PHONE: a code sent to their mobile was typed in; name and ID are what they typed. COUNTER: a clerk saw their original
ID, by whom and when stands beside it. NATIONAL: the national sign-on vouched for them.
NONE: a clerk has begun a request for them, and nothing is proven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import IntegerChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Level(IntegerChoices):
    NONE = 0, pgettext_lazy("identity", "Not verified")
    PHONE = 1, pgettext_lazy("identity", "Mobile only")
    COUNTER = 2, gettext_lazy("Original ID seen")
    NATIONAL = 3, gettext_lazy("National sign-on")


# How a tag of each level looks (success, warning, …).
TAG_KINDS = {Level.NONE: "error", Level.PHONE: "warning", Level.COUNTER: "success", Level.NATIONAL: "success"}


def explain_level(level: int) -> StrOrPromise:
    """What a person does to be known at this level, in a whole sentence."""
    if level <= Level.PHONE:
        return _("Confirm your mobile once with a code by SMS, under “First sign-in or new password”.")
    if level == Level.COUNTER:
        at_counter = _(
            "Show your original ID once at any service centre; it takes a minute and holds for all your requests."
        )
        by_app = _("Or confirm who you are with the national sign-on, here and now.")
        return f"{at_counter} {by_app}" if settings.SIGN_ON_URL else at_counter
    if settings.SIGN_ON_URL:
        return _("Confirm who you are with the national sign-on, here and now.")
    return _("This needs the national sign-on, which this portal does not offer yet.")


_to_authorise: dict[str, Level] = {}


def set_level_to_authorise(service: str, level: Level | None) -> None:
    """What a service asks of an owner who authorises an office for it; None takes it back."""
    if level is None:
        _to_authorise.pop(service, None)
    else:
        _to_authorise[service] = level


def level_to_authorise() -> Level:
    """The least that lets an owner authorise an office for any service; each asks for its own when it is begun."""
    return min(_to_authorise.values(), default=Level.PHONE)
