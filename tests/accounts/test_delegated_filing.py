"""By a document that says so, programs file for a principal, and delegates approve what an office prepared."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import combinations

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import api_tokens
from accounts.delegations import end_delegation
from accounts.models import Delegation, User
from journal.entry import person_mark
from journal.models import Entry
from transactions import access
from transactions.domain import pins
from transactions.domain.errors import DomainError
from transactions.domain.service_types import get
from transactions.intake import drafts
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import AuthorisationEvent, Draft, Event, Notification, Transaction
from transactions.notifications.notices import count_unread, still_concerned

from ..answers import answers_today
from ..api.test_api import Api, problem
from ..conftest import drive, files_for, office_draft
from .delegating import EVERYTHING, TODAY, fresh, refused

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PERMIT, SHOP = get("building-permit"), get("shop-licence")
EVERY_SET = [list(some) for size in range(len(EVERYTHING) + 1) for some in combinations(EVERYTHING, size)]
# A paper by which nobody may do a thing for this service today.
OUT = {
    "another service": {"services": ["land-subdivision"]},
    "not begun": {"starts_on": TODAY + 2 * DAY},
    "past its last day": {"starts_on": TODAY - 9 * DAY, "ends_on": TODAY - 2 * DAY},
    "ended by hand": {"ended_at": timezone.now()},
}


class Undone(Exception):
    """Takes back what was tried."""


def tried(call):
    """What this answers, with all it wrote taken back."""
    answer = None
    try:
        with transaction.atomic():
            answer = call()
            raise Undone
    except Undone:
        return answer


@pytest.fixture
def draft(cast):
    return office_draft(cast)


@pytest.fixture
def sent(cast, draft):
    return drafts.send_to_owner(draft, by=cast.engineer)


def approve(api, draft, version="0" * 16):
    return api.post(f"/approvals/{draft.key}/approve/", {"version": version})


def version_of(api, draft):
    return api.get(f"/approvals/{draft.key}/").json()["version"]


# -- approving what an office prepared -------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", Draft.Stage.values)
def test_a_delegate_approves_as_far_as_the_paper_goes(stage, cast, sent, delegated):
    """Of every set of operations and every stage: by the API and at the service, approving and giving back alike."""
    row, api, seen = delegated(), Api(cast.other_citizen), version_of(Api(cast.citizen), sent)
    if stage == Draft.Stage.SUBMITTED:
        drafts.submit_draft(sent, by=cast.citizen)
    Draft.objects.filter(pk=sent.pk).update(stage=stage)
    expected = {"open": (409, 409), "awaiting_owner": (201, 204), "submitted": (201, 409)}[stage]
    for operations in EVERY_SET:
        Delegation.objects.filter(pk=row.pk).update(operations=operations)
        got = (
            tried(lambda: approve(api, sent, seen)).status_code,
            tried(lambda: api.post(f"/approvals/{sent.key}/give-back/", {"note": "غيّروا الواجهة"})).status_code,
        )
        assert got == (expected if "file" in operations else (404, 404)), operations
        listed = [each["key"] for each in api.get("/approvals/").json()]
        waits = "file" in operations and stage == Draft.Stage.AWAITING_OWNER
        assert listed == ([str(sent.key)] if waits else []), operations
        agent = fresh(cast.other_citizen)
        assert access.may_give_back(agent, Draft.objects.get(pk=sent.pk)) is waits


@pytest.mark.parametrize("why", OUT)
def test_outside_its_scope_and_period_the_file_is_not_there(why, cast, sent, delegated, signed_in):
    row, api = delegated(), Api(cast.other_citizen)
    Delegation.objects.filter(pk=row.pk).update(**OUT[why])
    page = signed_in(fresh(cast.other_citizen))
    for place in ("draft", "check"):
        assert page.get(reverse(f"transactions:{place}", args=[sent.key])).status_code == 404
    assert page.post(reverse("transactions:check", args=[sent.key])).status_code == 404
    assert (approve(api, sent).status_code, api.get(f"/approvals/{sent.key}/").status_code) == (404, 404)
    assert api.get("/approvals/").json() == []
    assert not Transaction.objects.exists()


def test_a_delegate_approves_on_the_page_and_everybody_is_named(cast, sent, delegated, signed_in):
    row = delegated()
    page, agent = signed_in(fresh(cast.other_citizen)), cast.other_citizen
    mine = page.get(reverse("transactions:requests"))
    assert list(mine.context["to_approve"]) == [sent]
    assert cast.citizen.full_name in mine.content.decode()
    html = page.get(reverse("transactions:check", args=[sent.key])).content.decode()
    assert ("الموافقة والتقديم" in html, row.number in html) == (True, True)
    answer = page.post(reverse("transactions:check", args=[sent.key]))
    case = Transaction.objects.get()
    receipt = reverse("transactions:receipt", args=[case.reference])
    assert answer.url == receipt
    again = page.post(reverse("transactions:check", args=[sent.key]))
    assert (again.url, Transaction.objects.count()) == (receipt, 1)
    filed = Event.objects.get(transaction=case, move="submit")
    assert (filed.actor, filed.facts["delegation"], case.applicant) == (agent, row.pk, cast.citizen)
    body = json.loads(bytes(Entry.objects.get(kind="received", subject=case.reference).body))
    assert body["agent"] == person_mark(case.mark_salt, agent.national_id)
    assert AuthorisationEvent.objects.get(kind="approved").by == agent
    for who in (cast.citizen, cast.engineer, agent):
        shown = signed_in(fresh(who)).get(reverse("transactions:draft", args=[sent.key]))
        assert shown.url == receipt, who
        mine = pins.format_pin(pins.derive_pin(case.reference)) in signed_in(fresh(who)).get(receipt).content.decode()
        assert mine is (who == cast.citizen)


def test_a_delegate_gives_it_back_on_the_page_and_the_office_hears_by_whom(cast, sent, delegated, signed_in):
    delegated()
    page = signed_in(fresh(cast.other_citizen))
    page.post(reverse("transactions:check", args=[sent.key]), {"changes": "1", "note": "الواجهة"})
    sent.refresh_from_db()
    assert (sent.stage, sent.owner_note) == (Draft.Stage.OPEN, "الواجهة")
    told = signed_in(cast.engineer).get(reverse("transactions:notices")).content.decode()
    assert ("نيابةً عن المالك" in told, "طلب المالك تعديلات" in told) == (True, False)


def test_nobody_approves_what_their_own_office_prepared(cast, sent, delegated, signed_in):
    """Also not who wrote it and has left the office since."""
    delegated(agent=cast.engineer)
    member = fresh(cast.engineer)
    assert not access.approves(member, sent)
    assert refused(DomainError, drafts.submit_draft, sent, by=member) == "with_owner"
    assert refused(DomainError, drafts.ask_for_changes, sent, note="x", by=member) == "with_owner"
    assert approve(Api(cast.engineer), sent).status_code == 404
    told = drafts.submission_of(sent, "ar", member)
    assert refused(DomainError, submit, told, by=member, key="k") == "not_the_applicant"
    cast.engineer.memberships.update(ended_at=timezone.now(), ends_on=TODAY - DAY)
    assert not access.approves(fresh(cast.engineer), sent)
    assert signed_in(fresh(cast.engineer)).get(reverse("transactions:draft", args=[sent.key])).status_code == 404
    assert not Transaction.objects.exists()


def test_what_was_changed_since_a_program_looked_is_not_approved(cast, sent, delegated):
    delegated()
    api = Api(cast.other_citizen)
    seen = version_of(api, sent)
    Draft.objects.filter(pk=sent.pk).update(answers=sent.answers | {"floors": "9"})
    assert problem(approve(api, sent, seen)) == (409, "overtaken")
    assert problem(api.post(f"/approvals/{sent.key}/approve/", {})) == (400, "invalid")
    assert not Transaction.objects.exists()


def test_an_owner_approves_by_a_program_and_reads_the_files_first(cast, sent):
    api = Api(cast.citizen)
    (row,) = api.get("/approvals/").json()
    assert (row["delegation"], row["owner"], row["answers"]) == (None, cast.citizen.full_name, sent.answers)
    assert len(row["attachments"]) == sent.attachments.count()
    assert api.get(f"/attachments/{row['attachments'][0]['key']}/").status_code == 200
    done = approve(api, sent, row["version"])
    again = approve(api, sent, row["version"])
    assert (done.status_code, done.json()) == (201, again.json())
    assert done.json()["pin"] == pins.derive_pin(Transaction.objects.get().reference)


def test_a_token_that_only_sends_approves_nothing(cast, sent):
    token = api_tokens.create_api_token(cast.citizen, name="x", scopes=["read", "send"])
    api = Api()
    api.headers = {"Authorization": f"Token {token}"}
    assert (approve(api, sent).status_code, api.get("/approvals/").status_code) == (403, 200)


def test_a_file_to_approve_is_told_to_who_may_approve_it(cast, draft, delegated):
    """And to nobody else; once the paper is over it is told no more."""
    row = delegated(operations=["answer"])
    Notification.objects.all().delete()
    drafts.send_to_owner(draft, by=cast.engineer)
    assert [notice.recipient for notice in Notification.objects.all()] == [cast.citizen]
    drafts.ask_for_changes(draft, note="x", by=cast.citizen)
    Delegation.objects.filter(pk=row.pk).update(operations=["file"], services=[PERMIT.code])
    Notification.objects.all().delete()
    drafts.send_to_owner(draft, by=cast.engineer)
    agent = fresh(cast.other_citizen)
    notice = Notification.objects.get(recipient=agent)
    assert still_concerned(notice, timezone.now())
    assert list(Notification.objects.filter(access.notices_condition(agent))) == [notice]
    assert count_unread(agent, access.own_requests(agent), 99) == 1
    end_delegation(row, by=cast.citizen)
    agent = fresh(agent)
    assert not still_concerned(Notification.objects.get(pk=notice.pk), timezone.now())
    assert not Notification.objects.filter(access.notices_condition(agent)).exists()
    assert count_unread(agent, access.own_requests(agent), 99) == 0


# -- filing for a principal by a program -----------------------------------------------------------------------------


@pytest.fixture
def body(cast):
    """What the agent's program sends for the establishment; files once sent are taken by one request."""

    def make(row, **changed):
        keys = files_for(SHOP, answers_today(SHOP.code), cast.other_citizen)
        papers = {code: [str(key) for key in files] for code, files in keys.items()}
        filed = {"service": SHOP.code, "answers": answers_today(SHOP.code), "attachments": papers}
        return filed | {"delegation": row if isinstance(row, int) else row.pk} | changed

    return make


