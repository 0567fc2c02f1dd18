"""Telling people: a notice in the portal at once, SMS and e-mail from the outbox, once each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone, translation

from accounts import emails, mail, sms
from accounts import services as people
from accounts.access import agents_of, engineering_offices_of, office_members_of
from accounts.models import Authorisation, Delegation, EmailChange, NameChange, PhoneChange, User
from accounts.signals import delegation_recorded, email_asked, name_changed, phone_changed
from core import db as database
from core.tracing import request_id
from journal.standing import reason_not_to_write

from .. import access, quotas
from ..domain.gates import Operation
from ..domain.workflow import Actor
from ..incidents import gates
from ..models import AuthorisationEvent, Delivery, Event, IncidentNotice, Notification, Transaction
from ..outbox import queue
from .handovers import enqueue_second_channel, our_key, record_handover
from .messages import email_subject, email_text, sms_text, write_message

# Moves an applicant hears of. Work inside the office shows on the timeline only.
NOTIFIED_MOVES = frozenset(
    {
        "submit",
        "register",
        "inspect",
        "return",
        "remind",
        "approve",
        "reject",
        "record_payment",
        "issue",
        "dispatch",
        "refer",
        "reopen",
        "revoke",
        "replace",
        "withdraw",
        "hand_over",
        "stay",
        "correct",
        "resume",
        "object",
        "uphold",
        "dismiss",
        "complain",
        "escalate",
        "answer_complaint",
        "hand_out",
        "outside_answer",
    }
)


def is_notified(event: Event) -> bool:
    """Does the applicant hear of it? Also of an answer they may not know of: one that was given at a counter."""
    return event.move in NOTIFIED_MOVES or event.actor_role == Actor.AT_COUNTER


def notify_of_event(event: Event, people: Iterable[User], now: datetime) -> None:
    """Create the notices of an event and enqueue their sending. Call inside the event's transaction."""
    notify(people, now, event=event)


def notify(
    people: Iterable[User],
    now: datetime,
    *,
    touched: Mapping[int, int] | None = None,
    **about: Event | AuthorisationEvent | IncidentNotice,
) -> None:
    """Tell people `about` an event of a transaction or of an authorisation, or about an incident; inside the
    transaction that wrote it. `touched`: how many requests of each person an incident touches.
    """
    counts = touched or {}
    rows = [Notification(recipient=person, created_at=now, touched=counts.get(person.pk), **about) for person in people]
    _create(rows, now)


def notify_of_receipts(received: Iterable[Event], now: datetime) -> None:
    """Tell those who hear of each of these requests that it was received, once. The events bear their transactions,
    with applicant and authorisation.
    """
    events = {event.pk: event for event in received}
    notified = set(Notification.objects.filter(event__in=events).values_list("event", flat=True))
    new = [
        Notification(event=event, recipient=person, created_at=now)
        for event in events.values()
        if event.pk not in notified
        for person in recipients_of(
            event.transaction.applicant, event.transaction.authorisation, now, service=event.transaction.service
        )
    ]
    asked_by = queue.request_ids("route", [event.transaction_id for event in events.values()])
    _create(new, now, {event.pk: asked_by.get(event.transaction_id, "") for event in events.values()})


def _create(notices: list[Notification], now: datetime, asked_by: Mapping[int | None, str] | None = None) -> None:
    """Write notices and enqueue those that go by a channel; `asked_by` names the web requests by event."""
    trace = request_id.get()
    waiting = {
        notice.pk: asked_by.get(notice.event_id, trace) if asked_by else trace
        for notice in Notification.objects.bulk_create(notices)
        if channels_of(notice.recipient)
    }
    queue.enqueue_many("notify", waiting, now=now)


def recipients_of(
    applicant: User, authorisation: Authorisation | None, now: datetime, *, service: str = ""
) -> list[User]:
    """Who hears of a request: whose it is, who acts for them, and the people of the office that files it."""
    people = {applicant.pk: applicant}
    people |= {agent.pk: agent for agent in agents_of(applicant, service, timezone.localdate(now))}
    if authorisation is not None and authorisation.status == Authorisation.Status.ACCEPTED:
        people |= {member.pk: member for member in office_members_of(authorisation.office_id, timezone.localdate(now))}
    return list(people.values())


