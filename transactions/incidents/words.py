"""Incidents in words: what is affected, what stays open, since when, when more is told."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from core.day_words import day_in_words
from municipality.services import office_by_code

from ..domain import service_types
from ..domain.gates import GateState, Operation
from ..models import IncidentNotice


def affected(notice: IncidentNotice) -> str:
    """What it is about: operations, services, offices; as few words as the scope allows."""
    services = [str(service_type.title) for code in notice.services if (service_type := service_types.find(code))]
    offices = [office.name for code in notice.offices if (office := office_by_code(code))]
    operations = [str(Operation(code).label) for code in notice.operations if code in Operation]
    parts = [_(", ").join(names) for names in (operations, services, offices) if names]
    return " · ".join(parts) or _("The whole portal")


def stays_open(notice: IncidentNotice) -> str:
    """What people can do meanwhile, where it closes anything."""
    return {
        GateState.DARK: _("This is closed for now."),
        GateState.READING: _("You can check your requests; nothing new is received."),
        GateState.INTAKE: _("You can submit and check requests; they are worked on later."),
        GateState.SOME: _("Work has resumed for a share of the cases."),
    }.get(GateState(notice.state), "")


def in_words(notice: IncidentNotice) -> list[str]:
    """A notice line by line, for whoever decides about it."""
    lines = [
        f"{IncidentNotice.What(notice.what).label} · {affected(notice)}",
        _("Since %(time)s") % {"time": moment(notice.starts_at)},
    ]
    if notice.ended_at:
        lines.append(_("Until %(time)s") % {"time": moment(notice.ended_at)})
    if notice.next_update_at and not notice.ended_at:
        lines.append(_("Next update: %(time)s") % {"time": moment(notice.next_update_at)})
    lines.append(str(GateState(notice.state).label))
    if notice.stops_clocks:
        lines.append(_("The clocks of the affected cases are stopped."))
    if notice.tells_people:
        lines.append(_("Everyone affected is notified."))
    return [*lines, notice.text_ar, notice.text_en]


def moment(at: object) -> str:
    """Day and time in Jeddah."""
    local = timezone.localtime(at)  # type: ignore[arg-type]
    return f"{day_in_words(at)} \u2068{local:%H:%M}\u2069"  # type: ignore[arg-type]
