"""To whom a file may be given."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.absences import Absences
from accounts.access import staff_posts_of
from accounts.models import Role, User
from core.day_words import day_in_words

from .. import access
from ..domain.errors import DomainError
from ..models import Transaction


def whom(case: Transaction, to: User, now: datetime, known: Absences) -> User:
    """Who gets a file that is meant for `to`: while they are away, whoever stands in for them. DomainError as
    `check_assignee`; `colleague_away` when nobody does.
    """
    today = timezone.localdate(now)
    stand_in = known.of(to.pk, case.held_by_id, case.current_stage.role, today)
    if stand_in is None:
        check_assignee(case, to, now)
        return to
    words = {"name": to.full_name, "day": day_in_words(stand_in.until)}
    if stand_in.substitute is None:
        message = _("%(name)s is away until %(day)s, and nobody stands in. Choose another colleague.")
        raise DomainError("colleague_away", message % words)
    try:
        check_assignee(case, stand_in.substitute, now)
    except DomainError as error:
        message = _("%(name)s is away until %(day)s. The substitute, %(substitute)s, cannot have the case: %(why)s")
        words |= {"substitute": stand_in.substitute.full_name, "why": str(error.message)}
        raise DomainError("colleague_away", message % words) from error
    return stand_in.substitute


def check_assignee(case: Transaction, to: User, now: datetime) -> None:
    """DomainError when this colleague cannot be given the file at its present stage."""
    role = case.current_stage.role
    if case.assignee_id == to.pk:
        raise DomainError("wrong_assignee", _("It is already assigned to them."))
    here = {post.role for post in staff_posts_of(to, timezone.localdate(now)) if post.office_id == case.held_by_id}
    if not here:
        raise DomainError("wrong_assignee", _("This colleague does not do this stage in this office."))
    if role not in here:
        words = {"stage": case.current_stage.title, "role": Role(role).label}
        raise DomainError("wrong_assignee", _("The stage “%(stage)s” is for: %(role)s.") % words)
    if not to.is_active:
        raise DomainError("wrong_assignee", _("The account of this colleague is closed."))
    if access.acts_for_applicant(to, case):
        raise DomainError("wrong_assignee", _("It is this colleague's own request, or one they act for."))
    if not access.may_be_assigned(to, case, role):
        raise DomainError("wrong_assignee", _("This colleague has acted on the case in a role that this stage checks."))
