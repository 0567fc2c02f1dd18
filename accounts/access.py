"""For whom a person may act, today. Read once for each user object, so a page asks the database once."""

from __future__ import annotations

from datetime import date, datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest
from django.utils import timezone

from municipality.models import Office

from .models import DECIDING_ROLES, Delegation, EngineeringOffice, OfficeMembership, Proposal, Role, StaffPost, User


def staff_posts_of(user: User, on: date | None = None) -> list[StaffPost]:
    """The staff posts this person holds on a day (today)."""
    day = on or timezone.localdate()
    if "_posts" not in user.__dict__:
        works_elsewhere = Exists(OfficeMembership.objects.current(timezone.localdate()).filter(user=OuterRef("user")))
        rows = StaffPost.objects.filter(user=user).select_related("office").annotate(elsewhere=works_elsewhere)
        user.__dict__["_posts"] = list(rows)
        if rows and not rows[0].elsewhere:
            # Said in the same breath, so that no page has to ask whether they work in an engineering office as well.
            user.__dict__.setdefault("_engineering_offices", [])
    posts: list[StaffPost] = user.__dict__["_posts"]
    return [post for post in posts if post.holds(day)]


def roles_in(user: User, office: Office, on: date | None = None) -> set[str]:
    """The roles this person holds in one office."""
    return {post.role for post in staff_posts_of(user, on) if post.office_id == office.pk}


def is_administrator(user: User) -> bool:
    """May this person edit reference data and posts? A superuser may too."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return False
    return user.is_superuser or any(post.role == Role.ADMINISTRATOR for post in staff_posts_of(user))


def holds_power(user: User) -> bool:
    """Is this a member of staff, or about to be one? What opens their account takes two administrators to change.

    Whoever a post is proposed for counts: a mobile changed meanwhile would get what was confirmed for another.
    """
    if user.is_staff or user.is_superuser:
        return True
    to_come = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
    if StaffPost.objects.filter(to_come, user=user, ended_at=None).exists():
        return True
    waiting = user.proposals.filter(kind=Proposal.Kind.POST, outcome=Proposal.Outcome.WAITING)
    return waiting.filter(expires_at__gt=timezone.now()).exists()


def engineering_offices_of(user: User) -> list[EngineeringOffice]:
    """The engineering offices this person works in today, and that may practise: others see and do nothing."""
    if "_engineering_offices" not in user.__dict__:
        today = timezone.localdate()
        user.__dict__["_engineering_offices"] = [
            membership.office
            for membership in user.memberships.current(today).select_related("office")
            if membership.office.may_practise(today)
        ]
    offices: list[EngineeringOffice] = user.__dict__["_engineering_offices"]
    return offices


def delegations_held(user: User, on: date | None = None) -> list[Delegation]:
    """By which this person acts for others on a day (today). Nothing is asked of whoever never had one."""
    if not user.has_delegations:
        return []
    if "_delegations" not in user.__dict__:
        held = Delegation.objects.filter(agent=user, ended_at=None, principal__is_active=True)
        user.__dict__["_delegations"] = list(held.select_related("principal"))
    rows: list[Delegation] = user.__dict__["_delegations"]
    day = on or timezone.localdate()
    return [row for row in rows if row.holds(day)]


def delegation_for(user: User, principal_id: int, service: str, operation: str = "") -> Delegation | None:
    """By what this person acts for another in a service today; following alone, when no operation is named."""
    today = timezone.localdate()
    held = (row for row in delegations_held(user, today) if row.principal_id == principal_id)
    return next((row for row in held if row.covers(service, operation, on=today)), None)


def agents_of(principal: User, service: str, on: date, operation: str = "") -> list[User]:
    """Who acts for somebody in a service on a day; with an operation, who may do that."""
    if not principal.has_delegations:
        return []
    given = delegations_given(principal.pk, service, on)
    return [row.agent for row in given if row.covers(service, operation, on=on)]


def delegations_given(principal_id: int, service: str, on: date, using: str | None = None) -> list[Delegation]:
    """By which others act for somebody in a service on a day. `using` names the database that is asked, where it is not
    the usual one.
    """
    rows = Delegation.objects.current(on).filter(principal=principal_id, agent__is_active=True)
    rows = rows.filter(principal__is_active=True).select_related("agent").order_by("pk").using(using)
    return [row for row in rows if row.covers(service, on=on)]


def office_members_of(office_id: int, on: date, using: str | None = None) -> list[User]:
    """The people of an engineering office that may practise, on a day; none of any other office. `using` names the
    database that is asked, where it is not the usual one.
    """
    practising = EngineeringOffice.objects.practising(on).filter(pk=office_id)
    current = OfficeMembership.objects.current(on).filter(office__in=practising, user__is_active=True)
    return [membership.user for membership in current.select_related("user").order_by("pk").using(using)]


def require_office_member(request: HttpRequest) -> list[EngineeringOffice]:
    """The engineering offices of whoever asks; Http404 for those who work in none."""
    if offices := engineering_offices_of(current_user(request)):
        return offices
    raise Http404


def staff_may_enter(user: User) -> bool:
    """Staff enter the workbench with a post, and with a second factor where that is required."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return False
    return not needs_second_factor(user) and (user.is_superuser or bool(staff_posts_of(user)))


def needs_second_factor(user: User) -> bool:
    """Has this member of staff still to show a second factor? Until then they are an applicant like others.

    It counts in the session it was shown in, and only if that was since it was set up: whoever sets one up elsewhere
    makes no other session of the account strong. Of a person without a session (a task, a command) it is asked whether
    they have one.
    """
    if not (settings.STAFF_MFA_REQUIRED and user.is_staff):
        return False
    if "_second_factor" not in user.__dict__:
        apps = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
        user.__dict__["_second_factor"] = apps.values_list("created_at", flat=True).first()
    since: datetime | None = user.__dict__["_second_factor"]
    if since is None:
        return True
    shown: float | None = getattr(user, "_strong_at", None)
    # Its first code is shown a moment before it is written down.
    return shown is not None and shown + 5 < since.timestamp()


def has_deciding_role(user: User) -> bool:
    """Does this person hold power that no program may have: a deciding role, or all of a superuser's?"""
    return user.is_superuser or (user.is_staff and any(post.role in DECIDING_ROLES for post in staff_posts_of(user)))


def has_second_factor(user: User) -> bool:
    """Is one set up, whether or not it was shown in this session?"""
    return is_mfa_enabled(user)


def current_user(request: HttpRequest) -> User:
    """The person behind a page that requires signing in."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user
