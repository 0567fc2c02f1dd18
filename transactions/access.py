"""The only door through which a view, task or serializer gets a transaction, draft or file.

What a person may not see is answered as if it were not there (NotVisible, a 404). What a clerk sees while a visitor
stands at the counter has a door of its own, beside this one (visits.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.access import agents_of, delegations_held, engineering_offices_of, needs_second_factor, staff_posts_of
from accounts.models import NO_CASE_ROLES, Authorisation, OfficeMembership, Role, StaffPost, User

from . import deciders, presence, view_log
from .acting_for import OPERATION_OF as OPERATION_OF
from .acting_for import (
    acts_for_applicant,
    delegated_condition,
    delegated_drafts_condition,
    drafts_of_principals,
    scans_condition,
    sides_of,
)
from .acting_for import acts_for_office as acts_for_office
from .acting_for import approves as approves
from .acting_for import authorisation_has_ended as authorisation_has_ended
from .acting_for import delegation_about as delegation_about
from .acting_for import files_to_approve as files_to_approve
from .acting_for import may_discard as may_discard
from .acting_for import may_give_back as may_give_back
from .acting_for import may_write as may_write
from .acting_for import scope_of as scope_of
from .domain import references
from .domain.errors import NotVisible
from .domain.workflow import BY_NAME, Actor, Move, conflicting_duties, is_allowed, list_open_moves
from .duties import duties_done as duties_done
from .duties import load_duties_done as load_duties_done
from .duties import remember_duties_done as remember_duties_done
from .incidents import gates
from .models import AT_COUNTER, IS_SENT, Attachment, CounterVisit, Draft, Note, Transaction, TransactionQuerySet
from .models.requests import stamp

# Administrators keep the reference data; they see no case.
CASE_ROLES = frozenset(Role) - NO_CASE_ROLES


@dataclass(frozen=True)
class Capacity:
    """In which capacities (workflow.Actor values) a person stands to one transaction, and from which office in each."""

    places: Mapping[str, int | None]
    # Those in which they may not move this case, having moved it for another duty (workflow.SEPARATED_DUTIES).
    barred: frozenset[str] = frozenset()

    @property
    def holds(self) -> frozenset[str]:
        return frozenset(self.places)

    def acts_as(self, move: Move, stage_role: str) -> str:
        """The capacity this person uses for a move, for the record."""
        for who in move.who:
            role = stage_role if who is Actor.STAGE_ROLE else who.value
            if role in self.places and not (move.is_duty and role in self.barred):
                return role
        return ""


def case_posts(user: User, on: date | None = None) -> list[StaffPost]:
    """The posts of a person that let them work on cases: by page, by API, and only with the second factor asked for."""
    if not (user.is_staff and user.is_active) or needs_second_factor(user):
        return []
    return [post for post in staff_posts_of(user, on) if post.role in CASE_ROLES]


def _staff_offices(user: User, on: date | None = None) -> dict[int, set[str]]:
    roles: dict[int, set[str]] = {}
    for post in case_posts(user, on):
        roles.setdefault(post.office_id, set()).add(post.role)
    return roles


def applicant_condition(user: User) -> Q:
    """Requests a person made, or an engineering office of theirs made while the owner's authorisation stands."""
    mine = Q(applicant=user)
    if offices := engineering_offices_of(user):
        # By their keys: over a join the database would look at every request there is.
        live = Authorisation.objects.filter(status=Authorisation.Status.ACCEPTED, office__in=offices)
        mine |= Q(authorisation__in=list(live.values_list("pk", flat=True)))
    return mine | delegated_condition(user)


def staff_condition(user: User) -> Q:
    """Cases an office of theirs holds, decides, serves at its counter, or took there for somebody."""
    offices = list(_staff_offices(user))
    return Q(held_by__in=offices) | Q(branch__in=offices) | Q(centre__in=offices) | Q(taken_at__in=offices)


def own_requests(user: User) -> TransactionQuerySet:
    return Transaction.objects.filter(applicant_condition(user))


