"""A visitor at a counter: the clerk has seen their original ID and answers a return for them (ADR 27)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import access_log, attempts
from accounts.access import office_members_of
from accounts.models import Act, Authorisation, User
from journal import receipts
from municipality.models import Office

from .. import access
from ..domain import references
from ..domain.errors import DomainError, NotVisible, TooManyAttempts
from ..domain.gates import Operation
from ..domain.workflow import BY_NAME, MoveName, Obstacle, Status
from ..incidents import gates
from ..models import CounterVisit, Transaction
from ..text.wording import explain_obstacle
from .permissions import ALLOWED_BY, lasting_visit

Whom = CounterVisit.Whom
Purpose = CounterVisit.Purpose
# What a visit is for, as a move of the table; who only asks makes none.
MOVES_FOR: dict[str, str] = {Purpose.ANSWER: MoveName.ANSWER, Purpose.COLLECT: MoveName.HAND_OUT}


class TooManyVisits(TooManyAttempts):
    """Wrong IDs typed by one clerk for one request; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        minutes = -(-wait // 60)
        message = ngettext(
            "Too many wrong attempts at this request. Check the receipt and the ID, and try again in %(minutes)d "
            "minute.",
            "Too many wrong attempts at this request. Check the receipt and the ID, and try again in %(minutes)d "
            "minutes.",
            minutes,
        )
        self.message = message % {"minutes": minutes}


def find_visitor(text: str) -> str:
    """The number of a request out of what a clerk typed or a scanner read off the receipt; as it is, when none is."""
    if references.parse(text):
        return text
    check = receipts.check_token(text)
    return check.subject if check.signature_good else text


def begin_visit(
    *,
    reference: str,
    national_id: str,
    centre: Office,
    by: User,
    purpose: str = Purpose.ANSWER,
    now: datetime | None = None,
) -> CounterVisit:
    """Somebody whose original ID the clerk has seen came about a request that is theirs: to answer a return, to
    collect documents, or to ask where it stands (`purpose`).

    NotVisible, in the words of the inquiry, when number and ID do not belong together, whatever of them is wrong;
    TooManyVisits; DomainError `not_at_this_counter`, `own_request`, `not_waiting_for_you`, `move_not_allowed`;
    OperationClosed while this counter is closed.
    """
    now = now or timezone.now()
    gates.refuse_if_closed(Operation.COUNTERS, now=now, offices={centre.code})
    if centre.pk not in access.counters_of(by):
        raise DomainError("not_at_this_counter", _("You do not take requests at this centre."))
    parsed = references.parse(reference)
    subject = str(parsed or reference)
    try:
        attempt = attempts.count_attempt(f"visit:{subject}", attempts.Source(f"clerk {by.pk}"), now)
    except attempts.MustWait as error:
        access_log.record(Act.LOCKED_OUT, by=by, subject=subject, office=centre, why="ID at a counter", now=now)
        raise TooManyVisits(error.wait) from None
    case = Transaction.objects.for_pages().filter(reference=str(parsed)).first() if parsed else None
    visitor = _identify_visitor(case, national_id, purpose, now) if case else None
    if case is None or visitor is None:
        access_log.record(Act.INQUIRY_REFUSED, by=by, subject=subject, office=centre, why="ID at a counter", now=now)
        raise NotVisible
    attempts.clear_attempts(attempt)
    return _begin_visit(case, *visitor, centre, by, now, purpose)


def go_on(visit: CounterVisit, purpose: str, *, by: User, now: datetime | None = None) -> CounterVisit:
    """Whoever asked about their request stays for something else: their ID was seen, and is not asked for again.
    DomainError as begin_visit; `visit_over`.
    """
    now = now or timezone.now()
    gates.refuse_if_closed(Operation.COUNTERS, now=now, offices={visit.centre.code})
    lasting = lasting_visit(by, visit.transaction, visit, now)
    if lasting is None:
        raise DomainError("visit_over", _("The visit has ended. Check the ID again to continue."))
    case = Transaction.objects.for_pages().get(pk=lasting.transaction_id)
    visitor = _identify_visitor(case, lasting.visitor.national_id, purpose, now)
    if visitor is None:
        message = _("The visitor’s paper does not allow this. Have the applicant come, or a paper that does.")
        raise DomainError("not_allowed_by_paper", message)
    return _begin_visit(case, *visitor, lasting.centre, by, now, purpose)


def _identify_visitor(case: Transaction, national_id: str, purpose: str, now: datetime) -> tuple[User, Whom] | None:
    """Who of those a request belongs to has this ID: its owner, somebody of the office that acts for them, or a
    delegate whose paper allows what they came for.
    """
    if case.applicant.national_id == national_id:
        return case.applicant, Whom.OWNER
    given = case.authorisation
    if given is not None and given.status == Authorisation.Status.ACCEPTED:
        members = office_members_of(given.office_id, timezone.localdate(now))
        member = next((member for member in members if member.national_id == national_id), None)
        if member is not None:
            return member, Whom.OFFICE
    person = User.objects.filter(national_id=national_id, is_active=True).first()
    if person is None or not access.delegation_about(person, case, ALLOWED_BY[purpose]):
        return None
    return person, Whom.REPRESENTATIVE


@transaction.atomic
def _begin_visit(
    case: Transaction, visitor: User, whom: Whom, centre: Office, by: User, now: datetime, purpose: str
) -> CounterVisit:
    locked = Transaction.objects.select_for_update(of=("self",)).select_related("authorisation").get(pk=case.pk)
    if access.acts_for_applicant(by, locked):
        raise DomainError(
            "own_request", _("This is your own request, or one you act for: answer it as its applicant does.")
        )
    if purpose == Purpose.ASK:
        gates.refuse_inquiry(locked, now)
    if purpose == Purpose.ANSWER and locked.status != Status.RETURNED:
        raise DomainError("not_waiting_for_you", _("This request is not waiting for an answer now."))
    CounterVisit.objects.filter(transaction=locked, clerk=by, ended_at=None).update(ended_at=now)
    visit = CounterVisit.objects.create(
        transaction=locked, clerk=by, centre=centre, visitor=visitor, whom=whom, at=now, purpose=purpose
    )
    move = MOVES_FOR.get(purpose)
    if move and not access.may_make_move(by, locked, move, timezone.localdate(now), visit=visit):
        obstacle = Obstacle.DUTIES if locked.status in BY_NAME[move].sources else Obstacle.STATUS
        raise DomainError("move_not_allowed", explain_obstacle(locked, BY_NAME[move], obstacle))
    return visit
