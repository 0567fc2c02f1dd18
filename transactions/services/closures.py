"""Closing a service for new requests, and opening it again."""

from __future__ import annotations

from typing import cast

from django.core.cache import caches
from django.utils.translation import gettext as _

from ..errors import DomainError
from ..models import Closure

REMEMBERED_SECONDS = 10
_KEY = "closures"


def closed() -> dict[str, Closure]:
    """The services that take no new requests, by their code; re-read every ten seconds in each process."""
    return cast("dict[str, Closure]", caches["local"].get_or_set(_KEY, _read, REMEMBERED_SECONDS))


def _read() -> dict[str, Closure]:
    return {closure.service: closure for closure in Closure.objects.filter(in_force=True)}


def refuse_if_closed(service: str) -> None:
    """DomainError `service_closed` with the reason, while the service takes no new requests."""
    closure = closed().get(service)
    if closure is not None:
        message = _("This service takes no new requests for now: %(reason)s What you have entered is kept.")
        raise DomainError("service_closed", message % {"reason": closure.reason})


def save_closure(closure: Closure) -> Closure:
    """Write a closure an administrator entered or changed; ValidationError when it is not well formed."""
    closure.full_clean()
    closure.save()
    caches["local"].delete(_KEY)
    return closure
