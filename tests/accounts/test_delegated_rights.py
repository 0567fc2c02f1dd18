"""Whatever is done for an owner asks one place whether the paper allows it: moves, bills, applying again, counters."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import services as people
from accounts.assurance import Level
from accounts.delegated import Operation
from accounts.errors import AccountError
from accounts.models import Delegation, User
from accounts.visitors import Visitor
from transactions import access
from transactions.attachments import applying_again
from transactions.domain.errors import DomainError
from transactions.domain.workflow import APPLICANT_SIDE, MOVES, Status
from transactions.models import Event
from transactions.transitions import moves, objections

from ..conftest import NOW, drive, national_id
from .delegating import EVERYTHING, fresh, refused

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SHOP = "7009999999"
# What a paper has to allow for each move of the applicant's side; a move that is not here is a delegate's by no paper.
ALLOWS = {
    "answer": "answer",
    "withdraw": "withdraw",
    "resume": "withdraw",
    "object": "withdraw",
    "complain": "withdraw",
}  # fmt: skip
EVERY_SET = [list(some) for size in range(len(EVERYTHING) + 1) for some in combinations(EVERYTHING, size)]


def test_every_move_of_the_owner_is_allowed_by_one_operation():
    assert {move.name for move in MOVES if not APPLICANT_SIDE.isdisjoint(move.who)} == set(ALLOWS)
    assert set(ALLOWS.values()) <= set(Operation.values)


@pytest.mark.parametrize("code", ["electricity-connection", "building-permit"])
def test_a_delegate_makes_the_moves_their_paper_allows_and_no_other(code, cast, submitted, delegated):
    """Of every set of operations, in every status; also for a request that an engineering office files."""
    case, row = submitted(code), delegated()
    for operations in EVERY_SET:
        Delegation.objects.filter(pk=row.pk).update(operations=operations)
        agent = fresh(cast.other_citizen)
        for status in Status:
            case.status = status
            may = {move.name for move in MOVES if access.may_make_move(agent, case, move.name)}
            allowed = {name for name, operation in ALLOWS.items() if operation in operations}
            owners = {move.name for move in MOVES if access.may_make_move(cast.citizen, case, move.name)}
            assert may == owners & allowed, (operations, status)


def refused_case(cast, case):
    case = drive(case, cast, "awaiting_supervisor")
    return moves.reject(case, reason="خارج النطاق", by=cast.supervisor, now=timezone.now() - HOUR)


def test_objecting_takes_the_paper_that_says_so(cast, submitted, delegated, signed_in):
    """Not the one for answers, by page and API alike; whoever may not is told why."""
    case = refused_case(cast, submitted())
    row = delegated(operations=["file", "answer", "receive"])
    agent = fresh(cast.other_citizen)
    assert refused(DomainError, objections.submit_objection, case, reason="لا", by=agent) == "move_not_allowed"
    address, page = reverse("transactions:objection", args=[case.reference]), signed_in(agent)
    assert address not in page.get(reverse("transactions:request", args=[case.reference])).content.decode()
    told = page.get(address, follow=True).content.decode()
    assert "لا يخوّلك" in told
    page.post(address, {"reason": "لا أقبل"})
    headers = {"Authorization": f"Token {AuthToken.objects.create(agent)[1]}"}
    sent = {"move": "object", "reason": "لا أقبل", "version": case.version}
    moved = Client().post(
        f"/api/v1/transactions/{case.reference}/moves/", sent, content_type="application/json", headers=headers
    )
    assert moved.status_code >= 400
    assert not case.objections.exists()
    Delegation.objects.filter(pk=row.pk).update(operations=["withdraw"])
    agent = fresh(cast.other_citizen)
    objections.submit_objection(case, reason="لا أقبل", by=agent)
    made = Event.objects.get(transaction=case, move="object")
    assert (made.actor, made.actor_role, made.facts["delegation"]) == (agent, "owner", row.pk)


def test_an_engineering_office_objects_as_ever(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    objections.submit_objection(case, reason="المساحة أقل", by=cast.engineer, now=NOW + 40 * HOUR)
    made = Event.objects.get(transaction=case, move="object")
    assert (made.actor, made.actor_role, "delegation" in made.facts) == (cast.engineer, "engineering_office", False)


@pytest.mark.parametrize("code", ["land-subdivision", "building-permit"])
def test_applying_again_is_the_owners_and_the_offices(code, cast, submitted, delegated):
    """The paper of the earlier request is not asked again for another: whoever may file begins one of its own."""
    case = moves.withdraw(submitted(code), by=cast.citizen, reason="")
    delegated()
    assert not applying_again.may_apply_again(fresh(cast.other_citizen), case)
    theirs = cast.citizen if case.authorisation is None else cast.engineer
    assert applying_again.may_apply_again(theirs, case)


# -- an establishment at a counter -----------------------------------------------------------------------------------


def comes_for(number, phone, cast):
    return people.identify_visitor(national_id=number, full_name="مؤسسة الركن", phone=phone, by=cast.clerk)


@pytest.mark.parametrize("limits", [{"services": ["shop-licence"]}, {"operations": ["file"]}, {"operations": []}])
def test_who_acts_within_limits_opens_no_account_of_an_establishment_at_a_counter(limits, cast, delegated):
    delegated(principal=Visitor.absent(national_id=SHOP, full_name="مؤسسة الركن"), **limits)
    mobile = cast.other_citizen.phone
    assert refused(AccountError, comes_for, SHOP, mobile, cast) == "agents_mobile"
    assert User.objects.get(national_id=SHOP).assurance == Level.NONE
    own = comes_for(SHOP, "0598765432", cast)
    assert (own.phone, own.assurance) == ("+966598765432", Level.COUNTER)
    assert refused(AccountError, comes_for, SHOP, mobile, cast) == "agents_mobile"


def test_who_may_do_everything_for_it_may_use_their_mobile_for_it(cast, delegated):
    delegated(principal=Visitor.absent(national_id=SHOP, full_name="مؤسسة الركن"), services=["shop-licence"])
    delegated(principal=Visitor.absent(national_id=SHOP, full_name="مؤسسة الركن"), number="2")
    assert comes_for(SHOP, cast.other_citizen.phone, cast).assurance == Level.COUNTER


def test_a_person_who_stands_there_in_person_has_what_mobile_they_say(cast, delegated):
    number = national_id(901)
    delegated(principal=Visitor.absent(national_id=number, full_name="أم سعد"), operations=[])
    given = people.identify_visitor(
        national_id=number, full_name="أم سعد", phone=cast.other_citizen.phone, by=cast.clerk
    )
    assert given.assurance == Level.COUNTER