def file_it(api, body, key="k"):
    return api.post("/transactions/", body, **{"Idempotency-Key": key})


def test_a_program_files_for_the_principal_by_the_paper_it_names(cast, delegated, body):
    """Of several papers the one named is the one on record."""
    delegated(principal=cast.establishment, number="1")
    named = delegated(principal=cast.establishment, number="2")
    api, sent = Api(cast.other_citizen), body(named)
    done = file_it(api, sent)
    assert done.status_code == 201, done.content
    case = Transaction.objects.get()
    filed = Event.objects.get(transaction=case, move="submit")
    assert (case.applicant, case.channel) == (cast.establishment, "api")
    assert (filed.actor, filed.facts["delegation"]) == (cast.other_citizen, named.pk)
    entry = json.loads(bytes(Entry.objects.get(kind="received", subject=case.reference).body))
    assert entry["for"] == person_mark(case.mark_salt, cast.establishment.national_id)
    assert entry["agent"] == person_mark(case.mark_salt, cast.other_citizen.national_id)
    assert done.json()["pin"] != pins.derive_pin(case.reference), "a delegate has a PIN of their own"
    assert file_it(api, sent).json() == done.json()


def test_each_set_of_operations_files_only_where_it_says_so(cast, delegated, body):
    row, api = delegated(principal=cast.establishment), Api(cast.other_citizen)
    sent = body(row)
    for operations in EVERY_SET:
        Delegation.objects.filter(pk=row.pk).update(operations=operations)
        answer = tried(lambda: file_it(api, sent))
        got = 201 if answer.status_code == 201 else problem(answer)
        assert got == (201 if "file" in operations else (409, "not_delegated")), operations
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("why", OUT)
def test_a_paper_that_does_not_hold_is_refused_in_words(why, cast, delegated, body, signed_in):
    """By program and on the page alike; following by it is refused as well."""
    row, api = delegated(principal=cast.establishment), Api(cast.other_citizen)
    api.headers["Accept-Language"] = "en"
    Delegation.objects.filter(pk=row.pk).update(**OUT[why])
    code = "not_delegated" if why == "another service" else "delegation_not_live"
    answer = file_it(api, body(row))
    assert problem(answer) == (409, code)
    assert row.number in answer.json()["detail"]
    page = signed_in(fresh(cast.other_citizen))
    shown = page.post(reverse("transactions:start", args=[SHOP.code]), {"delegation": row.pk}, follow=True)
    assert row.number in shown.content.decode()
    listed = api.get(f"/transactions/?delegation={row.pk}")
    assert listed.status_code == 200 if code == "not_delegated" else problem(listed) == (409, code)
    assert not Draft.objects.exists()
    assert not Transaction.objects.exists()


