"""The only door through which a view, task or serializer gets a transaction, draft or file.

What a person may not see is answered as if it were not there (NotVisible, a 404). What a clerk sees while a visitor
stands at the counter has a door of its own, beside this one (visits.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.access import needs_second_factor, offices_of, posts_of
from accounts.models import Authorisation, OfficeMembership, Role, StaffPost, User

from . import looked
from .domain import references
from .domain.errors import NotVisible
from .domain.workflow import BY_NAME, HANDED_OUT, Move, Who, allowed, moves_open, other_hands
from .models import IS_SENT, Attachment, CounterVisit, Draft, Event, Note, Transaction, TransactionQuerySet
from .models.requests import stamp

# Administrators keep the reference data; they see no case.
CASE_ROLES = frozenset(Role) - {Role.ADMINISTRATOR}


@dataclass(frozen=True)
class Capacity:
    """In which capacities (workflow.Who values) a person stands to one transaction, and from which office in each."""

    places: Mapping[str, int | None]
    # Those in which they may not move this case, having moved it in another hand (workflow.HANDS).
    barred: frozenset[str] = frozenset()

    @property
    def holds(self) -> frozenset[str]:
        return frozenset(self.places)

    def acts_as(self, move: Move, stage_role: str) -> str:
        """The capacity this person uses for a move, for the record."""
        for who in move.who:
            role = stage_role if who is Who.STAGE_ROLE else who.value
            if role in self.places and not (move.hands_on and role in self.barred):
                return role
        return ""


def case_posts(user: User, on: date | None = None) -> list[StaffPost]:
    """The posts of a person that let them work on cases: by page, by API, and only with the second factor asked for."""
    if not (user.is_staff and user.is_active) or needs_second_factor(user):
        return []
    return [post for post in posts_of(user, on) if post.role in CASE_ROLES]


def _staff_offices(user: User, on: date | None = None) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for post in case_posts(user, on):
        found.setdefault(post.office_id, set()).add(post.role)
    return found


def as_applicant(user: User) -> Q:
    """Requests a person made, or an engineering office of theirs made while the owner's authorisation stands."""
    mine = Q(applicant=user)
    if offices := offices_of(user):
        # By their keys: over a join the database would look at every request there is.
        live = Authorisation.objects.filter(status=Authorisation.Status.ACCEPTED, office__in=offices)
        mine |= Q(authorisation__in=list(live.values_list("pk", flat=True)))
    return mine


def as_staff(user: User) -> Q:
    """Cases an office of theirs holds, decides, serves at its counter, or took there for somebody."""
    offices = list(_staff_offices(user))
    return Q(held_by__in=offices) | Q(branch__in=offices) | Q(centre__in=offices) | Q(taken_at__in=offices)


def mine(user: User) -> TransactionQuerySet:
    return Transaction.objects.filter(as_applicant(user))


def at_work(user: User) -> TransactionQuerySet:
    if not user.is_staff:
        return Transaction.objects.none()
    return Transaction.objects.filter(as_staff(user))


def works_on(user: User, case: Transaction) -> bool:
    """Is this case among `at_work(user)`? Asked of a case at hand, without a query."""
    places = {case.held_by_id, case.branch_id, case.centre_id, case.taken_at_id}
    return user.is_staff and not places.isdisjoint(_staff_offices(user))


def reads_notes(user: User, case: Transaction) -> bool:
    """Internal notes are for those who work on a case, and never for whoever it is about."""
    return works_on(user, case) and not acts_for_applicant(user, case)


def posts_on(case: Transaction, on: date | None = None) -> list[StaffPost]:
    """The posts whose holders may work on this case today, with user and office; one query."""
    today = on or timezone.localdate()
    places = [pk for pk in (case.held_by_id, case.branch_id, case.centre_id, case.taken_at_id) if pk]
    posts = StaffPost.objects.current(today).filter(office__in=places, role__in=CASE_ROLES, user__is_active=True)
    posts = posts.exclude(user=case.applicant_id)
    if case.authorisation is not None and case.authorisation.status == Authorisation.Status.ACCEPTED:
        office = OfficeMembership.objects.current(today).filter(
            office=case.authorisation.office_id, office__active=True
        )
        posts = posts.exclude(user__in=office.values("user"))
    return list(posts.select_related("user", "office").order_by("user__full_name", "pk"))


def notes_waiting_for(user: User) -> QuerySet[Note]:
    """Notes meant for this person that they have not said they read, on cases they still work on."""
    waiting = Note.objects.filter(to=user, read_at=None, transaction__in=at_work(user))
    return waiting.exclude(transaction__in=Transaction.objects.filter(as_applicant(user)))


def visible(user: User) -> TransactionQuerySet:
    condition = as_applicant(user)
    if user.is_staff:
        condition |= as_staff(user)
    return Transaction.objects.filter(condition)


