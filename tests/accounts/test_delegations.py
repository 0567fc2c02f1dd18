"""Somebody acts for another by a paper a clerk has seen: recorded, as far as it goes, and over at once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import restored
from accounts.assurance import Level
from accounts.delegations import end_delegation
from accounts.errors import AccountError
from accounts.models import AccessRecord, Delegation, User
from continuity.after_loss import ENDED
from journal.entry import person_mark
from journal.models import Entry
from municipality.models import Office
from transactions import access
from transactions.domain.errors import DomainError, NotVisible
from transactions.domain.service_types import get
from transactions.intake import drafts
from transactions.intake.assured import may_receive_document
from transactions.models import Attachment, Draft, Event, Notification, Outbox, Transaction
from transactions.notifications.notices import still_concerned
from transactions.outbox import queue
from transactions.text.timeline import history_of
from transactions.transitions import moves

from ..answers import answers_today, files_for
from ..conftest import pdf, upload
from .delegating import TODAY, fresh, refused, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(submitted):
    return submitted()


def test_a_clerk_records_what_they_saw_and_the_agent_is_known_from_then_on(cast, delegated):
    row = delegated()
    agent = fresh(cast.other_citizen)
    assert (row.basis, row.number, row.checked_by) == ("power", "441234567", cast.clerk)
    assert (agent.assurance, agent.identity_verified_by) == (Level.COUNTER, cast.clerk)
    assert AccessRecord.objects.filter(act="delegated", by=cast.clerk, subject="441234567").exists()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ends_on": TODAY - timedelta(days=1)}, "ends_before"),
        ({"starts_on": TODAY + timedelta(days=9), "ends_on": TODAY + timedelta(days=8)}, "ends_before"),
    ],
)
def test_a_paper_that_is_over_is_not_recorded(delegated, changed, code):
    assert refused(AccountError, delegated, **changed) == code
    assert not Delegation.objects.exists()


def test_only_at_ones_own_counter_and_never_ones_own(cast, delegated):
    assert refused(AccountError, delegated, by=cast.reviewer) == "not_at_this_counter"
    assert refused(AccountError, delegated, centre=Office.objects.get(code="SC02")) == "not_at_this_counter"
    assert refused(AccountError, delegated, agent=cast.clerk) == "own_delegation"
    assert refused(AccountError, delegated, principal=cast.clerk) == "own_delegation"


def test_an_id_of_somebody_else_is_a_slip_and_records_nothing(cast, delegated):
    assert refused(AccountError, delegated, agent=shown(cast.other_citizen, full_name="غير ذلك")) == "not_the_person"
    other_phone = shown(cast.other_citizen, phone="0599999999")
    assert refused(AccountError, delegated, agent=other_phone) == "another_mobile"
    assert fresh(cast.other_citizen).assurance == Level.PHONE


def test_the_same_paper_is_recorded_once_and_nobody_acts_for_themselves(cast, delegated):
    delegated()
    assert refused(AccountError, delegated) == "already_recorded"
    assert refused(AccountError, delegated, agent=cast.citizen) == "already_recorded"
    row = Delegation.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delegation.objects.filter(pk=row.pk).update(ends_on=None)


# -- what it allows --------------------------------------------------------------------------------------------------


def test_without_a_paper_nothing_is_seen_or_done(cast, case):
    agent = fresh(cast.other_citizen)
    assert not access.visible_transactions(agent).exists()
    with pytest.raises(NotVisible):
        access.get_transaction(agent, case.reference)


def test_a_delegate_follows_what_the_paper_covers_and_nothing_else(cast, case, delegated):
    delegated(services=[case.service], operations=[])
    agent = fresh(cast.other_citizen)
    assert access.get_transaction(agent, case.reference) == case
    assert not access.get_capacity(agent, case).holds, "following is no capacity to act"
    assert not access.moves_open_to(agent, case)
    Transaction.objects.filter(pk=case.pk).update(service="land-subdivision")
    with pytest.raises(NotVisible):
        access.get_transaction(fresh(agent), case.reference)


@pytest.mark.parametrize(
    ("operation", "holds"), [("answer", {"applicant"}), ("withdraw", {"owner"}), ("file", set()), ("receive", set())]
)
def test_each_operation_gives_its_capacity_alone(cast, case, delegated, operation, holds):
    delegated(operations=[operation])
    assert access.get_capacity(fresh(cast.other_citizen), case).holds == holds


def test_what_a_delegate_does_names_them_everywhere(cast, case, delegated):
    row = delegated()
    agent = fresh(cast.other_citizen)
    done = moves.withdraw(case, reason="بطلب الموكل", by=agent, version=case.version)
    event = Event.objects.filter(transaction=done).latest("seq")
    assert (event.actor, event.facts["delegation"]) == (agent, row.pk)
    line = history_of(done)[0].acting
    for words in (agent.full_name, cast.citizen.full_name, "441234567"):
        assert words in line
    assert not any(entry.acting for entry in history_of(done, names=False)), "by number and PIN no name is told"
    assert {notice.recipient for notice in Notification.objects.filter(event=event)} == {cast.citizen, agent}


def test_a_delegate_files_for_an_establishment_and_the_journal_names_both(cast, delegated):
    delegated(principal=cast.establishment, services=["shop-licence"])
    agent, service = fresh(cast.other_citizen), get("shop-licence")
    draft = drafts.start_draft(service, by=agent, applicant=fresh(cast.establishment))
    assert (draft.applicant, draft.created_by) == (cast.establishment, agent)
    assert access.get_draft(agent, draft.key) == draft
    assert access.get_draft(fresh(cast.establishment), draft.key) == draft
    answers = answers_today("shop-licence")
    Draft.objects.filter(pk=draft.pk).update(answers=answers)
    draft.refresh_from_db()
    for document, keys in files_for(service, answers, agent).items():
        Attachment.objects.filter(key__in=keys).update(draft=draft, document=document)
    case = drafts.submit_draft(draft, by=agent).transaction
    assert case.applicant == cast.establishment
    body = json.loads(bytes(Entry.objects.get(kind="received", subject=case.reference).body))
    assert body["for"] == person_mark(case.mark_salt, cast.establishment.national_id)
    assert body["agent"] == person_mark(case.mark_salt, agent.national_id)
    assert access.may_see_receipt(agent, case)


@pytest.mark.parametrize(
    "changed",
    [
        {"operations": ["answer"]},
        {"services": ["land-subdivision"]},
        {"starts_on": TODAY + timedelta(days=2)},
    ],
)
def test_what_the_paper_does_not_name_is_not_begun(cast, delegated, changed):
    delegated(principal=cast.establishment, **changed)
    code = refused(
        DomainError,
        drafts.start_draft,
        get("shop-licence"),
        by=fresh(cast.other_citizen),
        applicant=cast.establishment,
    )
    assert code == "not_the_applicant"


def test_an_owners_approval_of_drawings_is_not_delegated_here(cast, delegated):
    delegated()
    code = refused(
        DomainError, drafts.start_draft, get("building-permit"), by=fresh(cast.other_citizen), applicant=cast.citizen
    )
    assert code == "office_needed"


def test_what_is_issued_goes_to_a_delegate_who_may_receive_it(cast, submitted, delegated):
    case = submitted("land-subdivision")
    User.objects.filter(pk=cast.citizen.pk).update(assurance=Level.PHONE)
    case.applicant.refresh_from_db()
    delegated(operations=["answer"])
    assert not may_receive_document(case, fresh(cast.other_citizen))
    Delegation.objects.update(operations=["receive"])
    assert may_receive_document(case, fresh(cast.other_citizen))
    assert not may_receive_document(case, fresh(cast.citizen))


def test_the_principal_who_was_not_there_is_told(cast, delegated, settings):
    row = delegated()
    job = Outbox.objects.get(kind="warn_delegation", subject=row.pk)
    queue.process_kind("warn_delegation")
    job.refresh_from_db()
    assert job.state == "done"
    text = max(settings.SMS_DIR.iterdir(), key=lambda file: file.name).read_text(encoding="utf-8")
    assert text.startswith(cast.citizen.phone)
    assert row.number in text
    assert cast.other_citizen.full_name not in text


def test_what_was_to_be_told_to_a_delegate_is_told_no_more_once_it_ended(cast, case, delegated):
    row = delegated()
    agent = fresh(cast.other_citizen)
    notice = Notification(event=case.events.latest("seq"), recipient=agent)
    assert still_concerned(notice, timezone.now())
    end_delegation(row, by=cast.citizen)
    notice.event.transaction.refresh_from_db()
    assert not still_concerned(notice, timezone.now())


# -- over at once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["citizen", "other_citizen", "clerk"])
def test_either_side_or_the_counter_ends_it_at_this_moment(cast, case, delegated, who):
    row = delegated()
    assert access.acts_for_applicant(fresh(cast.other_citizen), case)
    end_delegation(row, by=getattr(cast, who))
    agent = fresh(cast.other_citizen)
    assert not access.acts_for_applicant(agent, case)
    with pytest.raises(NotVisible):
        access.get_transaction(agent, case.reference)
    assert not access.get_capacity(agent, case).holds
    row.refresh_from_db()
    assert (row.ended_by, row.ended_at is not None) == (getattr(cast, who), True)
    assert refused(AccountError, end_delegation, row, by=cast.citizen) == "not_live"


def test_nobody_else_ends_it(cast, delegated):
    row = delegated()
    for who in ("engineer", "reviewer", "administrator", "establishment"):
        assert refused(AccountError, end_delegation, row, by=getattr(cast, who)) == "not_yours"


def test_one_that_has_not_begun_is_ended_too(cast, delegated):
    row = delegated(starts_on=TODAY + timedelta(days=5))
    end_delegation(row, by=cast.citizen)
    row.refresh_from_db()
    assert row.ended_at
    assert not row.holds(TODAY + timedelta(days=6))


def test_it_lasts_to_its_last_day_and_no_longer(cast, case, delegated, monkeypatch):
    row = delegated()
    last = timezone.now() + timedelta(days=30)
    monkeypatch.setattr(timezone, "now", lambda: last)
    assert access.acts_for_applicant(fresh(cast.other_citizen), case)
    monkeypatch.setattr(timezone, "now", lambda: last + timedelta(days=1))
    assert not access.acts_for_applicant(fresh(cast.other_citizen), case)
    assert row.ended_at is None


def test_a_draft_begun_before_the_end_is_the_principals_alone_after_it(cast, delegated):
    row = delegated(principal=cast.establishment)
    draft = drafts.start_draft(get("shop-licence"), by=fresh(cast.other_citizen), applicant=cast.establishment)
    end_delegation(row, by=cast.establishment)
    with pytest.raises(NotVisible):
        access.get_draft(fresh(cast.other_citizen), draft.key)
    assert access.get_draft(fresh(cast.establishment), draft.key) == draft


def test_a_restore_ends_delegations_and_gives_back_those_that_still_hold(cast, case, delegated):
    row = delegated()
    ended = restored.revoke_restored_access(timezone.now())
    assert ended["delegations"] == [row.pk]
    assert "delegations" in ENDED
    assert not access.acts_for_applicant(fresh(cast.other_citizen), case)
    assert restored.reinstate("delegations", [row.pk], timezone.now()) == 1
    assert access.acts_for_applicant(fresh(cast.other_citizen), case)


# -- pages -----------------------------------------------------------------------------------------------------------


def typed_paper(cast, centre, **changed):
    facts = {
        "agent_id": cast.other_citizen.national_id, "agent_name": cast.other_citizen.full_name,
        "agent_phone": cast.other_citizen.phone, "principal_id": cast.citizen.national_id,
        "principal_name": cast.citizen.full_name, "number": "44-1",
        "issuer": "notary", "starts_on": f"{TODAY - timedelta(days=3):%Y-%m-%d}",
        "ends_on": f"{TODAY + timedelta(days=300):%Y-%m-%d}", "operations": ["answer"], "seen": "on",
        "centre": centre.pk, "scan": upload("wakala.pdf", pdf()),
    }  # fmt: skip
    return facts | changed


def test_a_clerk_records_it_with_its_scan_and_the_two_see_both(cast, centre, signed_in, case):
    clerk = signed_in(cast.clerk)
    answer = clerk.post(reverse("staff:delegations"), typed_paper(cast, centre))
    assert answer.status_code == 302, answer.content.decode()[:4000]
    scan = Delegation.objects.get().scans.get()
    file = reverse("transactions:file", args=[scan.key])
    for who, status in (("clerk", 200), ("citizen", 200), ("other_citizen", 200), ("engineer", 404), ("reviewer", 404)):
        assert signed_in(getattr(cast, who)).get(file).status_code == status, who
    page = signed_in(fresh(cast.other_citizen)).get(reverse("transactions:request", args=[case.reference]))
    assert "44-1" in page.content.decode()
    assert cast.citizen.full_name in page.content.decode()
    mine = signed_in(fresh(cast.citizen)).get(reverse("transactions:delegations")).content.decode()
    assert cast.other_citizen.full_name in mine


@pytest.mark.parametrize(
    "changed",
    [
        {"seen": ""},
        {"scan": ""},
        {"ends_on": ""},
        {"number": ""},
        {"agent_id": "1010101011"},
        {"issuer": ""},
    ],
)
def test_what_is_missing_is_said_and_nothing_is_recorded(cast, centre, signed_in, changed):
    answer = signed_in(cast.clerk).post(reverse("staff:delegations"), typed_paper(cast, centre, **changed))
    assert answer.status_code == 422
    assert not Delegation.objects.exists()


def test_a_scan_that_is_none_is_refused(cast, centre, signed_in):
    scan = upload("x.pdf", b"hello, this is text")
    answer = signed_in(cast.clerk).post(reverse("staff:delegations"), typed_paper(cast, centre, scan=scan))
    assert answer.status_code == 422
    assert not Delegation.objects.exists()


def test_pressing_end_ends_it_and_only_ones_own(cast, delegated, signed_in):
    row = delegated()
    address = reverse("transactions:delegation_end", args=[row.pk])
    assert signed_in(cast.engineer).post(address).status_code == 404
    assert signed_in(cast.citizen).post(address).status_code == 302
    row.refresh_from_db()
    assert row.ended_at


def test_starting_for_another_takes_the_paper_in_force(cast, delegated, signed_in):
    row = delegated(principal=cast.establishment)
    agent = signed_in(fresh(cast.other_citizen))
    page = agent.get(reverse("transactions:delegations")).content.decode()
    assert reverse("transactions:start", args=["shop-licence"]) in page
    assert reverse("transactions:start", args=["building-permit"]) not in page
    answer = agent.post(reverse("transactions:start", args=["shop-licence"]), {"delegation": row.pk})
    draft = Draft.objects.get()
    assert answer.url == reverse("transactions:draft", args=[draft.key])
    assert cast.establishment.full_name in agent.get(answer.url).content.decode()
    end_delegation(row, by=cast.establishment)
    agent.post(reverse("transactions:start", args=["shop-licence"]), {"delegation": row.pk})
    assert Draft.objects.count() == 1
    assert agent.get(answer.url).status_code == 404
