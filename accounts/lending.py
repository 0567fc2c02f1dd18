"""Capacity lent for some days: a post in another office, or as deputy of a supervisor in one's own.

A supervisor proposes it and an administrator confirms. What is given is an ordinary post with a last day: it lets the
person see and do what that post always does, and ends by itself.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from municipality.models import Office
from municipality.services import office_by_code

from . import access_log, four_eyes, services
from .access import needs_second_factor, staff_posts_of
from .errors import AccountError
from .models import NO_CASE_ROLES, Act, Proposal, Role, StaffPost, User

Kind = Proposal.Kind
# Whoever is needed for longer gets a post of their own.
MAX_DAYS = 366


def posts_to_lend(user: User, on: date) -> list[StaffPost]:
    """The posts of the people this person supervises; one query, none for whoever supervises nobody."""
    supervised = [post.office_id for post in staff_posts_of(user, on) if post.role == Role.SUPERVISOR]
    if not supervised or needs_second_factor(user):
        return []
    held = StaffPost.objects.current(on).filter(office__in=supervised, user__is_active=True).exclude(user=user)
    rows = held.exclude(role__in=NO_CASE_ROLES).select_related("user", "office")
    return list(rows.order_by("user__full_name", "pk"))


def lend(
    post: StaffPost,
    office: Office,
    *,
    as_deputy: bool = False,
    starts_on: date,
    ends_on: date,
    reason: str,
    by: User,
    now: datetime | None = None,
) -> Proposal:
    """Propose that whoever holds this post works for some days in another office as well, in the same role; or, as
    deputy, as a supervisor of their own. AccountError `not_yours_to_lend`, `wrong_days`, `has_post`, `own_office`, and
    as `four_eyes.propose`; ValidationError for a role the office does not have.
    """
    now = now or timezone.now()
    today = timezone.localdate(now)
    if post.pk not in {own.pk for own in posts_to_lend(by, today)}:
        raise AccountError("not_yours_to_lend", _("Only a supervisor of this person can lend them."))
    if ends_on < starts_on or ends_on <= today or (ends_on - starts_on).days >= MAX_DAYS:
        message = _("Give a first and a last day, at most a year apart; the last one lies after today.")
        raise AccountError("wrong_days", message)
    role = Role.SUPERVISOR.value if as_deputy else post.role
    if as_deputy and office.pk != post.office_id:
        raise AccountError("own_office", _("A deputy stands in for a supervisor of their own office."))
    if not as_deputy and office.pk == post.office_id:
        raise AccountError("own_office", _("Choose another office: they work in this one already."))
    StaffPost(office=office, role=role, starts_on=starts_on, ends_on=ends_on).clean()
    if _holds(post.user, office, role, starts_on):
        raise AccountError("has_post", _("This person already holds this post."))
    facts = {"lent_from": post.office.code, "held": post.role}
    what = f"{post.pk}:{office.pk}:{role}:{starts_on}:{ends_on}"
    row: dict[str, Any] = {"office": office, "role": role, "starts_on": starts_on, "ends_on": ends_on}
    return four_eyes.propose(Kind.LEND, what, facts, reason=reason, by=by, now=now, person=post.user, **row)


def _holds(person: User, office: Office, role: str, on: date) -> bool:
    return StaffPost.objects.current(on).filter(user=person, office=office, role=role).exists()


def _holds_what_is_lent(proposal: Proposal, person: User, on: date) -> bool:
    facts = proposal.facts or {}
    office = office_by_code(facts.get("lent_from", ""))
    return office is not None and _holds(person, office, facts.get("held", ""), on)


@four_eyes.may_propose(Kind.LEND)
def _is_supervisor(by: User, facts: dict[str, Any] | None) -> bool:
    """Of the office the person is lent from; asked when it is proposed and again when it is confirmed."""
    office = office_by_code((facts or {}).get("lent_from", ""))
    posts = StaffPost.objects.current(timezone.localdate()).filter(user=by, office=office, role=Role.SUPERVISOR)
    return office is not None and by.is_active and posts.exists()


@four_eyes.carries_out(Kind.LEND)
def _give(proposal: Proposal, by: User | None, now: datetime) -> None:
    person, office, today = proposal.person, proposal.office, timezone.localdate(now)
    if person is None or office is None or proposal.starts_on is None or proposal.ends_on is None:
        raise ValidationError(_("This proposal is not complete."))
    if proposal.ends_on <= today or not person.is_active:
        raise ValidationError(_("These days have passed, or the account of the person is closed."))
    on = max(proposal.starts_on, today)
    if not all(_holds_what_is_lent(proposal, person, day) for day in {today, on}):
        raise ValidationError(_("This person no longer holds the post they were to be lent from."))
    if _holds(person, office, proposal.role, on):
        raise ValidationError(_("This person already holds this post."))
    services.create_staff_post(person, office, proposal.role, on=on, until=proposal.ends_on)
    access_log.record(Act.POST_GIVEN, by=by, person=person, office=office, subject=proposal.role, now=now)