def cases_of_staff(user: User) -> TransactionQuerySet:
    if not user.is_staff:
        return Transaction.objects.none()
    return Transaction.objects.filter(staff_condition(user))


def supervised_by(user: User, on: date | None = None) -> set[int]:
    """The offices this person supervises."""
    return {office for office, roles in _staff_offices(user, on).items() if Role.SUPERVISOR in roles}


def cases_to_decide(user: User) -> TransactionQuerySet:
    """Cases with an objection or a complaint for supervisors of an office of theirs."""
    return deciders.waiting_for(supervised_by(user)) if user.is_staff else Transaction.objects.none()


def decides_on(user: User, case: Transaction) -> bool:
    """May this person decide on an objection or a complaint that waits on this case?"""
    return not get_capacity(user, case).holds.isdisjoint({Actor.OBJECTIONS, Actor.COMPLAINTS})


def works_on(user: User, case: Transaction) -> bool:
    """Is this case among `cases_of_staff(user)`? Asked of a case at hand, without a query."""
    places = {case.held_by_id, case.branch_id, case.centre_id, case.taken_at_id}
    return user.is_staff and not places.isdisjoint(_staff_offices(user))


def may_read_notes(user: User, case: Transaction) -> bool:
    """Internal notes are for those who work on a case, and never for whoever it is about."""
    return works_on(user, case) and not acts_for_applicant(user, case)


def posts_working_on(case: Transaction, on: date | None = None) -> list[StaffPost]:
    """The posts whose holders may work on this case today, with user, office and `has_open`; one query."""
    today = on or timezone.localdate()
    places = [pk for pk in (case.held_by_id, case.branch_id, case.centre_id, case.taken_at_id) if pk]
    posts = StaffPost.objects.current(today).filter(office__in=places, role__in=CASE_ROLES, user__is_active=True)
    agents = agents_of(case.applicant, case.service, today)
    posts = posts.exclude(user__in=[case.applicant_id, *(agent.pk for agent in agents)])
    if case.authorisation is not None and case.authorisation.status == Authorisation.Status.ACCEPTED:
        office = OfficeMembership.objects.current(today).filter(
            office=case.authorisation.office_id, office__active=True
        )
        posts = posts.exclude(user__in=office.values("user"))
    posts = posts.annotate(has_open=presence.has_open(case, timezone.now()))
    return list(posts.select_related("user", "office").order_by("user__full_name", "pk"))


def notes_waiting_for(user: User) -> QuerySet[Note]:
    """Notes meant for this person that they have not said they read, on cases they still work on."""
    waiting = Note.objects.filter(to=user, read_at=None, transaction__in=cases_of_staff(user))
    return waiting.exclude(transaction__in=Transaction.objects.filter(applicant_condition(user)))


def visible_transactions(user: User) -> TransactionQuerySet:
    condition = applicant_condition(user)
    if user.is_staff:
        condition |= staff_condition(user)
    return Transaction.objects.filter(condition)


def get_transaction(user: User, reference: str, among: TransactionQuerySet | None = None) -> Transaction:
    """The transaction with this reference, if this person may see it (among those given); NotVisible otherwise."""
    parsed = references.parse(reference)
    seen = visible_transactions(user) if among is None else among
    case = seen.for_pages().filter(reference=str(parsed)).first() if parsed else None
    if case is None and parsed and user.is_staff:
        # Whoever decides on an objection reads the case meanwhile, in whatever office it is.
        case = cases_to_decide(user).for_pages().filter(reference=str(parsed)).first()
        case = case if case is not None and decides_on(user, case) else None
    if case is None:
        raise NotVisible
    if acts_for_applicant(user, case):
        gates.refuse_inquiry(case, timezone.now())
    view_log.record_case_view(user, case)
    return case


def is_at_version(user: User, reference: str, seen: str) -> bool:
    """Does a transaction this person may see still bear the stamp they have seen? Reads two columns."""
    row = visible_transactions(user).filter(reference=reference).values_list("version", "due_at").first()
    return row is not None and stamp(*row) == seen


