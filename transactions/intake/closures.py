"""Closing a service for new requests, and opening it again."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override

from core.cache import LOCAL

from ..domain.errors import DomainError
from ..domain.service_types import ServiceType
from ..models import Closure

REMEMBERED_SECONDS = 10
_KEY = "closures"


def closures_in_force() -> dict[str, Closure]:
    """The services that take no new requests, by their code; re-read every ten seconds in each process."""
    return LOCAL.get_or_make(_KEY, _read_closures, REMEMBERED_SECONDS)


def _read_closures() -> dict[str, Closure]:
    return {closure.service: closure for closure in Closure.objects.filter(in_force=True)}


def closure_of(service: ServiceType) -> Closure | None:
    """Why a service takes no new requests: a closure an administrator entered, or, unsaved, that it is retired."""
    if service.retired:
        texts = {}
        for language in ("ar", "en"):
            with override(language):
                texts[f"reason_{language}"] = _(
                    "This service is no longer offered. Requests already received continue."
                )
        return Closure(service=service.code, in_force=True, **texts)
    return closures_in_force().get(service.code)


def refuse_if_closed(service: ServiceType) -> None:
    """DomainError `service_retired` or `service_closed` with the reason, while the service takes no new requests."""
    closure = closure_of(service)
    if service.retired and closure is not None:
        raise DomainError("service_retired", closure.reason)
    if closure is not None:
        message = _("This service is not taking new requests at the moment: %(reason)s What you have entered is kept.")
        raise DomainError("service_closed", message % {"reason": closure.reason})


def save_closure(closure: Closure) -> Closure:
    """Write a closure an administrator entered or changed; ValidationError when it is not well formed."""
    closure.full_clean()
    closure.save()
    LOCAL.forget(_KEY)
    return closure
