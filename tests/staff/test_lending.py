"""Capacity lent for some days: proposed by a supervisor, confirmed by an administrator, over by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import absences, four_eyes, lending
from accounts.errors import AccountError
from accounts.models import Proposal, StaffPost, User
from municipality.models import Office
from transactions import access, queues
from transactions.transitions import leaving, moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
PAGE = "/staff/lending/"
TODAY, DAY = NOW.date(), timedelta(days=1)


@pytest.fixture(autouse=True)
def _tuesday(monkeypatch):
    at(monkeypatch, NOW)


def at(monkeypatch, moment):
    monkeypatch.setattr(timezone, "now", lambda: moment)
    absences.remembered.forget()


def lent(cast, **more):
    post = StaffPost.objects.get(user=more.pop("person"))
    to = {"office": Office.objects.get(code="SHR"), "starts_on": TODAY + DAY, "ends_on": TODAY + 2 * DAY}
    return lending.lend(post, **to | {"reason": "too much there", "by": cast.central_supervisor, "now": NOW} | more)


def as_they_are(user):
    return User.objects.get(pk=user.pk)


@pytest.fixture
def supervised(cast):
    """The central reviewer is one of those whom the central supervisor oversees."""
    return cast.central_reviewer


def test_the_lent_see_and_take_the_files_of_the_other_office_on_these_days_alone(
    cast, supervised, submitted, monkeypatch
):
    case = drive(submitted(), cast, "under_study")
    proposal = lent(cast, person=supervised)
    assert not access.works_on(as_they_are(supervised), case)
    four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    assert not access.works_on(as_they_are(supervised), case), "not before the first day"
    for days, sees in ((1, True), (2, True), (3, False)):
        at(monkeypatch, NOW + days * DAY)
        there = as_they_are(supervised)
        assert access.works_on(there, case) is sees
        assert queues.queue_of(there).filter(pk=case.pk).exists() is sees
    at(monkeypatch, NOW + 2 * DAY)
    taken = moves.take(case, by=as_they_are(supervised))
    at(monkeypatch, NOW + 3 * DAY)
    leaving.hand_back_all(timezone.now())
    taken.refresh_from_db()
    assert taken.assignee is None, "what they had there goes back to the queue"


def test_a_deputy_decides_for_some_days_and_never_on_their_own_study(cast, submitted, monkeypatch):
    studied = drive(submitted(), cast, "awaiting_supervisor")
    post = StaffPost.objects.get(user=cast.reviewer)
    days = {"starts_on": TODAY, "ends_on": TODAY + DAY}
    proposal = lending.lend(post, post.office, as_deputy=True, reason="away", by=cast.supervisor, now=NOW, **days)
    four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    deputy = as_they_are(cast.reviewer)
    assert {held.role for held in access.case_posts(deputy)} == {"reviewer", "supervisor"}
    assert not access.may_make_move(deputy, studied, "approve")
    at(monkeypatch, NOW + 2 * DAY)
    assert {held.role for held in access.case_posts(as_they_are(cast.reviewer))} == {"reviewer"}


@pytest.mark.parametrize("who", ["reviewer", "supervisor", "administrator", "clerk"])
def test_only_their_supervisor_lends_somebody(who, cast, supervised):
    with pytest.raises(AccountError) as refused:
        lent(cast, person=supervised, by=getattr(cast, who))
    assert refused.value.code == "not_yours_to_lend"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ends_on": TODAY}, "wrong_days"),
        ({"starts_on": TODAY, "ends_on": TODAY}, "wrong_days"),
        ({"starts_on": TODAY - 9 * DAY, "ends_on": TODAY - DAY}, "wrong_days"),
        ({"ends_on": date(2028, 1, 1)}, "wrong_days"),
        ({"as_deputy": True}, "own_office"),
        ({"reason": " "}, "reason_missing"),
    ],
)
def test_what_nobody_means_is_refused(more, code, cast, supervised):
    with pytest.raises(AccountError) as refused:
        lent(cast, person=supervised, **more)
    assert refused.value.code == code
    assert not Proposal.objects.exists()


def test_a_role_the_office_does_not_have_is_refused(cast, supervised):
    with pytest.raises(ValidationError):
        lent(cast, person=supervised, office=Office.objects.get(code="SC01"))


def test_whoever_supervises_no_more_has_proposed_nothing(cast, supervised):
    proposal = lent(cast, person=supervised)
    StaffPost.objects.filter(user=cast.central_supervisor).update(ends_on=TODAY - DAY)
    with pytest.raises(AccountError) as refused:
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    assert refused.value.code == "not_yours_to_confirm"


@pytest.mark.parametrize("as_deputy", [False, True])
@pytest.mark.parametrize("ends", [TODAY - DAY, TODAY])
def test_whoever_has_left_meanwhile_gets_nothing(ends, as_deputy, cast, supervised):
    post = StaffPost.objects.get(user=supervised)
    more = {"office": post.office, "as_deputy": True} if as_deputy else {}
    proposal = lent(cast, person=supervised, **more)
    StaffPost.objects.filter(pk=post.pk).update(ends_on=ends)
    with pytest.raises(ValidationError, match="لم يعد"):
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    assert not StaffPost.objects.filter(user=supervised).exclude(pk=post.pk).exists()
    StaffPost.objects.filter(pk=post.pk).update(ends_on=None, role="registrar")
    with pytest.raises(ValidationError, match="لم يعد"):
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)


def test_on_the_page(cast, supervised, signed_in):
    assert signed_in(cast.reviewer).get(PAGE).status_code == 404
    page = signed_in(cast.central_supervisor)
    post, office = StaffPost.objects.get(user=supervised), Office.objects.get(code="SHR")
    typed = {"post": post.pk, "to": office.pk, "starts_on": "2026-11-25", "ends_on": "2026-11-26"}
    refused = page.post(PAGE, typed)
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"reason": ["اذكر السبب: فالقرار لمدير نظام."]}
    assert refused.context["form"].fields["reason"].required, "nothing that is asked for is called optional"
    assert page.post(PAGE, typed | {"reason": "help", "to": post.office_id}).status_code == 422
    foreign = StaffPost.objects.get(user=cast.reviewer)
    assert page.post(PAGE, typed | {"reason": "help", "post": foreign.pk}).status_code == 422
    for _twice in range(2):
        assert page.post(PAGE, typed | {"reason": "help"}).status_code == 302
    proposal = Proposal.objects.get()
    assert (proposal.person, proposal.office, proposal.kind) == (supervised, office, "lend")
    assert supervised.full_name in page.get(PAGE).content.decode()
