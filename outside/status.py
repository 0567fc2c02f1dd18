"""How each outside body stands: for the page of staff, /metrics and the alarms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import outside_http
from core.outside_registry import OutsideBody, outside_bodies
from municipality.services import current_calendar
from transactions.domain import service_types
from transactions.text.tags import Tag

from .models import BodyMessage, Contact, Referral, State
from .referrals import waiting_by_body

FAILURES = {
    "unreachable": gettext_lazy("Nobody answered"),
    "slow": gettext_lazy("The answer took too long"),
    "not_understood": gettext_lazy("The answer was not understood"),
}


@dataclass(frozen=True)
class BodyStatus:
    """One body. `works` is None while nobody has asked it yet, or nobody said where it is."""

    body: OutsideBody
    tag: Tag
    works: bool | None
    circuit_seconds: float
    answered_at: datetime | None
    failed_at: datetime | None
    failure: object
    waiting: int
    late: int

    @property
    def fallback_in_force(self) -> bool:
        return self.works is False or not self.body.is_set()


def body_statuses(now: datetime) -> list[BodyStatus]:
    """Every registered body: four queries, and at most one more for each that no service refers requests to."""
    contacts = {contact.body: contact for contact in Contact.objects.all()}
    late, referred, every = late_by_body(now), waiting_by_body(), outside_bodies()
    circuits = outside_http.open_circuits([body.name for body in every])
    return [
        _status(
            body,
            contacts.get(body.name) or Contact(),
            circuits.get(body.name),
            waiting=body.waiting() + referred.get(body.name, 0),
            late=late.get(body.name, 0),
        )
        for body in every
    ]


def _status(
    body: OutsideBody, contact: Contact, circuit: outside_http.Circuit | None, *, waiting: int, late: int
) -> BodyStatus:
    works, tag = _reading(body, contact, circuit)
    return BodyStatus(
        body=body,
        tag=tag,
        works=works,
        circuit_seconds=circuit.seconds if circuit else 0.0,
        answered_at=contact.answered_at,
        failed_at=contact.failed_at,
        failure=FAILURES.get(contact.failure, contact.failure),
        waiting=waiting,
        late=late,
    )


def _reading(body: OutsideBody, contact: Contact, circuit: outside_http.Circuit | None) -> tuple[bool | None, Tag]:
    if not body.is_set():
        return None, Tag("plain", _("No address set"))
    if circuit is not None:
        return False, Tag("error", _("Does not answer; it is left alone for a while"))
    answered, failed = contact.answered_at, contact.failed_at
    if answered is None and failed is None:
        return None, Tag("info", _("Not asked yet"))
    if failed is not None and (answered is None or failed > answered):
        return False, Tag("warning", _("The last try failed"))
    return True, Tag("success", _("Answers"))


def late_by_body(now: datetime) -> dict[str, int]:
    """How many matters each body has had for longer than its own published time; one query."""
    times = {
        referral.code: referral.working_days
        for service in service_types.all_services()
        for referral in service.referrals
        if referral.working_days is not None
    }
    rows = Referral.objects.filter(code__in=times, state__in=[State.SENT, State.ACKNOWLEDGED])
    calendar, late = current_calendar(), dict[str, int]()
    for code, body, sent, acknowledged in rows.values_list("code", "body", "sent_at", "acknowledged_at"):
        days, since = times[code], acknowledged or sent
        if days is not None and since is not None and calendar.add_working_days(since, days) < now:
            late[body] = late.get(body, 0) + 1
    return late


def unmatched(most: int) -> list[BodyMessage]:
    """Messages that fit no request, newest first."""
    return list(BodyMessage.objects.filter(referral=None).order_by("-received_at", "-pk")[:most])
