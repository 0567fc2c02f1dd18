"""What gives somebody power takes two administrators: one proposes, another confirms or refuses before it ends.

Posts with a deciding role (`models.DECIDING_ROLES`), and of everybody who holds power (`access.holds_power`) what opens
their account: the mobile, the second factor, opening it when it was closed. Pages, commands and tasks come through
here; `services` refuses what did not. What takes power away takes one. Where there is no second administrator, whoever
runs the machine carries a proposal out from the command line (`confirm_alone`), on record like the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.db.locks import take_lock
from core.text import prose
from municipality.models import Office

from . import access_log, services
from .access import holds_power, is_administrator, needs_second_factor
from .errors import AccountError
from .identity import clean_mobile
from .models import DECIDING_ROLES, Act, Proposal, Role, StaffPost, User
from .signals import power_used, superuser_made

Kind, Outcome = Proposal.Kind, Proposal.Outcome
CarryOut = Callable[[Proposal, User | None, datetime], None]
# What other rooms do with two administrators, by kind; this one does not know what it is.
_carried: dict[str, CarryOut] = {}
_described: dict[str, Callable[[Proposal], list[str]]] = {}
# Who but an administrator may propose something, by kind.
MayPropose = Callable[[User, "dict[str, Any] | None"], bool]
_proposers: dict[str, MayPropose] = {}
ACTS = {
    "proposed": Act.PROPOSED,
    Outcome.CONFIRMED: Act.CONFIRMED,
    Outcome.REFUSED: Act.REFUSED,
    Outcome.WITHDRAWN: Act.REFUSED,
    Outcome.FORCED: Act.FORCED,
}


# -- proposing -------------------------------------------------------------------------------------------------


@transaction.atomic
def give_post(
    person: User,
    office: Office,
    role: str,
    *,
    starts_on: date,
    ends_on: date | None = None,
    reason: str = "",
    by: User | None,
    now: datetime | None = None,
) -> StaffPost | Proposal:
    """A post with a deciding role is proposed; another is given at once. AccountError as `_propose`; `has_post`.
    ValidationError for a role there is not, one the office cannot have, and for days nobody means.
    """
    now = now or timezone.now()
    if ends_on and ends_on < starts_on:
        raise AccountError("ends_before", _("The end date is before the start date."))
    asked = StaffPost(office=office, role=role, starts_on=starts_on, ends_on=ends_on)
    asked.clean_fields(exclude=["user", "office"])
    asked.clean()
    if StaffPost.objects.current(timezone.localdate(now)).filter(user=person, office=office, role=role).exists():
        raise AccountError("has_post", _("This person already holds this post."))
    if role in DECIDING_ROLES:
        facts = {"office": office, "role": role, "starts_on": starts_on, "ends_on": ends_on}
        what = f"{office.pk}:{role}:{starts_on}:{ends_on}"
        return _propose(Kind.POST, person, what, reason=reason, by=by, now=now, **facts)
    _require_administrator(by)
    post = services.create_staff_post(person, office, role, on=starts_on, until=ends_on)
    access_log.record(Act.POST_GIVEN, by=by, person=person, office=office, subject=role, now=now)
    return post


@transaction.atomic
def set_end(
    post: StaffPost, ends_on: date | None, *, reason: str = "", by: User | None, now: datetime | None = None
) -> StaffPost | Proposal:
    """Ending a post sooner is done at once; letting one with a deciding role last longer is proposed."""
    now = now or timezone.now()
    locked = StaffPost.objects.select_for_update(of=("self",)).select_related("user", "office").get(pk=post.pk)
    if ends_on and ends_on < locked.starts_on:
        raise AccountError("ends_before", _("The end date is before the start date."))
    if ends_on == locked.ends_on:
        return locked
    StaffPost(role=locked.role, starts_on=locked.starts_on, ends_on=ends_on).clean()
    longer = ends_on is None or (locked.ends_on is not None and ends_on > locked.ends_on)
    if longer and locked.role in DECIDING_ROLES:
        facts = {"office": locked.office, "role": locked.role, "post": locked, "ends_on": ends_on}
        change = f"{locked.pk}:{ends_on}"
        return _propose(Kind.TERM, locked.user, change, reason=reason, by=by, now=now, **facts)
    _require_administrator(by)
    if not longer and ends_on is not None:
        refuse_last_administrator(locked, ends_on)
    locked.ends_on = ends_on
    locked.save(update_fields=["ends_on"])
    act = Act.POST_GIVEN if longer else Act.POST_ENDED
    access_log.record(act, by=by, person=locked.user, office=locked.office, subject=locked.role, now=now)
    return locked


@transaction.atomic
def change_phone(
    person: User, phone: str, *, reason: str = "", by: User | None, now: datetime | None = None
) -> User | Proposal:
    """The mobile of whoever holds power is proposed; another's is changed at once. ValidationError for a bad one."""
    now, phone = now or timezone.now(), clean_mobile(phone)
    if holds_power(person):
        return _propose(Kind.PHONE, person, phone, reason=reason, by=by, now=now, phone=phone)
    return services.change_phone(person, phone, by=_require_administrator(by), now=now)


