"""Closing a service for new requests, and opening it again."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..errors import DomainError
from ..models import Closure
from ..prepared import Prepared

# Every intake asks this.
_in_force = Prepared(lambda service: Closure.objects.filter(service=service, in_force=True).values_list("pk"), str)


def closed() -> dict[str, Closure]:
    """The services that take no new requests now, by their code. One query."""
    return {closure.service: closure for closure in Closure.objects.filter(in_force=True)}


def refuse_if_closed(service: str) -> None:
    """DomainError `service_closed` with the reason, while the service takes no new requests."""
    found = _in_force.rows(service)
    if found:
        reason = Closure.objects.get(pk=found[0][0]).reason
        message = _("This service takes no new requests for now: %(reason)s What you have entered is kept.")
        raise DomainError("service_closed", message % {"reason": reason})


def save_closure(closure: Closure) -> Closure:
    """Write a closure an administrator entered or changed; ValidationError when it is not well formed."""
    closure.full_clean()
    closure.save()
    return closure