def channels_of(person: User) -> list[Delivery.Channel]:
    """By what this person is sent messages, as they have set it and can be reached."""
    wanted = []
    by_sms = bool(person.phone) and sms.can_reach(person.phone)
    if person.sms_notices and by_sms:
        wanted.append(Delivery.Channel.SMS)
    # To whom no SMS is sent, "by SMS" asked for a message all the same.
    if person.email and (person.email_notices or (person.sms_notices and not by_sms)):
        wanted.append(Delivery.Channel.EMAIL)
    return wanted


@queue.register_handler("notify", attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_notice(notification_id: int, now: datetime) -> Exception | None:
    """Send a notice by every channel its recipient wants. Idempotent: the Delivery row is unique per channel.

    Whoever left the office, or lost the authorisation, since it was written is sent nothing any more. A channel that
    fails is left, and told of; what went out by another is on record and does not go out again. An SMS beyond the
    hour's share (quotas) waits for the next.
    """
    notice = (
        Notification.objects.for_reading()
        .select_related("recipient", "event__transaction__authorisation")
        .get(pk=notification_id)
    )
    if not still_concerned(notice, now):
        return None
    gates.refuse_if_closed(Operation.MESSAGES, now=now)
    sent = set(notice.deliveries.values_list("channel", flat=True))
    went: list[str] = []
    left: Exception | None = None
    with translation.override(notice.recipient.language):
        for channel in channels_of(notice.recipient):
            if channel in sent:
                continue
            try:
                went += _send_by(notice, channel, now)
            except database.DATABASE_UNAVAILABLE:
                raise
            except quotas.SmsWait as full:
                left = queue.Postponed(full.until, queue.Postponed.QUOTA)
            except sms.MessageRefused as refused:
                left = left or refused
                enqueue_second_channel(notice.pk, now)
            except Exception as error:  # whatever a gateway's library raises, the other channel is not to blame
                # While one channel may still work, the row lives.
                left = error if left is None or isinstance(left, sms.MessageRefused | queue.Postponed) else left
    quotas.count_sms(went, now)
    return left


def _send_by(notice: Notification, channel: Delivery.Channel, now: datetime) -> list[str]:
    """Send by one channel within the hour's share of SMS; returns the counts of it to be added to."""
    if channel is not Delivery.Channel.SMS:
        deliver_by(notice, channel, now)
        return []
    phone = notice.recipient.phone
    to_count = quotas.reserve_sms(phone, now)
    try:
        deliver_by(notice, channel, now)
    except database.DATABASE_UNAVAILABLE:
        raise
    except Exception:
        quotas.return_sms(phone, to_count, now)
        raise
    return to_count


def still_concerned(notice: Notification, now: datetime) -> bool:
    """Has its recipient a right to it now: the owner, a delegate, or of an office that may go on with it?

    To what everybody may know, everybody who has an account has.
    """
    if notice.incident_notice is not None:
        return notice.recipient.is_active
    if notice.event is not None:
        case = notice.event.transaction
        owner: int | None = case.applicant_id
        authorisation = case.authorisation
        if authorisation is not None and authorisation.status != Authorisation.Status.ACCEPTED:
            authorisation = None
    else:
        authorisation = notice.authorisation_event.authorisation if notice.authorisation_event else None
        owner = authorisation.owner_id if authorisation else None
    if notice.recipient_id == owner:
        return True
    today = timezone.localdate(now)
    to_approve = notice.authorisation_event.draft if notice.authorisation_event else None
    if to_approve is not None and access.approves(notice.recipient, to_approve):
        return True
    if notice.event is not None and notice.recipient in agents_of(case.applicant, case.service, today):
        return True
    return authorisation is not None and notice.recipient in office_members_of(authorisation.office_id, today)


@receiver(phone_changed)
def _enqueue_phone_warning(*, change: PhoneChange, now: datetime, **_more: Any) -> None:
    queue.enqueue("warn", change.pk, dedupe=f"warn:{change.pk}", now=now)


@queue.register_handler("warn", attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_phone_warning(change_id: int, now: datetime) -> None:
    people.send_phone_warning(change_id)


@receiver(name_changed)
def _enqueue_name_warning(*, change: NameChange, now: datetime, **_more: Any) -> None:
    queue.enqueue("warn_name", change.pk, dedupe=f"warn_name:{change.pk}", now=now)


@queue.register_handler("warn_name", attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_name_warning(change_id: int, now: datetime) -> None:
    people.send_name_warning(change_id)


@receiver(delegation_recorded)
def _enqueue_delegation_warning(*, delegation: Delegation, now: datetime, **_more: Any) -> None:
    queue.enqueue("warn_delegation", delegation.pk, dedupe=f"warn_delegation:{delegation.pk}", now=now)


@queue.register_handler("warn_delegation", attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_delegation_warning(delegation_id: int, now: datetime) -> None:
    people.send_delegation_warning(delegation_id)


@receiver(email_asked)
def _enqueue_email_link(*, asked: EmailChange, now: datetime, **_more: Any) -> None:
    queue.enqueue("confirm_email", asked.pk, dedupe=f"confirm_email:{asked.pk}", now=now)


@queue.register_handler("confirm_email", attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_email_link(asked_id: int, now: datetime) -> None:
    emails.send_link(asked_id, now)


def deliver_by(notice: Notification, channel: Delivery.Channel, now: datetime) -> None:
    """Send by one channel, in the language of its reader, and keep that it went; whatever the gateway raises.

    The row is written first and taken back when nothing went, instead of being rolled back: what was found out about
    the gateway meanwhile (core/outside_http.py) stays.
    """
    delivery = Delivery.objects.create(notification=notice, channel=channel, sent_at=now)
    try:
        gateway_id = _deliver(notice, channel)
    except database.DATABASE_UNAVAILABLE:
        raise
    except Exception:
        delivery.delete()
        raise
    if gateway_id:
        record_handover(delivery, gateway_id, now)


def _deliver(notice: Notification, channel: Delivery.Channel) -> str:
    """Sent again after a crash, a message carries the same key, by which a gateway or a mailbox knows it. Returns what
    a gateway calls it.
    """
    reply, key = write_message(notice, with_points=True), our_key(notice)
    if channel is Delivery.Channel.SMS:
        return sms.send_sms(notice.recipient.phone, sms_text(reply), key=key)
    try:
        mail.send_mail(notice.recipient.email, email_subject(reply), email_text(reply), key=key)
    except SMTPRecipientsRefused as error:
        if all(_is_unknown_address(code, bytes(reply)) for code, reply in error.recipients.values()):
            raise sms.MessageRefused(str(error)) from error
        raise
    return ""


def _is_unknown_address(code: int, reply: bytes) -> bool:
    """Does a mail server say that the address itself is wrong? A refusal of us (5.7.…) may be mended at the server."""
    enhanced = re.match(rb"\s*(\d\.\d+)\.\d+", reply)
    return code in (550, 551, 553) and (enhanced is None or enhanced[1] == b"5.1")


def count_unread(user: User, requests: QuerySet[Transaction], most: int) -> int:
    """How many notices of a person are new, counted no further than `most` + 1 of them.

    `requests` are those of `access.own_requests`. The same as `access.notices_condition` allows, asked by the keys of
    their own rows: joined in one statement, PostgreSQL may walk all events there are.
    """
    unread = Notification.objects.filter(recipient=user, read_at=None).order_by("-created_at", "-pk")
    about = "authorisation_event__authorisation"
    columns = ("event", "incident_notice", f"{about}__owner", f"{about}__office", "authorisation_event__draft")
    rows = list(unread.values_list(*columns)[: most + 1])
    events = {event for event, *_ in rows if event}
    shown = set(requests.filter(events__in=events).order_by().values_list("events", flat=True)) if events else set()
    offices = {office.pk for office in engineering_offices_of(user)}
    drafts = {draft for *_, draft in rows if draft} if user.has_delegations else set()
    known = access.drafts_of_principals(user).filter(pk__in=drafts)
    to_approve = set(known.values_list("pk", flat=True)) if drafts else set()
    return sum(
        incident is not None or event in shown or owner == user.pk or office in offices or draft in to_approve
        for event, incident, owner, office, draft in rows
    )


def mark_read(user: User, now: datetime, *, up_to: int | None = None) -> int:
    """Mark the notices of a person as read, those `up_to` this one by its key; returns how many were not."""
    unread = Notification.objects.filter(recipient=user, read_at=None)
    if up_to is not None:
        unread = unread.filter(pk__lte=up_to)
    return unread.update(read_at=now)


def mark_shown(
    user: User, now: datetime, *, shown: Iterable[Notification] = (), case: Transaction | None = None
) -> None:
    """The page that is made says what these notices, or those about this request, say: they are new no more.

    A page is shown also where nothing may be written (journal.standing).
    """
    about = Q(pk__in=[notice.pk for notice in shown if notice.read_at is None])
    if case is not None:
        about |= Q(event__transaction=case)
    unread = Notification.objects.filter(about, recipient=user, read_at=None)
    if unread.exists() and not reason_not_to_write():
        unread.update(read_at=now)
