"""What happened to a case as the staff read it: who did it, in which capacity, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.models import Role
from municipality.services import get_office

from .. import access
from ..domain.service_types import ServiceType
from ..domain.workflow import APPLICANT_SIDE, Actor, Status
from ..models import Check, CounterVisit, Event, Transaction
from ..text import two_languages
from ..text.wording import describe_office_of, title, was_at_counter
from ..transitions.checklist import counts_in_words, points_of

# Where the applicant's timeline speaks to the applicant, the staff's says what was done.
OWN_TITLES = {
    "return": gettext_noop("Returned to the applicant for completion"),
    "advise_refusal": gettext_noop("Refusal recommended"),
    "answer": gettext_noop("The applicant answered"),
    "answer_at_counter": gettext_noop("Answered at a counter for the applicant"),
    "correct": gettext_noop("Correction recorded"),
    "take": gettext_noop("Taken"),
    "propose_ending": gettext_noop("Revoking or replacing the document was proposed"),
    "revoke": gettext_noop("Document revoked"),
    "replace": gettext_noop("Document replaced"),
    "reassign": gettext_noop("Reassigned"),
    "give_back": gettext_noop("Returned to the queue"),
    "object": gettext_noop("The applicant objected"),
    "complain": gettext_noop("The applicant complained about lateness"),
    "resume": gettext_noop("The applicant took the withdrawal back"),
    "uphold": gettext_noop("Objection upheld"),
    "dismiss": gettext_noop("Objection dismissed"),
    "answer_complaint": gettext_noop("Complaint answered"),
}


@dataclass(frozen=True)
class Line:
    """One event. `said` are short facts, `reason` what the person wrote, `rule` why it was routed here."""

    at: datetime
    title: str
    who: str
    office: str
    details: list[str] = field(default_factory=list)
    reason: str = ""
    rule: str = ""


def events_of(case: Transaction) -> list[Event]:
    """Newest first, with who did it; one query, and that of `checks_of` where somebody may still decide on the case."""
    events = list(case.events.select_related("actor").order_by("-seq"))
    is_decided = case.closed_at is not None and case.objected_at is None
    access.remember_duties_done(case, events, [] if is_decided else checks_of(case))
    return events


def checks_of(case: Transaction) -> list[Check]:
    """What was said of its checklist, oldest first, with by whom; one query, however often it is asked."""
    if not points_of(case):
        return []
    prefetch_related_objects([case], Prefetch("checks", Check.objects.select_related("by")))
    return list(case.checks.all())


def history(case: Transaction, events: Iterable[Event] | None = None) -> list[Line]:
    """Newest first; no query when the events are at hand."""
    service = case.service_type
    events = events_of(case) if events is None else events
    return [
        Line(
            at=event.at,
            title=title(event, OWN_TITLES),
            who=_who(event),
            office=get_office(event.office_id).name if event.office_id else "",
            details=_details(event, service),
            reason=two_languages.reason_of(event),
            rule=_rule(event, service) if event.move == "route" else "",
        )
        for event in events
    ]


def _who(event: Event) -> str:
    if event.actor is None:
        return _("The system")
    if event.actor_role in Role.values:
        return f"{event.actor.full_name} – {Role(event.actor_role).label}"
    if event.actor_role == Actor.AT_COUNTER:
        return f"{event.actor.full_name} – {Role.CENTRE_CLERK.label}"
    return _("The applicant") if event.actor_role in APPLICANT_SIDE else event.actor.full_name


def _details(event: Event, service: ServiceType) -> list[str]:
    facts, lines = event.facts, []
    for key, label in (("incoming", _("Incoming")), ("outgoing", _("Outgoing"))):
        if key in facts:
            lines.append(f"{label} \u2068{facts[key]}/{facts.get('hijri_year', '')}\u2069")
    if to := describe_office_of(event):
        lines.append(_("To: %(office)s") % {"office": to})
    if event.move == "return":
        count = int(facts.get("count", 0))
        lines.append(ngettext("%(n)d point to complete", "%(n)d points to complete", count) % {"n": count})
    if event.move in ("answer", "correct") and "answers_version" in facts:
        lines.append(_("Version %(n)d of the answers") % {"n": int(facts["answers_version"])})
    if texts := facts.get("conditions"):
        words = _("Conditions: %(text)s") if event.move == "approve" else _("Conditions recommended: %(text)s")
        lines.append(words % {"text": two_languages.here(texts)})
    if "checklist" in facts:
        lines.append(counts_in_words(facts["checklist"]))
    if was_at_counter(event):
        lines.append(_("Original ID seen: %(whom)s") % {"whom": CounterVisit.Whom(facts["whom"]).label})
    if event.to_stage != event.from_stage and event.move != "submit":
        lines.append(_("Stage: %(stage)s") % {"stage": service.stage(event.to_stage).title})
    elif event.to_status != event.from_status and event.move not in ("submit", "return", "answer"):
        lines.append(str(Status(event.to_status).label))
    return lines


def _rule(event: Event, service: ServiceType) -> str:
    """Why the request came to this office."""
    for rule in service.routing_rules:
        if event.rule.startswith(rule.id):
            return str(rule.reason)
    sentence = (
        _("The district is not on the list.")
        if event.rule.startswith("district.unknown")
        else _("Based on its district.")
    )
    if "suspended" in event.facts:
        sentence += " " + _("It replaces a suspended office.")
    return sentence
