"""What happened, in plain words, in the reader's language. The same words on timeline, notice and SMS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.models import Role
from core.day_words import day_in_words
from core.text import isolated
from municipality.services import office_by_code

from ..answers.comparison import Change, in_readers_words
from ..domain import outside, service_types
from ..domain.workflow import BY_NAME, Actor, Move, Obstacle, Status
from ..incidents import memory
from ..incidents.words import moment
from ..models import CounterVisit, Event, Movement, Transaction
from . import ending_words, outside_words, rights_words, two_languages

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Event.move → title. "submit" is not in the table of moves: it is how a transaction begins.
TITLES = {
    "submit": gettext_noop("Request received"),
    "route": gettext_noop("Sent to the office that handles it"),
    "register": gettext_noop("Entered in the incoming register"),
    "take": gettext_noop("An employee has taken your request"),
    "reassign": gettext_noop("Your request was given to another employee"),
    "hand_over": gettext_noop("Another office has taken over"),
    "stay": gettext_noop("The office is closed for now"),
    "stop_clock": gettext_noop("The clock was stopped by an incident"),
    "outside_answer": gettext_noop("An outside body has answered"),
    "give_back": gettext_noop("Waiting for another employee"),
    "recommend": gettext_noop("Stage “%(stage)s” completed"),
    "advise_refusal": gettext_noop("Study completed"),
    "inspect": gettext_noop("The inspection was passed"),
    "return": gettext_noop("Returned to you for completion"),
    "answer": gettext_noop("Your answers were received"),
    "answer_at_counter": gettext_noop("Your answers were received at a service centre"),
    "correct": gettext_noop("Your answers were corrected"),
    "send_back": gettext_noop("Sent back for further study"),
    "approve": gettext_noop("Your request was approved"),
    "reject": gettext_noop("Your request was refused"),
    "record_payment": gettext_noop("Payment recorded"),
    "issue": gettext_noop("Your document was issued"),
    "dispatch": gettext_noop("Entered in the outgoing register"),
    "refer": gettext_noop("Referred to another office"),
    "withdraw": gettext_noop("Request withdrawn"),
    "file": gettext_noop("Your request was closed and archived"),
    "reopen": gettext_noop("Your request was re-opened"),
    **ending_words.TITLES,
    **rights_words.TITLES,
}


def title(event: Event, titles: Mapping[str, str] = TITLES) -> str:
    """What happened, in a few words; of a stage that ended, which one. `titles` may hold other words for some moves."""
    if event.move == outside.MOVE:
        return outside_words.title(event)
    name = "answer_at_counter" if was_at_counter(event) else event.move
    words = titles.get(name, TITLES[name])
    return _(words) % {"stage": _title_of(event, event.from_stage)} if "%(" in words else _(words)


def was_at_counter(event: Event) -> bool:
    """Was this an answer that a clerk gave for a visitor? Lists read an event's facts, and not in which role it was."""
    return event.move == "answer" and "visit" in event.facts


def _office(event: Event) -> str:
    """The office that acted."""
    return event.office.name if event.office else ""


def describe_office_of(event: Event) -> str:
    """The office the file went to by this event, by the code among its facts; empty when it stayed."""
    code = event.facts.get("branch") or (event.facts.get("to") if "sent_by" in event.facts else "") or ""
    office = office_by_code(code)
    return office.name if office else code


def _suspended(event: Event) -> str:
    code = event.facts.get("sent_by", "")
    office = office_by_code(code)
    return office.name if office else code


def _number(event: Event, key: str) -> str:
    """A register number as people quote it: number/Hijri year, kept together in either direction."""
    return f"\u2068{event.facts.get(key, '')}/{event.facts.get('hijri_year', '')}\u2069"


def _stage(event: Event) -> str:
    return _title_of(event, event.to_stage)


def _title_of(event: Event, stage: str) -> str:
    return str(service_types.get(event.transaction.service).stage(stage).title)


def _visited(event: Event) -> str:
    """The day of a visit on site, in words."""
    return day_in_words(parse_date(str(event.facts.get("visited_on", ""))))


