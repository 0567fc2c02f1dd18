"""Is a service taking new requests? Closing one is a use of the gates (incidents/gates.py) with a table of its own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from ..domain.errors import DomainError, OperationClosed
from ..domain.gates import Operation
from ..domain.service_types import ServiceType
from ..incidents import gates, memory
from ..models import Closure


def closure_of(service: ServiceType) -> Closure | None:
    """Why a service takes no new requests: a closure an administrator entered; or, unsaved, that a gate closes it at
    every office, or that it is retired.
    """
    if service.retired:
        texts = {}
        for language in ("ar", "en"):
            with override(language):
                texts[f"reason_{language}"] = _(
                    "This service is no longer offered. Requests already received continue."
                )
        return Closure(service=service.code, in_force=True, **texts)
    if entered := memory.known().closures.get(service.code):
        return entered
    now = timezone.now()
    gate = gates.what_closes(Operation.INTAKE, now=now, service=service.code)
    if gate is None:
        return None
    reasons = {"reason_ar": gate.reason_ar, "reason_en": gate.reason_en}
    since = now if gate.since == memory.ALWAYS else gate.since
    return Closure(service=service.code, in_force=True, since=since, **reasons)


def refuse_if_closed(
    service: ServiceType,
    *,
    now: datetime | None = None,
    offices: Collection[str] = (),
    lot: str = "",
    at_counter: bool = False,
) -> None:
    """DomainError `service_retired`, or OperationClosed (`service_closed` where an administrator closed it), with the
    reason, while the service takes no new requests at these offices.
    """
    closure = closure_of(service)
    if service.retired and closure is not None:
        raise DomainError("service_retired", closure.reason)
    if entered := memory.known().closures.get(service.code):
        message = _("This service is not taking new requests at the moment: %(reason)s What you have entered is kept.")
        raise OperationClosed(message % {"reason": entered.reason}, kind="closure", code="service_closed")
    now = now or timezone.now()
    for operation in (Operation.INTAKE, Operation.COUNTERS) if at_counter else (Operation.INTAKE,):
        gates.refuse_if_closed(operation, now=now, service=service.code, offices=offices, lot=lot)


def save_closure(closure: Closure) -> Closure:
    """Write a closure an administrator entered or changed; ValidationError when it is not well formed."""
    closure.full_clean()
    closure.save()
    memory.forget()
    return closure