def get_capacity(
    user: User | None, transaction: Transaction, on: date | None = None, *, visit: CounterVisit | None = None
) -> Capacity:
    """What this person is to the transaction now. No person means the system itself.

    Whoever is the applicant, or acts for them, is nothing else: nobody on the staff decides their own request. `visit`
    is one that `visits/permissions` has returned: only who names it acts by it, so it opens no other page and no API.
    """
    if user is None:
        return Capacity({Actor.SYSTEM.value: None})
    if acts_for_applicant(user, transaction):
        return _with_conflicts(user, transaction, dict.fromkeys(sides_of(user, transaction)))
    places: dict[str, int | None] = {}
    if user.is_staff:
        offices = _staff_offices(user, on)
        for candidate in (transaction.held_by_id, transaction.centre_id):
            roles = offices.get(candidate, set()) if candidate else set()
            if candidate != transaction.held_by_id:
                roles = roles & {Role.CENTRE_CLERK}
            for role in roles:
                places.setdefault(role, candidate)
        if visit is not None:
            places[Actor.AT_COUNTER] = visit.centre_id
        if transaction.objected_at is not None and user.pk not in duties_done(transaction):
            places |= deciders.offices_to_decide(transaction, supervised_by(user, on))
    return _with_conflicts(user, transaction, places)


def _with_conflicts(user: User, case: Transaction, places: Mapping[str, int | None]) -> Capacity:
    """Whoever never worked here has moved it in no other duty: the public's pages ask nothing."""
    asked = user.is_staff and places
    return Capacity(places, conflicting_duties(duties_done(case).get(user.pk, ())) if asked else frozenset())


def may_be_assigned(user: User, case: Transaction, role: str) -> bool:
    """May this colleague be given the case in this role, or have they moved it in another duty already?"""
    return role not in conflicting_duties(duties_done(case).get(user.pk, ()))


def assignable_colleagues(case: Transaction, posts: list[StaffPost]) -> list[User]:
    """Who may work the present stage: those who hold its role where the file is and have not moved it in another."""
    role = case.current_stage.role
    here = [post.user for post in posts if post.office_id == case.held_by_id and post.role == role]
    return [user for user in here if may_be_assigned(user, case, role)]


def get_for_other_counter(user: User, reference: str) -> Transaction:
    """A request that a clerk is asked after and that no office of theirs has, for what anybody with its number
    and PIN may read, and no more. NotVisible for whoever sits at no counter, and for a number that was never given.
    """
    parsed = references.parse(reference)
    if parsed is None or not counters_of(user):
        raise NotVisible
    case = Transaction.objects.for_pages().filter(reference=str(parsed)).first()
    if case is None:
        raise NotVisible
    return case


def may_see_receipt(user: User, transaction: Transaction) -> bool:
    """The receipt is for the applicant, and for the clerk who took the request in, while they sit at that counter."""
    if acts_for_applicant(user, transaction):
        return True
    return transaction.taken_by_id == user.pk and transaction.taken_at_id in counters_of(user)


def notices_condition(user: User) -> Q:
    """The notices of a person: of a membership, licence or authorisation that has ended they are shown no more."""
    offices = engineering_offices_of(user)
    live = Authorisation.objects.filter(status=Authorisation.Status.ACCEPTED, office__in=offices).values("pk")
    about = Q(event__transaction__applicant=user) | Q(authorisation_event__authorisation__owner=user)
    if held := delegations_held(user):
        about |= Q(event__transaction__applicant__in=[row.principal_id for row in held])
        about |= Q(authorisation_event__draft__in=drafts_of_principals(user))
    if offices:
        about |= Q(event__transaction__authorisation__in=live) | Q(
            authorisation_event__authorisation__office__in=offices
        )
    return Q(recipient=user) & (about | Q(incident_notice__isnull=False))