def get(user: User, reference: str, among: TransactionQuerySet | None = None) -> Transaction:
    """The transaction with this reference, if this person may see it (among those given); NotVisible otherwise."""
    parsed = references.parse(reference)
    seen = visible(user) if among is None else among
    found = seen.for_pages().filter(reference=str(parsed)).first() if parsed else None
    if found is None:
        raise NotVisible
    looked.at_case(user, found)
    return found


def stands_at(user: User, reference: str, seen: str) -> bool:
    """Does a transaction this person may see still bear the stamp they have seen? Reads two columns."""
    found = visible(user).filter(reference=reference).values_list("version", "due_at").first()
    return found is not None and stamp(*found) == seen


def capacity(
    user: User | None, transaction: Transaction, on: date | None = None, *, visit: CounterVisit | None = None
) -> Capacity:
    """What this person is to the transaction now. No person means the system itself.

    Whoever is the applicant, or acts for them, is nothing else: nobody on the staff decides their own request. `visit`
    is one that `visits.lasting` has found: only who names it acts by it, so it opens no other page and no API.
    """
    if user is None:
        return Capacity({Who.SYSTEM.value: None})
    if acts_for_applicant(user, transaction):
        owns = {Who.OWNER.value: None} if transaction.applicant_id == user.pk else {}
        return _with_hands(user, transaction, {Who.APPLICANT.value: None, **owns})
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
            places[Who.AT_COUNTER] = visit.centre_id
    return _with_hands(user, transaction, places)


def _with_hands(user: User, case: Transaction, places: Mapping[str, int | None]) -> Capacity:
    """Whoever never worked here has moved it in no other hand: the public's pages ask nothing."""
    asked = user.is_staff and places
    return Capacity(places, other_hands(hands_on(case).get(user.pk, ())) if asked else frozenset())


def hands_on(case: Transaction) -> dict[int, set[str]]:
    """In which capacities people have moved this case so far, by their keys; read once for each version of it."""
    known = case.__dict__.get("_hands")
    if known is None or known[0] != case.version:
        read_hands([case])
    hands: dict[int, set[str]] = case.__dict__["_hands"][1]
    return hands


def read_hands(cases: Sequence[Transaction]) -> None:
    """`hands_on` of many cases in one question."""
    found: dict[int, dict[int, set[str]]] = {case.pk: {} for case in cases}
    moved = Event.objects.filter(transaction__in=found, actor__isnull=False).exclude(move__in=HANDED_OUT)
    for pk, actor, role in moved.order_by().values_list("transaction", "actor", "actor_role").distinct():
        found[pk].setdefault(actor, set()).add(role)
    for case in cases:
        case.__dict__["_hands"] = (case.version, found[case.pk])


def remember_hands(case: Transaction, events: Sequence[Event]) -> None:
    """`hands_on` of a case all of whose events are read already: no question more."""
    found: dict[int, set[str]] = {}
    for event in events:
        if event.actor_id is not None and event.move not in HANDED_OUT:
            found.setdefault(event.actor_id, set()).add(event.actor_role)
    case.__dict__["_hands"] = (case.version, found)


def may_take_up(user: User, case: Transaction, role: str) -> bool:
    """May this colleague be given the case in this role, or have they moved it in another hand already?"""
    return role not in other_hands(hands_on(case).get(user.pk, ()))


def assignable(case: Transaction, posts: list[StaffPost]) -> list[User]:
    """Who may work the present stage: those who hold its role where the file is and have not moved it in another."""
    role = case.current_stage.role
    here = [post.user for post in posts if post.office_id == case.held_by_id and post.role == role]
    return [user for user in here if may_take_up(user, case, role)]


def acts_for_applicant(user: User, thing: Transaction | Draft) -> bool:
    if thing.applicant_id == user.pk:
        return True
    authorisation = thing.authorisation
    return (
        authorisation is not None
        and authorisation.status == "accepted"
        and authorisation.office_id in {office.pk for office in offices_of(user)}
    )


def at_another_counter(user: User, reference: str) -> Transaction:
    """A request that a clerk is asked after and that no office of theirs has, for what anybody with its number
    and PIN may read, and no more. NotVisible for whoever sits at no counter, and for a number that was never given.
    """
    parsed = references.parse(reference)
    if parsed is None or not counters_of(user):
        raise NotVisible
    found = Transaction.objects.for_pages().filter(reference=str(parsed)).first()
    if found is None:
        raise NotVisible
    return found


def may_see_receipt(user: User, transaction: Transaction) -> bool:
    """The receipt is for the applicant, and for the clerk who took the request in, while they sit at that counter."""
    if acts_for_applicant(user, transaction):
        return True
    return transaction.taken_by_id == user.pk and transaction.taken_at_id in counters_of(user)