def test_a_paper_of_somebody_else_is_none(cast, delegated, body, signed_in):
    """Nor of the principal, who files for themselves, nor one that was never recorded: all the same answer."""
    row = delegated(principal=cast.establishment, agent=cast.citizen)
    for who, key in ((cast.other_citizen, row.pk), (cast.establishment, row.pk), (cast.other_citizen, row.pk + 999)):
        api = Api(who)
        assert problem(file_it(api, body(key))) == (403, "not_your_delegation")
        assert problem(api.get(f"/transactions/?delegation={key}")) == (403, "not_your_delegation")
    signed_in(fresh(cast.other_citizen)).post(reverse("transactions:start", args=[SHOP.code]), {"delegation": row.pk})
    told = Submission(SHOP, cast.establishment, answers_today(SHOP.code), delegation=row)
    assert refused(DomainError, submit, told, by=cast.other_citizen, key="k") == "not_your_delegation"
    assert not Draft.objects.exists()
    assert not Transaction.objects.exists()


def test_a_closed_account_is_filed_for_no_more(cast, delegated, body):
    row, api = delegated(principal=cast.establishment), Api(cast.other_citizen)
    User.objects.filter(pk=cast.establishment.pk).update(is_active=False)
    assert problem(file_it(api, body(row))) == (409, "delegation_not_live")


