"""What a notice says, in the reader's language, and where it leads: in the portal, by SMS, by e-mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.sms import count_parts
from core.text import one_line, without_marks

from ..answers.comparison import describe_change
from ..domain import service_types
from ..incidents.words import affected, moment
from ..models import AuthorisationEvent, Deficiency, Event, IncidentNotice, Notification
from ..text import wording
from ..text.deficiency_words import describe_deficiency

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Kind = AuthorisationEvent.Kind
# Six parts of an Arabic message. Gateways refuse what is longer than they take, for ever.
MAX_SMS_CHARACTERS = 6 * 67
# Moves that tell what is asked, whose points go out with them.
ASKING = ("return", "remind")
# How many points of a return an SMS names, and how much of each.
MAX_POINTS, MAX_POINT_CHARACTERS = 3, 90
# AuthorisationEvent.kind → title and sentence. They go out by SMS too, so they name neither person nor plot.
AUTHORISATION_MESSAGES: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    Kind.AUTHORISED: (
        gettext_lazy("An owner has authorised your office"),
        gettext_lazy("Accept or decline; nothing can be prepared for this plot until then."),
    ),
    Kind.ACCEPTED: (
        gettext_lazy("The engineering office accepted your authorisation"),
        gettext_lazy("It can prepare requests for this plot now. You approve each before it is submitted."),
    ),
    Kind.DECLINED: (
        gettext_lazy("The engineering office declined your authorisation"),
        gettext_lazy("You can authorise another office for this plot."),
    ),
    Kind.REVOKED: (
        gettext_lazy("An owner revoked an authorisation"),
        gettext_lazy(
            "Your office can no longer see this plot. Requests already submitted continue under their numbers."
        ),
    ),
    Kind.SENT: (
        gettext_lazy("A file is waiting for your approval"),
        gettext_lazy("Your engineering office has finished it. Review it, then submit it or ask for changes."),
    ),
    Kind.CHANGES: (
        gettext_lazy("The owner asks for changes"),
        gettext_lazy("Their note is with the file. Change it, then send it to them again."),
    ),
    Kind.APPROVED: (
        gettext_lazy("The owner approved the file"),
        gettext_lazy("It is submitted and has its number."),
    ),
}

# The same, done by somebody who acts for the owner by a document.
ON_BEHALF: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    Kind.CHANGES: (
        gettext_lazy("Changes are asked for on the owner’s behalf"),
        gettext_lazy("The note is with the file. Change it, then send it to the owner again."),
    ),
    Kind.APPROVED: (
        gettext_lazy("The file was approved on the owner’s behalf"),
        gettext_lazy("It is submitted and has its number."),
    ),
}


# What rooms above this one add to what is sent of an event: each returns a sentence, or nothing.
added_sentences: list[Callable[[Event], str]] = []


@dataclass(frozen=True)
class Message:
    """A notice in words. `path` is the page it leads to, `reference` the transaction it is about, if there is one,
    `points` what a return asks for."""

    title: str
    text: str
    path: str
    reference: str = ""
    points: tuple[str, ...] = ()


def write_message(notice: Notification, *, with_points: bool = False) -> Message:
    """The words of a notice, in the language of whoever reads it now. `with_points` asks for those of a return too, and
    for what other rooms add to what is sent.
    """
    if notice.authorisation_event is not None:
        title, text = words_of(notice.authorisation_event)
        return Message(str(title), str(text), page_of_authorisation_event(notice.authorisation_event))
    if notice.incident_notice is not None:
        return _of_incident(notice.incident_notice, touched=notice.touched)
    if notice.event is None:
        raise ValueError(f"notice {notice.pk} tells of nothing")
    reference = notice.event.transaction.reference
    page = reverse("transactions:request", args=[reference])
    points = _points_of(notice.event) if with_points and notice.event.move in ASKING else ()
    added = [add(notice.event) for add in added_sentences] if with_points else []
    text = " ".join([_sentence_of(notice.event), *filter(None, added)])
    return Message(wording.title(notice.event), text, page, reference, points)


def words_of(event: AuthorisationEvent) -> tuple[StrOrPromise, StrOrPromise]:
    """Title and sentence of what an owner, somebody who acts for them, or their office did."""
    on_behalf = ON_BEHALF.get(event.kind) if event.by_id != event.authorisation.owner_id else None
    return on_behalf or AUTHORISATION_MESSAGES[event.kind]


def _of_incident(notice: IncidentNotice, *, touched: int | None = None) -> Message:
    """What is affected, what was announced, and when more is told. It names no request, but how many it `touched`."""
    what = IncidentNotice.What(notice.what).label
    text = notice.text
    if notice.ended_at is None and notice.next_update_at is not None:
        text = f"{text} " + _("Next update: %(time)s") % {"time": moment(notice.next_update_at)} + "."
    if touched:
        text = f"{text} " + _("Open requests of yours that it affects: %(count)d.") % {"count": touched}
    return Message(f"{what}: {affected(notice)}", text, reverse("status"))


def _points_of(event: Event) -> tuple[str, ...]:
    """What this return asked for, or the one this reminds of, a sentence each."""
    service = service_types.get(event.transaction.service)
    asked = Deficiency.objects.filter(transaction=event.transaction_id, round=event.facts.get("round", 0))
    return tuple(one_line(describe_deficiency(item, service)) for item in asked.order_by("pk"))


def _sentence_of(event: Event) -> str:
    """The sentence of an event; of a correction also each answer as it was and as it is."""
    text = wording.sentence(event)
    if event.move != "correct":
        return text
    return " ".join([text, *(f"{describe_change(change)}." for change in wording.changes_of(event))])


def page_of_authorisation_event(event: AuthorisationEvent) -> str:
    """Where the one who is told goes on: the file, or the list of authorisations."""
    if event.draft is not None:
        page = "check" if event.kind == Kind.SENT else "draft"
        return reverse(f"transactions:{page}", args=[event.draft.key])
    if event.kind in (Kind.ACCEPTED, Kind.DECLINED, Kind.SENT):
        return reverse("accounts:authorisations")
    ended = "?show=ended" if event.kind == Kind.REVOKED else ""
    return reverse("accounts:office_authorisations") + ended


def email_subject(message: Message) -> str:
    """The subject of an e-mail."""
    return one_line(f"{message.title} – {message.reference}" if message.reference else message.title)


def write_letter(message: Message) -> str:
    """The text of an SMS or e-mail. Without a number to look up, it says where to go on.

    No invisible marks: they would end a link in a 404, and make a short message of two parts out of one.
    """
    words = {"title": message.title, "sentence": message.text}
    if message.reference:
        text = _("Jeddah Municipality, request %(reference)s: %(title)s. %(sentence)s")
        return without_marks(text % {**words, "reference": message.reference})
    text = _("Jeddah Municipality: %(title)s. %(sentence)s %(link)s")
    return without_marks(text % {**words, "link": settings.PORTAL_URL + message.path})


def email_text(message: Message) -> str:
    """The text of an e-mail: the letter, and of a return every point and where it is answered."""
    if not message.points:
        return write_letter(message)
    points = "".join(f"\n- {point}" for point in message.points)
    return without_marks(f"{write_letter(message)}\n{points}\n\n{settings.PORTAL_URL}{message.path}")


def sms_text(message: Message) -> str:
    """The text of an SMS: the letter as far as it fits; of a return what is missing first, how much more, and where."""
    if not message.points:
        return shorten(write_letter(message))
    text = _("Jeddah Municipality, request %(reference)s: %(title)s. Missing: %(points)s. Complete it here: %(link)s")
    words = {"reference": message.reference, "title": message.title, "link": settings.PORTAL_URL + message.path}
    for count in range(min(len(message.points), MAX_POINTS), 0, -1):
        shown = _("; ").join(_clipped(point) for point in message.points[:count])
        if more := len(message.points) - count:
            said_more = ngettext("%(points)s, and %(count)d more", "%(points)s, and %(count)d more", more)
            shown = said_more % {"points": shown, "count": more}
        whole = without_marks(text % (words | {"points": shown}))
        if len(whole) <= MAX_SMS_CHARACTERS:
            break
    return whole


def _clipped(point: str) -> str:
    """A point as it stands in a row of others: without its stop, and no longer than a line or two."""
    point = point.rstrip(" .;؛")
    return point if len(point) <= MAX_POINT_CHARACTERS else point[:MAX_POINT_CHARACTERS].rsplit(" ", 1)[0] + "…"


def shorten(text: str) -> str:
    """A letter as far as a short message takes it; a reason may be longer than that."""
    if len(text) <= MAX_SMS_CHARACTERS:
        return text
    rest = _("… The rest is in the portal.")
    return text[: MAX_SMS_CHARACTERS - len(rest)].rsplit(" ", 1)[0] + rest


def sms_parts(notice: IncidentNotice, language: str) -> int:
    """In how many parts the notice of an incident goes out by SMS in this language."""
    with translation.override(language):
        return count_parts(sms_text(_of_incident(notice)))