def notices(user: User) -> Q:
    """The notices of a person: of a membership, licence or authorisation that has ended they are shown no more."""
    offices = offices_of(user)
    live = Authorisation.objects.filter(status=Authorisation.Status.ACCEPTED, office__in=offices).values("pk")
    about = Q(event__transaction__applicant=user) | Q(dealing__authorisation__owner=user)
    if offices:
        about |= Q(event__transaction__authorisation__in=live) | Q(dealing__authorisation__office__in=offices)
    return Q(recipient=user) & about


def dealings(user: User) -> Q:
    """What befell authorisations a person gave, and those given to an office of theirs."""
    owner = Q(authorisation__owner=user)
    return owner | Q(authorisation__office__in=offices) if (offices := offices_of(user)) else owner


def moves_for(user: User, transaction: Transaction) -> list[Move]:
    """The moves of the table open to this person on this transaction now."""
    stage, held = transaction.current_stage, capacity(user, transaction)
    return list(
        moves_open(
            status=transaction.status,
            stage_finish=stage.finish,
            stage_role=stage.role,
            holds=held.holds,
            barred=held.barred,
        )
    )


def may(
    user: User | None,
    transaction: Transaction,
    move: str,
    on: date | None = None,
    *,
    visit: CounterVisit | None = None,
) -> bool:
    stage, held = transaction.current_stage, capacity(user, transaction, on, visit=visit)
    return allowed(
        BY_NAME[move],
        status=transaction.status,
        stage_finish=stage.finish,
        stage_role=stage.role,
        holds=held.holds,
        barred=held.barred,
    )


def at_counter(user: User) -> Q:
    """Drafts a clerk began at a counter where they still sit."""
    return Q(created_by=user, channel="counter", centre__in=counters_of(user))


def counters_of(user: User) -> list[int]:
    """The centres at whose counter this person sits."""
    return [post.office_id for post in case_posts(user) if post.role == Role.CENTRE_CLERK]


def sits_at_a_counter(user: User) -> bool:
    return bool(counters_of(user))


def drafts(user: User) -> Q:
    """Drafts a person owns, writes at a counter, or prepares for an owner whose authorisation stands."""
    return own_drafts(user) | prepared_drafts(user)


def own_drafts(user: User) -> Q:
    """Drafts a person owns, or began for somebody at a counter where they still sit."""
    return Q(applicant=user) | at_counter(user)


def prepared_drafts(user: User) -> Q:
    """Drafts of the engineering offices of this person, as long as the owner's authorisation stands."""
    return Q(authorisation__status="accepted", authorisation__office__in=offices_of(user))


def may_write(user: User, draft: Draft) -> bool:
    """An office writes its file until the owner has it; the owner reads it. Everyone else writes their own."""
    if draft.authorisation is None:
        return True
    return draft.stage == Draft.Stage.OPEN and draft.authorisation.office in offices_of(user)


def may_give_back(user: User, draft: Draft) -> bool:
    """The owner, while the office's file waits for their approval."""
    waits = draft.stage == Draft.Stage.AWAITING_OWNER and not office_is_out(draft)
    return waits and draft.applicant_id == user.pk


def may_discard(user: User, draft: Draft) -> bool:
    """Whoever writes it; the owner of an office's file when the office cannot go on with it, so that no press of
    theirs takes work from under the office's hands. An owner who wants it ended revokes the authorisation first.
    """
    return may_write(user, draft) or (draft.applicant_id == user.pk and office_is_out(draft))


def office_is_out(draft: Draft) -> bool:
    """Was this file prepared by an office whose authorisation or licence has ended since?"""
    authorisation = draft.authorisation
    if authorisation is None:
        return False
    practises = authorisation.office.may_practise(timezone.localdate())
    return authorisation.status != Authorisation.Status.ACCEPTED or not practises


def get_draft(user: User, key: UUID | str) -> Draft:
    found = (
        Draft.objects.filter(drafts(user), key=key)
        .select_related("applicant", "authorisation__office", "centre")
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def get_attachment(user: User, key: UUID | str) -> Attachment:
    """A file of a case or draft this person may see; also one they uploaded that no case has taken yet.

    Whoever works on a case sees what was sent; those who act for the applicant also what they have still to send.
    """
    found = (
        Attachment.objects.select_related("transaction", "draft")
        .filter(key=key, removed_at__isnull=True)
        .filter(
            Q(transaction__in=mine(user))
            | Q(IS_SENT, transaction__in=at_work(user))
            | Q(transaction=None, draft__in=Draft.objects.filter(drafts(user)))
            | Q(transaction=None, draft=None, uploaded_by=user)
        )
        .first()
    )
    if found is None:
        raise NotVisible
    looked.at_file(user, found)
    return found