def moves_open_to(user: User, transaction: Transaction) -> list[Move]:
    """The moves open to this person on this transaction now: those of the table that no gate keeps closed."""
    return [move for move, closed in moves_and_gates(user, transaction) if not closed]


def moves_and_gates(user: User, transaction: Transaction) -> list[tuple[Move, str]]:
    """The moves the table opens to this person, each with why a gate keeps it closed, or nothing."""
    stage, held, now = transaction.current_stage, get_capacity(user, transaction), timezone.now()

    def why_closed(move: Move) -> str:
        acting = held.places.get(held.acts_as(move, stage.role))
        refusal = gates.move_refusal(transaction, move.name, now=now, acting=acting)
        return refusal[0] if refusal else ""

    return [(move, why_closed(move)) for move in list_open_moves(**_asked_of_table(transaction, held))]


def _asked_of_table(case: Transaction, held: Capacity) -> dict[str, Any]:
    stage = case.current_stage
    facts = {"status": case.status, "stage_finish": stage.finish, "stage_role": stage.role}
    return facts | {"holds": held.holds, "barred": held.barred}


def may_make_move(
    user: User | None,
    transaction: Transaction,
    move: str,
    on: date | None = None,
    *,
    visit: CounterVisit | None = None,
) -> bool:
    held = get_capacity(user, transaction, on, visit=visit)
    return is_allowed(BY_NAME[move], **_asked_of_table(transaction, held))


def counter_drafts_condition(user: User) -> Q:
    """Drafts a clerk began at a counter where they still sit."""
    return Q(created_by=user, channel__in=AT_COUNTER, centre__in=counters_of(user))


def counters_of(user: User) -> list[int]:
    """The centres at whose counter this person sits."""
    return [post.office_id for post in case_posts(user) if post.role == Role.CENTRE_CLERK]


def works_at_counter(user: User) -> bool:
    return bool(counters_of(user))


def drafts_condition(user: User) -> Q:
    """Drafts a person owns, writes at a counter, or prepares for an owner whose authorisation stands."""
    return own_drafts_condition(user) | office_drafts_condition(user)


def own_drafts_condition(user: User) -> Q:
    """Drafts a person owns, began for somebody at a counter where they still sit, or prepares for a principal."""
    return Q(applicant=user) | counter_drafts_condition(user) | delegated_drafts_condition(user)


def office_drafts_condition(user: User) -> Q:
    """Drafts of the engineering offices of this person, as long as the owner's authorisation stands."""
    return Q(authorisation__status="accepted", authorisation__office__in=engineering_offices_of(user))


def get_draft(user: User, key: UUID | str) -> Draft:
    draft = (
        Draft.objects.filter(drafts_condition(user), key=key)
        .select_related("applicant", "authorisation__office", "centre")
        .first()
    )
    if draft is None:
        raise NotVisible
    return draft


def get_attachment(user: User, key: UUID | str) -> Attachment:
    """A file of a case or draft this person may see; also one they uploaded that no case has taken yet.

    Whoever works on a case sees what was sent; those who act for the applicant also what they have still to send.
    """
    attachment = find_attachment(user, key)
    view_log.record_file_view(user, attachment)
    return attachment


def find_attachment(user: User, key: UUID | str) -> Attachment:
    """The same, for a further part of what this person was shown and the access log knows of."""
    attachment = (
        Attachment.objects.select_related("transaction", "draft")
        .filter(key=key, removed_at__isnull=True)
        .filter(
            Q(transaction__in=own_requests(user))
            | Q(IS_SENT, transaction__in=cases_of_staff(user))
            | Q(IS_SENT, transaction__in=cases_to_decide(user))
            | Q(transaction=None, draft__in=Draft.objects.filter(drafts_condition(user)))
            | Q(transaction=None, draft=None, delegation=None, slip=None, uploaded_by=user)
            | scans_condition(user, counters_of(user))
        )
        .first()
    )
    if attachment is None:
        raise NotVisible
    return attachment