def _inspect(event: Event) -> str:
    sentence = _("The place was inspected on %(day)s and is as required. Next: %(stage)s.")
    return sentence % {"day": _visited(event), "stage": _stage(event)}


def _return(event: Event) -> str:
    if "inspection" in event.facts:
        sentence = _("The place was inspected on %(day)s and is not as required.") % {"day": _visited(event)}
        return f"{sentence} {_points(event)}"
    return _points(event)


def _points(event: Event) -> str:
    count = int(event.facts.get("count", 0))
    return ngettext(
        "There is %(count)d point to complete. The clock is stopped until you answer.",
        "There are %(count)d points to complete. The clock is stopped until you answer.",
        count,
    ) % {"count": count}


def _approve(event: Event) -> str:
    if event.to_status == Status.AWAITING_PAYMENT:
        return _("The fee is %(amount)s SAR. Your request is awaiting payment.") % {
            "amount": f"\u2068{event.facts.get('amount', '')}\u2069"
        }
    return _("Next: %(stage)s.") % {"stage": _stage(event)}


def _correct(event: Event) -> str:
    count = len(event.facts.get("changes", ()))
    sentence = ngettext(
        "%(office)s corrected %(count)d answer. Reason: %(reason)s",
        "%(office)s corrected %(count)d answers. Reason: %(reason)s",
        count,
    )
    return sentence % {"office": _office(event), "count": count, "reason": two_languages.reason_of(event)}


def _answer(event: Event) -> str:
    if not was_at_counter(event):
        return _("Your answers went to the reviewer, and the clock has resumed.")
    if event.facts.get("whom") == CounterVisit.Whom.OFFICE:
        sentence = _(
            "A clerk at %(office)s sent them after seeing the original ID of a member of the engineering office."
        )
    else:
        sentence = _("A clerk at %(office)s sent them after seeing the owner's original ID.")
    otherwise = _("If you did not ask for this, tell any service centre.")
    return f"{sentence % {'office': _office(event)}} {otherwise}"


def changes_of(event: Event) -> list[Change]:
    """The answers an event changed, old beside new, for those who may read the answers."""
    return in_readers_words(service_types.get(event.transaction.service), event.facts.get("changes", ()))


def _incident(event: Event) -> str:
    """From the last notice of the incident, so that a correction is read here as well."""
    notice = memory.notice_of(event.facts.get("incident"))
    if notice is None:
        return _("The days it lasts are not counted.")
    if notice.ended_at:
        sentence = _("From %(start)s until %(end)s; the working days between are not counted. %(text)s")
        return sentence % {"start": moment(notice.starts_at), "end": moment(notice.ended_at), "text": notice.text}
    sentence = _("Since %(start)s; the working days it lasts are not counted. %(text)s")
    return sentence % {"start": moment(notice.starts_at), "text": notice.text}


def _with_reason(sentence: str) -> Callable[[Event], str]:
    return lambda event: _(sentence) % {"office": describe_office_of(event), "reason": two_languages.reason_of(event)}


