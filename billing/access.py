"""Who handles money: accountants, with the second factor where it is asked for. Administrators may look."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.access import is_administrator, needs_second_factor, staff_posts_of
from accounts.models import Role, User
from transactions.domain.errors import DomainError


def is_accountant(user: User) -> bool:
    """Does this person hold the post of an accountant now?"""
    if not (user.is_authenticated and user.is_active and user.is_staff) or needs_second_factor(user):
        return False
    return any(post.role == Role.ACCOUNTANT for post in staff_posts_of(user))


def may_see_money(user: User) -> bool:
    """May this person read the lists of money?"""
    return is_accountant(user) or is_administrator(user)


def refuse_unless_accountant(user: User) -> None:
    """DomainError `not_an_accountant`; asked by every service that settles anything."""
    if not is_accountant(user):
        raise DomainError("not_an_accountant", _("Only an accountant can do this."))