@transaction.atomic
def remove_second_factor(
    person: User, *, reason: str = "", by: User | None, now: datetime | None = None
) -> User | Proposal:
    """The second factor of whoever holds power is proposed to be removed; another's is removed at once."""
    now = now or timezone.now()
    if holds_power(person):
        return _propose(Kind.SECOND_FACTOR, person, "", reason=reason, by=by, now=now)
    services.remove_second_factor(person, by=_require_administrator(by), now=now)
    return person


@transaction.atomic
def open_account(person: User, *, reason: str = "", by: User | None, now: datetime | None = None) -> User | Proposal:
    """The closed account of whoever holds power is proposed to be opened; another's is opened at once."""
    if holds_power(person):
        return _propose(Kind.ACCOUNT, person, "", reason=reason, by=by, now=now or timezone.now())
    _require_administrator(by)
    User.objects.filter(pk=person.pk).update(is_active=True)
    return person


def carries_out(kind: Proposal.Kind) -> Callable[[CarryOut], CarryOut]:
    """Register what another room does when a proposal of this kind is confirmed: called with the proposal, whoever
    confirmed it and the moment, inside the transaction of the answer. ValidationError keeps it waiting.
    """

    def remember(does: CarryOut) -> CarryOut:
        _carried[kind] = does
        return does

    return remember


def describes(kind: Proposal.Kind) -> Callable[[Callable[[Proposal], list[str]]], Callable[[Proposal], list[str]]]:
    """Register how a proposal of this kind reads, line by line."""

    def remember(words: Callable[[Proposal], list[str]]) -> Callable[[Proposal], list[str]]:
        _described[kind] = words
        return words

    return remember


def may_propose(kind: Proposal.Kind) -> Callable[[MayPropose], MayPropose]:
    """Register who proposes this kind instead of an administrator: called with them and the facts."""

    def remember(may: MayPropose) -> MayPropose:
        _proposers[kind] = may
        return may

    return remember


def _require_proposer(kind: str, by: User | None, facts: dict[str, Any] | None) -> None:
    if kind not in _proposers:
        _require_administrator(by)
    elif by is None or needs_second_factor(by) or not _proposers[kind](by, facts):
        raise AccountError("not_yours_to_propose", _("You cannot propose this."))


def _still_proposer(proposal: Proposal) -> bool:
    if proposal.proposed_by is None:
        return False
    may = _proposers.get(proposal.kind)
    return may(proposal.proposed_by, proposal.facts) if may else is_administrator(proposal.proposed_by)


def second(proposal: Proposal, by: User | None) -> User | None:
    """Who confirmed it, for the records of another room; nobody where it was carried out without a second person."""
    return None if by is None or by.pk == proposal.proposed_by_id else by


def in_words(proposal: Proposal) -> list[str]:
    """What is proposed, where another room proposed it; nothing otherwise."""
    words = _described.get(proposal.kind)
    return words(proposal) if words else []


@transaction.atomic
def propose(
    kind: Proposal.Kind,
    what: str,
    facts: dict[str, Any],
    *,
    reason: str,
    by: User | None,
    now: datetime | None = None,
    person: User | None = None,
    **row: Any,
) -> Proposal:
    """Propose what another module does (`carries_out`); `facts` are all it needs, `what` tells one from another, `row`
    are further columns.

    AccountError `reason_missing`, `not_an_administrator`.
    """
    return _propose(kind, person, what, reason=reason, by=by, now=now or timezone.now(), facts=facts, **row)