SENTENCES: dict[str, Callable[[Event], str]] = {
    "submit": lambda event: (
        _("Your reference number is %(reference)s.") % {"reference": isolated(event.transaction.reference)}
    ),
    "route": lambda event: _("It is now with %(office)s.") % {"office": describe_office_of(event)},
    "register": lambda event: (
        _("%(office)s entered it under incoming number %(number)s.")
        % {"office": _office(event), "number": _number(event, "incoming")}
    ),
    "take": lambda event: _("An employee of %(office)s is working on it.") % {"office": _office(event)},
    "reassign": lambda event: _("Another employee of %(office)s is now working on it.") % {"office": _office(event)},
    "hand_over": lambda event: (
        _("%(office)s is closed for now. Your request continues at %(to)s under the same number and due date.")
        % {"office": _suspended(event), "to": describe_office_of(event)}
    ),
    "stay": lambda event: (
        _("%(office)s is closed for now. Your request keeps its place there, and its number stays valid.")
        % {"office": _suspended(event)}
    ),
    "stop_clock": lambda event: _incident(event),
    "outside_answer": lambda event: outside_words.sentence(event),
    "give_back": lambda event: _("The request keeps its place and its due date."),
    "recommend": lambda event: _("Next: %(stage)s.") % {"stage": _stage(event)},
    "advise_refusal": lambda event: _("Next: %(stage)s.") % {"stage": _stage(event)},
    "inspect": _inspect,
    "return": _return,
    "answer": _answer,
    "correct": _correct,
    "send_back": lambda event: _("The supervisor asked for further study before deciding."),
    "approve": _approve,
    "reject": _with_reason(gettext_noop("Reason: %(reason)s")),
    "record_payment": lambda event: (
        _("The fee of %(amount)s SAR is paid.") % {"amount": f"\u2068{event.facts.get('amount', '')}\u2069"}
    ),
    "issue": lambda event: (
        _("%(document)s number %(number)s is issued.")
        % {
            "document": service_types.get(event.transaction.service).output.title,
            "number": f"\u2068{event.facts.get('number', '')}\u2069",
        }
    ),
    "dispatch": lambda event: (
        _("Outgoing number %(number)s was given, addressed to: %(recipient)s.")
        % {
            "number": _number(event, "outgoing"),
            "recipient": service_types.get(event.transaction.service).output.recipient,
        }
    ),
    "refer": _with_reason(gettext_noop("Sent to %(office)s. Reason: %(reason)s")),
    "withdraw": lambda event: _("The request was cancelled at the applicant's request."),
    "file": lambda event: _("Its reference number stays valid for inquiries."),
    "reopen": _with_reason(gettext_noop("The request will be reviewed again. Reason: %(reason)s")),
    **ending_words.SENTENCES,
    **rights_words.SENTENCES,
}


def sentence(event: Event) -> str:
    return SENTENCES[event.move](event)


def reason_shown(event: Event) -> str:
    """A reason of the office that the applicant may read and that is not part of the sentence already."""
    if event.move != "approve":
        return ""
    conditions = two_languages.conditions_in_words(event.facts.get("conditions", {}))
    return "\n".join(part for part in (two_languages.reason_of(event), conditions) if part)


def status_words(case: Transaction) -> StrOrPromise:
    """The status; of a file in the archive also how it ended."""
    label = Status(case.status).label
    if case.outcome is None or case.outcome == case.status:
        return label
    return _("%(status)s – %(outcome)s") % {"status": label, "outcome": case.outcome.label}


def headline(case: Transaction) -> str:
    """Where the file is now, in one sentence."""
    office = case.held_by.name if case.held_by else ""
    match case.outcome or Status(case.status):
        case Status.SUBMITTED:
            return _("We have your request and are sending it to the office that handles it.")
        case Status.INCOMING:
            return _("Your request is at %(office)s, waiting to be registered.") % {"office": office}
        case Status.RETURNED:
            return _("Your request is waiting for you: complete what was asked so that it can continue.")
        case Status.AWAITING_PAYMENT:
            return _("Your request is approved and awaiting payment of the fee.")
        case Status.APPROVED:
            return _("Your request is approved. %(office)s is preparing your document.") % {"office": office}
        case Status.ISSUED:
            return _("Your document was issued on %(day)s.") % {"day": day_in_words(case.issued_at)}
        case Status.COMPLETED:
            return _("Your approved request has its outgoing number and is addressed to %(recipient)s.") % {
                "recipient": case.service_type.output.recipient
            }
        case Status.REJECTED:
            return _("Your request was refused on %(day)s. The reason is given with the decision.") % {
                "day": day_in_words(case.rejected_at)
            }
        case Status.WITHDRAWN:
            return _("This request was cancelled by the applicant.")
        case _other:
            return _("Your request is at %(office)s, in the stage “%(stage)s”.") % {
                "office": office,
                "stage": case.current_stage.title,
            }


