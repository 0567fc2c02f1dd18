"""The words of objections, complaints, reminders and withdrawals taken back: part of those in `wording`, told alike.

Neither what somebody wrote in an objection nor to whom by name a complaint went is told to whoever only asks by number
and PIN: the page of the request says both.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.text import isolated
from municipality.services import office_by_code

from ..domain import service_types
from ..domain.objections import ObjectionKind
from ..domain.statuses import Status
from ..models import CounterVisit, Event
from . import two_languages

TITLES = {
    "resume": gettext_noop("Withdrawal taken back"),
    "object": gettext_noop("Objection received"),
    "uphold": gettext_noop("Your objection was upheld"),
    "dismiss": gettext_noop("Your objection was dismissed"),
    "complain": gettext_noop("Complaint about lateness received"),
    "escalate": gettext_noop("Complaint passed on to the next level"),
    "answer_complaint": gettext_noop("Your complaint was answered"),
    "hand_out": gettext_noop("Documents handed out at a service centre"),
    "remind": gettext_noop("Reminder: your request is waiting for you"),
}
_MADE = {
    ObjectionKind.REFUSAL: gettext_noop("It is about the refusal. %(office)s decides; no one who acted before does."),
    ObjectionKind.RETURN: gettext_noop("It is about the return. %(office)s decides; no one who acted before does."),
    ObjectionKind.FEE: gettext_noop("It is about the fee. %(office)s decides; no one who acted before does."),
}
_UPHELD = {
    ObjectionKind.REFUSAL: gettext_noop("The refusal is taken back and the request goes on. Reason: %(reason)s"),
    ObjectionKind.RETURN: gettext_noop("The return is taken back and the request goes on. Reason: %(reason)s"),
    ObjectionKind.FEE: gettext_noop("The fee is %(fee)s SAR instead of %(fee_before)s SAR. Reason: %(reason)s"),
}
_UPHELD_PAID = gettext_noop(
    "The fee is %(fee)s SAR instead of %(fee_before)s SAR; what was paid beyond it is owed to you. Reason: %(reason)s"
)


def _office(event: Event) -> str:
    code = str(event.facts.get("office", ""))
    office = office_by_code(code)
    return office.name if office else code


def _object(event: Event) -> str:
    return _(_MADE[ObjectionKind(event.facts["objection"])]) % {"office": _office(event)}


def _uphold(event: Event) -> str:
    words = _UPHELD_PAID if event.facts.get("paid") else _UPHELD[ObjectionKind(event.facts["objection"])]
    amounts = {name: isolated(str(event.facts.get(name, ""))) for name in ("fee", "fee_before")}
    return _(words) % {**amounts, "reason": two_languages.reason_of(event)}


_HANDED_TO = {
    CounterVisit.Whom.OWNER: gettext_noop("%(office)s handed out to the owner, against a signature: %(items)s."),
    CounterVisit.Whom.OFFICE: gettext_noop(
        "%(office)s handed out to a member of the engineering office, against a signature: %(items)s."
    ),
    CounterVisit.Whom.REPRESENTATIVE: gettext_noop(
        "%(office)s handed out to a person who acts for the owner, against a signature: %(items)s."
    ),
}


def items_of(event: Event) -> list[str]:
    """What was handed out by this event, in the reader's language where the portal issued it."""
    service = service_types.get(event.transaction.service)
    papers = [f"{service.output.title} {isolated(number)}" for number in event.facts.get("papers", ())]
    return [*papers, *event.facts.get("originals", ())]


def _hand_out(event: Event) -> str:
    items = _("; ").join(items_of(event))
    words = {"office": event.office.name if event.office else "", "items": items}
    sentence = _(_HANDED_TO[CounterVisit.Whom(event.facts["whom"])]) % words
    return f"{sentence} " + _("If this was not for you, tell any service centre.")


def _remind(event: Event) -> str:
    if event.to_status == Status.AWAITING_PAYMENT:
        return _("The fee has not been paid yet. The request goes on once it is.")
    return _("What was asked of you has not been answered yet. The request goes on once you answer.")


SENTENCES: dict[str, Callable[[Event], str]] = {
    "resume": lambda event: _("The request goes on under the same number."),
    "object": _object,
    "uphold": _uphold,
    "dismiss": lambda event: _("The decision stands. Reason: %(reason)s") % {"reason": two_languages.reason_of(event)},
    "complain": lambda event: _("A supervisor at %(office)s answers.") % {"office": _office(event)},
    "escalate": lambda event: (
        _("It was not answered in time. A supervisor at %(office)s answers now.") % {"office": _office(event)}
    ),
    "answer_complaint": lambda event: _("Answer: %(reason)s") % {"reason": two_languages.reason_of(event)},
    "hand_out": _hand_out,
    "remind": _remind,
}
