"""What a move did, told to the member of staff who made it: the number it gave, the stage or office it led to."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import isolated

from ..domain.service_types import get
from ..models import Event, Transaction
from ..text.wording import describe_office_of

# Move → what is said when it needs nothing of the event.
_PLAIN = {
    "take": gettext_lazy("The case is assigned to you."),
    "give_back": gettext_lazy("The case is unassigned. Colleagues can take it."),
    "return": gettext_lazy("The case was returned to the applicant. The clock is paused."),
    "remind": gettext_lazy("The applicant was reminded."),
    "reject": gettext_lazy("The request was refused, and the applicant was notified."),
    "record_payment": gettext_lazy("The payment was recorded."),
    "file": gettext_lazy("The case was closed and archived."),
    "uphold": gettext_lazy("The objection was upheld, and the applicant was notified."),
    "dismiss": gettext_lazy("The objection was dismissed, and the applicant was notified."),
    "answer_complaint": gettext_lazy("The complaint was answered, and the applicant was notified."),
    "propose_ending": gettext_lazy("The proposal was recorded. A supervisor other than you decides."),
    "revoke": gettext_lazy("The document was revoked, and the applicant was notified."),
    "replace": gettext_lazy("The document was replaced, and the applicant was notified."),
    "correct": gettext_lazy("The correction was recorded, and the applicant was notified."),
}


def confirmation_text(case: Transaction, move: str) -> str | SafeString:
    """One sentence on the last event of a case, which `move` has just written, after the case's number."""
    event = case.events.select_related("office").order_by("-seq").first()
    if event is None or event.move != move:
        return _("Case %(reference)s was changed.") % {"reference": isolated(case.reference)}
    sentence = _sentence(case, event)
    return format_html("{}: {}", isolated(case.reference), sentence)


def _sentence(case: Transaction, event: Event) -> str | SafeString:
    stage = {"stage": get(case.service).stage(event.to_stage).title}
    number = event.facts.get("incoming") or event.facts.get("outgoing") or ""
    line = {"number": isolated(str(number)), "year": isolated(str(event.facts.get("hijri_year", "")))}
    match event.move:
        case "register":
            return _("Registered under incoming number %(number)s of %(year)s AH.") % line
        case "dispatch":
            return _("Entered in the outgoing register under number %(number)s of %(year)s AH.") % line
        case "refer":
            words = _("Referred to %(office)s under outgoing number %(number)s of %(year)s AH.")
            return words % {**line, "office": describe_office_of(event)}
        case "recommend" | "advise_refusal":
            return _("The case was passed to the stage “%(stage)s”.") % stage
        case "send_back" | "reopen":
            return _("The case was sent back to the stage “%(stage)s”.") % stage
        case "approve":
            return _("The request was approved. Next stage: “%(stage)s”.") % stage
        case "reassign":
            name = case.assignee.full_name if case.assignee else "—"
            return _("The case was assigned to %(name)s.") % {"name": isolated(name)}
        case "issue":
            return _issued(case, event)
        case move:
            return str(_PLAIN[move])


def _issued(case: Transaction, event: Event) -> SafeString:
    output = get(case.service).output
    words = _("%(document)s no. %(number)s was issued.") % {
        "document": output.title,
        "number": isolated(str(event.facts.get("number", ""))),
    }
    page = reverse("transactions:document", args=[case.reference, output.kind])
    return format_html('{} <a href="{}">{}</a>', words, page, _("Print"))
