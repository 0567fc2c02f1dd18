"""The door of a clerk while a visitor stands at the counter: one returned request, and of its files those that the
answer is about. Beside `access`, and opened only by pages that name a visit.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.delegated import Operation
from accounts.models import User

from .. import access, view_log
from ..answers.revision import with_dependants
from ..booklets.people import scan_for
from ..domain import references
from ..domain.errors import NotVisible
from ..domain.workflow import Status
from ..models import Attachment, CounterVisit, Transaction
from ..models.visits import CounterVisitQuerySet

# What the paper of a visitor who acts for the applicant has to allow, by what they come for.
ALLOWED_BY: dict[str, str] = {
    CounterVisit.Purpose.ANSWER: Operation.ANSWER,
    CounterVisit.Purpose.COLLECT: Operation.RECEIVE,
    # Whoever acts for somebody may follow their requests.
    CounterVisit.Purpose.ASK: "",
}


def visits_begun_by(user: User) -> CounterVisitQuerySet:
    """Those this clerk began at a counter where they still sit, also ended ones, newest first; with what pages show."""
    rows = CounterVisit.objects.filter(clerk=user, centre__in=access.counters_of(user))
    return rows.select_related("transaction__applicant", "transaction__authorisation", "centre", "event")


def lasting_visit(
    user: User, case: Transaction, visit: CounterVisit | None, now: datetime | None = None
) -> CounterVisit | None:
    """The visit, read anew, if it is about this case, this clerk's, at a counter where they sit, and lasts: also the
    paper of a visitor who acts for the applicant.
    """
    if visit is None or visit.transaction_id != case.pk:
        return None
    lasting = visits_begun_by(user).open(now or timezone.now()).filter(pk=visit.pk).first()
    if lasting is not None and lasting.whom == CounterVisit.Whom.REPRESENTATIVE:
        acts = access.delegation_about(lasting.visitor, case, ALLOWED_BY[lasting.purpose])
        return lasting if acts else None
    return lasting


def answers_for_applicant(
    user: User, case: Transaction, visit: CounterVisit | None, now: datetime | None = None
) -> bool:
    """May this person write what answers a return: for the applicant at home, or for who stands at their counter?"""
    return access.acts_for_applicant(user, case, Operation.ANSWER) or lasting_visit(user, case, visit, now) is not None


def latest_visit_about(user: User, reference: str, purpose: str = CounterVisit.Purpose.ANSWER) -> CounterVisit:
    """The latest visit for this that the clerk began about a request, whether it lasts or not; NotVisible when there
    was none.
    """
    parsed = references.parse(reference)
    begun = visits_begun_by(user).filter(purpose=purpose)
    visit = begun.filter(transaction__reference=str(parsed)).first() if parsed else None
    if visit is None:
        raise NotVisible
    view_log.record_visit_view(user, visit)
    return visit


def get_visit(user: User, key: UUID) -> CounterVisit:
    """A visit this clerk began, for the confirmation of what came of it. NotVisible."""
    visit = visits_begun_by(user).filter(key=key).first()
    if visit is None:
        raise NotVisible
    view_log.record_visit_view(user, visit)
    return visit


def get_attachment(user: User, key: UUID | str) -> Attachment:
    """As access.get_attachment; for a clerk also a file that the page of a visit which lasts shows, and the scan of a
    slip for whoever confirms it.
    """
    try:
        return access.get_attachment(user, key)
    except NotVisible:
        if scan := scan_for(user, key):
            view_log.record_file_view(user, scan)
            return scan
        file, visit = _shown(user, key, timezone.now())
        view_log.record_file_view(user, file, visit)
        return file


def find_attachment(user: User, key: UUID | str) -> Attachment:
    """The same, for a further part of what this person was shown and the access log knows of."""
    try:
        return access.find_attachment(user, key)
    except NotVisible:
        return scan_for(user, key) or _shown(user, key, timezone.now())[0]


def _shown(user: User, key: UUID | str, now: datetime) -> tuple[Attachment, CounterVisit]:
    """A file of an answer being written, or one that may be put aside by it."""
    if not access.works_at_counter(user):
        raise NotVisible
    visits = visits_begun_by(user).open(now).filter(transaction__status=Status.RETURNED)
    file = (
        Attachment.objects.select_related("transaction", "draft", "deficiency")
        .filter(key=key, removed_at=None, replaced_in=None, transaction__in=visits.order_by().values("transaction"))
        .first()
    )
    if file is None or file.transaction is None:
        raise NotVisible
    case = file.transaction
    asked = list(case.deficiencies.open())
    opened = with_dependants(case.service_type, {name for item in asked for name in item.names})
    was_sent = file.deficiency is None or file.deficiency.answered_at is not None
    if not (file.document in opened if was_sent else file.deficiency in asked):
        raise NotVisible
    return file, visits.get(transaction=case)