def describe_recipient(line: Movement, service: service_types.ServiceType) -> str:
    """Who a file went out to: the body the service names in the reader's language, anybody else as written."""
    return two_languages.as_read(line.recipient, service.output.recipient)


def explain_obstacle(case: Transaction, move: Move, obstacle: Obstacle | None) -> str:
    """Why a move is not open on a case, to the person who cannot make it: what would have to be otherwise."""
    words = {"move": move.label, "status": Status(case.status).label}
    if obstacle is Obstacle.STATUS:
        sources = _(", ").join(
            _("“%(status)s”") % {"status": status.label} for status in Status if status in move.sources
        )
        return _("“%(move)s” needs a case that is %(sources)s; this one is “%(status)s”.") % {
            **words,
            "sources": sources,
        }
    stage = case.current_stage
    if obstacle is Obstacle.STAGE:
        if stage.finish is None:
            return _("“%(move)s” does not end any stage of this case: the stage it is in is no longer used.") % words
        return _("The stage “%(stage)s” does not end with “%(move)s” but with “%(finish)s”.") % {
            **words,
            "stage": stage.title,
            "finish": BY_NAME[stage.finish].label,
        }
    if obstacle is Obstacle.DUTIES:
        return _("“%(move)s” is for someone else: you have acted on this case in a role that this one checks.") % words
    roles = _(", ").join(str(_role_label(stage.role if who is Actor.STAGE_ROLE else who)) for who in move.who)
    return _("“%(move)s” is for: %(roles)s, at %(office)s.") % {
        **words,
        "roles": roles,
        "office": case.held_by.name if case.held_by else "—",
    }


def _role_label(who: str) -> StrOrPromise:
    if who == Actor.OWNER:
        return _("The owner, or whoever their document allows to act for them")
    if who == Actor.ENGINEERING_OFFICE:
        return _("The engineering office that acts for them")
    if who == Actor.AT_COUNTER:
        return _("A clerk, while the applicant is at the counter")
    if who in (Actor.OBJECTIONS, Actor.COMPLAINTS):
        return _("A supervisor who has not acted on the case, while an objection or a complaint is waiting")
    return Role(who).label if who in Role.values else _("The applicant")


def only_for(service: service_types.ServiceType, when: service_types.Condition | None) -> str:
    """For which answers a document is asked or a stage gone through, in words; empty when for all."""
    if when is None:
        return ""
    return str(when.words) if when.words else _("Only if %(condition)s") % {"condition": _met(service, when)}


def _met(service: service_types.ServiceType, when: service_types.Condition) -> str:
    """A condition as the middle of a sentence."""
    match when:
        case service_types.And(parts=parts):
            return _(" and ").join(_within(service, part) for part in parts)
        case service_types.Or(parts=parts):
            return _(", or ").join(_within(service, part) for part in parts)
        case service_types.Not(part=part):
            return _("it is not the case that %(condition)s") % {"condition": _within(service, part)}
    (name,) = when.names
    asked = next((field for field in service.fields() if field.name == name), None)
    field = asked if isinstance(asked, service_types.Field) else None
    sentence = {"question": str(field.label) if field else name}
    match when:
        case service_types.OneOf(values=values):
            names = dict(field.choices) if field else {}
            answers = _(" or ").join(str(names.get(value, value)) for value in values)
            return _("“%(question)s” is: %(answers)s") % {**sentence, "answers": answers}
        case service_types.Greater(than=than) | service_types.Less(than=than):
            unit = field.unit if field else ""
            above = isinstance(when, service_types.Greater)
            words = _("“%(question)s” is more than %(n)s") if above else _("“%(question)s” is less than %(n)s")
            return words % {**sentence, "n": f"\u2068{f'{than} {unit}'.strip()}\u2069"}
        case _other:
            return _("“%(question)s” is answered") % sentence


def _within(service: service_types.ServiceType, part: service_types.Condition) -> str:
    """A condition inside another; several that belong together are put in brackets."""
    words = _met(service, part)
    return f"({words})" if isinstance(part, service_types.And | service_types.Or) else words