def refuse_last_administrator(post: StaffPost, ends_on: date) -> None:
    """AccountError `last_administrator`: nobody ends the post after which the city has no administrator any more."""
    if post.role != Role.ADMINISTRATOR:
        return
    others = StaffPost.objects.current(ends_on).filter(role=Role.ADMINISTRATOR, user__is_active=True)
    stay = others.exclude(user=post.user).filter(Q(ends_on=None) | Q(ends_on__gt=ends_on))
    if not stay.exists():
        message = _("This is the last administrator. Appoint another first: without one, nobody could assign posts.")
        raise AccountError("last_administrator", message)


def refuse_closing_last_administrator(person: User, today: date) -> None:
    """The same of whoever's account is to be closed."""
    for post in StaffPost.objects.current(today).filter(user=person, role=Role.ADMINISTRATOR):
        refuse_last_administrator(post, today)


@transaction.atomic
def close_account(person: User, *, by: User | None, now: datetime | None = None) -> User:
    """At once, since it takes power away; AccountError `last_administrator` for the last one who has it."""
    _require_administrator(by)
    refuse_closing_last_administrator(person, timezone.localdate(now))
    person.is_active = False
    person.save(update_fields=["is_active"])
    return person


def _require_administrator(by: User | None) -> User | None:
    """Pages ask before; the service asks again, of what the database says now. None is the command line."""
    if by is not None and (needs_second_factor(by) or not is_administrator(User.objects.get(pk=by.pk))):
        raise AccountError("not_an_administrator", _("Only an administrator can do this."))
    return by


def _propose(
    kind: Proposal.Kind, person: User | None, what: str, *, reason: str, by: User | None, now: datetime, **facts: Any
) -> Proposal:
    """AccountError `reason_missing`, `not_an_administrator`. The same proposed again is the one that waits."""
    _require_proposer(kind, by, facts.get("facts"))
    reason = prose(reason)[:1000]
    if not reason:
        raise AccountError("reason_missing", _("Give the reason: a second administrator will decide."))
    about = person.pk if person else ""
    take_lock(f"power:{about or kind}")
    same = f"{kind}:{about}:{what}"
    expire_proposals(now)
    if waiting := Proposal.objects.filter(same=same, outcome=Outcome.WAITING).first():
        return waiting
    ends = now + timedelta(days=settings.FOUR_EYES_DAYS)
    made = Proposal.objects.create(
        kind=kind, person=person, same=same, reason=reason, proposed_by=by, proposed_at=now, expires_at=ends, **facts
    )
    _record_step(made, "proposed", by, now)
    return made


# -- answering -------------------------------------------------------------------------------------------------


def reason_not_to_confirm(proposal: Proposal, by: User, now: datetime) -> str:
    """What keeps this person from confirming, in words; nothing when they may."""
    if not proposal.is_pending(now):
        return _("This proposal has been answered or has expired.")
    if proposal.proposed_by_id == by.pk:
        return _("You proposed this yourself. Another administrator has to confirm it.")
    if by.pk == proposal.person_id or by.national_id in _ids_in(proposal):
        return _("This is about yourself. Another administrator has to confirm it.")
    if not _still_proposer(proposal):
        return _("The proposer may no longer propose this. Refuse this proposal and make a new one.")
    return ""


def _ids_in(proposal: Proposal) -> set[str]:
    """The ID numbers of whom a list is about (newcomers.py)."""
    people = (proposal.facts or {}).get("people", ()) if proposal.kind == Kind.PEOPLE else ()
    return {facts["national_id"] for facts in people}


@transaction.atomic
def confirm(proposal: Proposal, *, by: User, now: datetime | None = None) -> Proposal:
    """The second administrator agrees, and it is carried out. AccountError `not_yours_to_confirm`."""
    now = now or timezone.now()
    locked = _locked(proposal)
    _require_administrator(by)
    if message := reason_not_to_confirm(locked, by, now):
        raise AccountError("not_yours_to_confirm", message)
    _carry_out(locked, by, now)
    return _answer(locked, Outcome.CONFIRMED, by, "", now)