def test_what_was_filed_is_not_told_again_after_the_end(cast, delegated, body):
    """The same key finds the receipt, and the receipt holds a PIN."""
    row, api = delegated(principal=cast.establishment), Api(cast.other_citizen)
    sent = body(row)
    assert file_it(api, sent).status_code == 201
    end_delegation(row, by=cast.establishment)
    again = file_it(api, sent)
    assert problem(again) == (409, "not_delegated")
    assert "pin" not in again.json()
    assert Transaction.objects.count() == 1


def test_one_key_files_for_one_principal(cast, delegated, body):
    first, other = delegated(principal=cast.establishment), delegated()
    api, sent = Api(cast.other_citizen), body(first)
    assert file_it(api, sent).status_code == 201
    assert problem(file_it(api, sent | {"delegation": other.pk}))[0] in (403, 409, 422)
    assert Transaction.objects.count() == 1


def test_without_a_paper_named_a_program_files_for_its_own(cast, delegated, body):
    delegated(principal=cast.establishment)
    sent = body(1)
    del sent["delegation"]
    assert problem(file_it(Api(cast.other_citizen), sent)) == (409, "not_for_applicant")


# -- following -------------------------------------------------------------------------------------------------------


def test_a_program_follows_what_a_paper_covers_in_every_status(cast, submitted, delegated):
    """With any of the operations and with none: reading, the list, and by which paper."""
    case, other = submitted(), submitted("land-subdivision")
    row, api = delegated(services=[case.service]), Api(cast.other_citizen)
    for operations in EVERY_SET:
        Delegation.objects.filter(pk=row.pk).update(operations=operations)
        listed = api.get(f"/transactions/?delegation={row.pk}").json()
        assert [(each["reference"], each["delegation"]) for each in listed] == [(case.reference, row.pk)]
        read = api.get(f"/transactions/{case.reference}/").json()
        assert (read["reference"], read["delegation"]) == (case.reference, row.pk)
        assert api.get(f"/transactions/{other.reference}/").status_code == 404
    assert Api(cast.citizen).get(f"/transactions/{case.reference}/").json()["delegation"] is None
    for until in ("under_study", "awaiting_supervisor"):
        case = drive(case, cast, until)
        assert api.get(f"/transactions/{case.reference}/").json()["status"] == until


def test_both_sides_read_their_papers(cast, delegated):
    row = delegated(services=[SHOP.code], operations=["file"])
    (mine,) = Api(cast.other_citizen).get("/delegations/").json()
    (given,) = Api(cast.citizen).get("/delegations/?side=principal").json()
    assert mine == given
    assert (mine["id"], mine["operations"], mine["in_force"]) == (row.pk, ["file"], True)
    end_delegation(row, by=cast.citizen)
    (ended,) = Api(cast.other_citizen).get("/delegations/").json()
    assert (ended["in_force"], ended["ended_at"] is not None) == (False, True)
    assert Api(cast.engineer).get("/delegations/").json() == []
