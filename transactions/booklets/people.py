"""Who sees and confirms what is entered from slips."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from accounts.models import Role, User
from municipality.services import offices_by_pk

from .. import access
from ..models import Attachment


def paper_offices_of(user: User) -> list[int]:
    """The centres whose slips this person may confirm: those at whose counter they sit, or that they supervise."""
    above = {post.office_id for post in access.case_posts(user) if post.role == Role.SUPERVISOR}
    below = [office.pk for office in offices_by_pk().values() if office.parent_id in above] if above else []
    return [*access.counters_of(user), *below]


def scan_for(user: User, key: UUID | str) -> Attachment | None:
    """The scan of a slip, for those who may confirm it or have its case."""
    if not user.is_staff:
        return None
    mine = Q(slip__booklet__office__in=paper_offices_of(user)) | Q(slip__transaction__in=access.cases_of_staff(user))
    return Attachment.objects.select_related("transaction", "draft").filter(mine, key=key, removed_at=None).first()
