"""To whom a file may be given."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import staff_posts_of
from accounts.models import Role, User

from .. import access
from ..domain.errors import DomainError
from ..models import Transaction


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
