"""Words and marks for transactions in templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.absences import StandIn
from accounts.assurance import TAG_KINDS, Level
from accounts.delegated import Operation
from accounts.models import Delegation, Role, User
from core.templatetags.portal import both_dates

from .. import access, queues
from ..domain import service_types
from ..domain.workflow import CLOCK_STOPPED, Status
from ..models import Direction, Draft, Transaction
from ..signed_papers.number_form import NumberForm
from ..text import two_languages
from ..text.going_on import describe_destination

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()

_KINDS = {
    Status.REJECTED: "error",
    Status.APPROVED: "success",
    Status.ISSUED: "success",
    Status.COMPLETED: "success",
    Status.WITHDRAWN: "plain",
    Status.FILED: "plain",
} | dict.fromkeys(CLOCK_STOPPED, "warning")


@register.inclusion_tag("components/verify_forms.html")
def verify_forms(form: NumberForm | None = None, file_error: str = "") -> dict[str, object]:
    """The other ways to verify a document: by its file, and by its number."""
    return {"form": form or NumberForm(), "file_error": file_error, "id": "verify-file"}


@register.filter
def status_kind(status: str) -> str:
    """Which shape and colour a status has: success, warning, error, info or plain."""
    return _KINDS.get(Status(status), "info")


@register.simple_tag
def frozen_day(text: str) -> str:
    """A day as frozen contents hold it, in both calendars; what is none is shown as it stands."""
    return both_dates(parse_date(text)) or text


@register.filter
def status_word(status: str) -> object:
    """As get_status_display, which walks through all choices each time: 8 % of the public inquiry's page."""
    return Status(status).label


@register.filter
def direction_word(direction: str) -> object:
    return Direction(direction).label


@register.filter
def is_late(case: Transaction, now: datetime) -> bool:
    return case.is_late(now)


@register.filter
def stand_in(case: Transaction) -> StandIn | None:
    """Who stands in for whoever has the case, where they are away."""
    return queues.stand_in_of(case, timezone.localdate())


@register.filter
def anchor(path: object) -> str:
    """The id of the box for a question, document or answer, from its path: parts.0.area_m2 gives id_parts-0-area_m2."""
    return f"id_{path}".replace(".", "-")


@register.filter
def in_readers_language(own_words: Mapping[str, str] | None, written: str) -> str:
    """Words of the office for the applicant in the reader's language; `written` where no language was noted."""
    return two_languages.in_readers_language(own_words or None, written)


@register.filter
def service_title(code: str) -> object:
    return service_types.get(code).title


@register.filter
def goes_on_to(path: str) -> StrOrPromise:
    """What somebody came for who has to sign in first."""
    return describe_destination(path or "")


@register.filter
def who_applies(service: service_types.ServiceType) -> str:
    """Who can ask for a service, in a word or three."""
    if len(service.applicants) > 1:
        return _("People and establishments")
    return _("Establishments") if service_types.ApplicantKind.ESTABLISHMENT in service.applicants else _("People")


@register.filter
def role_name(role: str) -> object:
    return Role(role).label


@register.filter
def marked(sample: object) -> SafeString:
    """A line of a paper with the part that is asked for, in [brackets], marked."""
    before, match, after = re.fullmatch(r"([^\[]*)\[([^\]]*)\](.*)", str(sample)).groups()  # type: ignore[union-attr]
    return format_html("{}<mark><bdi>{}</bdi></mark>{}", before, match, after)


@register.simple_tag
def services_by_office() -> list[service_types.ServiceType]:
    """The services an engineering office files for an owner."""
    return [
        service
        for service in service_types.offered_services()
        if service.submitted_by is service_types.SubmittedBy.ENGINEERING_OFFICE
    ]


@register.filter
def assurance_look(level: int) -> str:
    """Which shape and colour a level of identity has."""
    return TAG_KINDS[Level(level)]


@register.simple_tag(takes_context=True)
def acting_for(context: Any, thing: Transaction | Draft) -> Delegation | None:
    """By what whoever reads the page acts for whose request this is; no query for those who act for nobody."""
    reader = context.get("user")
    return access.delegation_about(reader, thing) if isinstance(reader, User) else None


@register.filter
def delegation_scope(row: Delegation) -> str:
    """What a delegation covers, in one line."""
    services = [service.title for code in row.services if (service := service_types.find(code))]
    may = [str(label) for value, label in Operation.choices if value in row.operations]
    return _("%(services)s: %(may)s") % {
        "services": _(", ").join(map(str, services)) or _("All services"),
        "may": _(", ").join(may) or _("follow requests"),
    }