@transaction.atomic
def refuse(proposal: Proposal, *, reason: str, by: User, now: datetime | None = None) -> Proposal:
    """An administrator refuses it, or takes back their own. AccountError `answered`, `reason_missing`."""
    now = now or timezone.now()
    locked = _locked(proposal)
    _require_administrator(by)
    if not locked.is_pending(now):
        raise AccountError("answered", _("This proposal has been answered or has expired."))
    own = locked.proposed_by_id == by.pk
    if not (own or prose(reason)):
        raise AccountError("reason_missing", _("Give the reason for refusing."))
    return _answer(locked, Outcome.WITHDRAWN if own else Outcome.REFUSED, by, reason, now)


@transaction.atomic
def confirm_alone(proposal: Proposal, *, reason: str, now: datetime | None = None) -> Proposal:
    """Carry it out without a second administrator, from the command line. AccountError `answered`, `reason_missing`."""
    now = now or timezone.now()
    locked = _locked(proposal)
    if not locked.is_pending(now):
        raise AccountError("answered", _("This proposal has been answered or has expired."))
    if not prose(reason):
        raise AccountError("reason_missing", _("Explain why there is no second administrator."))
    _carry_out(locked, locked.proposed_by, now)
    return _answer(locked, Outcome.FORCED, None, reason, now)


@transaction.atomic
def expire_proposals(now: datetime) -> int:
    """Proposals whose time is over end without an answer; returns how many."""
    over = Proposal.objects.filter(outcome=Outcome.WAITING, expires_at__lte=now)
    return over.update(outcome=Outcome.LAPSED, answered_at=now)


def _locked(proposal: Proposal) -> Proposal:
    rows = Proposal.objects.select_for_update(of=("self",))
    return rows.select_related("person", "office", "post", "proposed_by").get(pk=proposal.pk)


def _carry_out(proposal: Proposal, by: User | None, now: datetime) -> None:
    if carry_out := _carried.get(proposal.kind):
        carry_out(proposal, by, now)
        return
    person = User.objects.get(proposals=proposal)
    match proposal.kind:
        case Kind.POST:
            on = max(proposal.starts_on or timezone.localdate(now), timezone.localdate(proposal.proposed_at))
            office = Office.objects.get(proposals=proposal)
            if StaffPost.objects.current(on).filter(user=person, office=office, role=proposal.role).exists():
                raise ValidationError(_("This person already holds this post."))
            services.create_staff_post(person, office, proposal.role, on=on, until=proposal.ends_on)
        case Kind.TERM:
            post = StaffPost.objects.select_for_update().get(proposals=proposal)
            post.ends_on = proposal.ends_on
            post.save(update_fields=["ends_on"])
        case Kind.PHONE:
            services.change_phone(person, proposal.phone, by=by, agreed=proposal, now=now)
        case Kind.SECOND_FACTOR:
            services.remove_second_factor(person, by=by, agreed=proposal, now=now)
        case Kind.ACCOUNT:
            User.objects.filter(pk=person.pk).update(is_active=True)


def _answer(proposal: Proposal, outcome: Proposal.Outcome, by: User | None, reason: str, now: datetime) -> Proposal:
    proposal.outcome, proposal.answered_by, proposal.answered_at = outcome, by, now
    proposal.answer_reason = prose(reason)[:1000]
    proposal.save(update_fields=["outcome", "answered_by", "answered_at", "answer_reason"])
    _record_step(proposal, outcome, by, now)
    return proposal


def _record_step(proposal: Proposal, step: str, by: User | None, now: datetime) -> None:
    """Signed in the journal by whoever listens, kept in the access log, seen by whoever is on duty."""
    subject = f"{proposal.kind}:{proposal.pk}"
    access_log.record(ACTS[step], by=by, person=proposal.person, office=proposal.office, subject=subject, now=now)
    power_used.send(Proposal, proposal=proposal, step=str(step), by=by, now=now)


def _superuser_made(user: User, **_signal: Any) -> None:
    """`createsuperuser` makes an administrator whom nobody confirmed: on record like the rest."""
    now = timezone.now()
    facts = {"proposed_at": now, "expires_at": now, "answered_at": now, "outcome": Outcome.FORCED}
    same, role = f"{Kind.POST}:{user.pk}:superuser", "superuser"
    made = Proposal.objects.create(kind=Kind.POST, person=user, role=role, reason=role, same=same, **facts)
    _record_step(made, Outcome.FORCED, None, now)


superuser_made.connect(_superuser_made, dispatch_uid="four eyes")
