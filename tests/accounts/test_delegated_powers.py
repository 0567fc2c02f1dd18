"""A paper opens what it names and nothing else: receiving, answering, a PIN; not the account of whom one acts for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import services as people
from accounts.assurance import Level
from accounts.delegations import close_expired, end_delegation
from accounts.errors import AccountError
from accounts.models import Delegation, PhoneChange, User
from accounts.visitors import Visitor
from core.db import replica
from municipality.models import Office
from transactions import access
from transactions.attachments import delegations as scans
from transactions.attachments import services as attachments
from transactions.domain import pins
from transactions.domain.errors import DomainError, NotVisible
from transactions.inquiry import pin as pin_of_receipt
from transactions.inquiry import services as inquiry
from transactions.inquiry.pin import opens_receipt, pin_for
from transactions.intake import answers_in_progress
from transactions.models import Attachment, Event
from transactions.transitions import moves
from transactions.transitions.handing_out import hand_out
from transactions.transitions.moves import RequestedCompletion
from transactions.visits.services import begin_visit

from ..conftest import NOW, PASSWORD, drive, national_id, pdf, upload, work_off
from .delegating import EVERYTHING, TODAY, fresh, refused, shown

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HERE = {"address": "10.9.9.9"}
SHOP = "7009999999"
NEW = "another long password"


def all_but(*operations):
    return [operation for operation in EVERYTHING if operation not in operations]


def visit(case, who, clerk, purpose, now):
    centre = Office.objects.get(code="SC01")
    return begin_visit(
        reference=case.reference, national_id=who.national_id, centre=centre, by=clerk, purpose=purpose, now=now
    )


# -- receiving -------------------------------------------------------------------------------------------------------


@pytest.fixture
def issued(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "issued")
    work_off(NOW + DAY)
    return case


def ways_to_the_document(case, user, signed_in):
    """Whether each way leads to what was issued: page, PDF, API, API's PDF, API's case."""
    page = signed_in(user)
    headers = {"Authorization": f"Token {AuthToken.objects.create(user)[1]}"}
    document = case.issued_documents.get()
    number, kind = document.number, document.kind
    own = f"/api/v1/transactions/{case.reference}/"
    sheet = page.get(reverse("transactions:document", args=[case.reference, kind]))
    signed = page.get(reverse("transactions:paper", args=[case.reference, document.content.pk]))
    api, file = (page.get(f"{own}papers/{kind}/{end}", headers=headers) for end in ("", "pdf/"))
    listed = page.get(own, headers=headers).json()["issued_documents"]
    return {
        "page": b'class="qr"' in sheet.content,
        "pdf": signed.get("Content-Type") == "application/pdf",
        "api": api.status_code == 200 and api.json()["number"] == number,
        "api pdf": file.status_code == 200,
        "api case": bool(listed),
    }


@pytest.mark.parametrize("level", [Level.PHONE, Level.COUNTER])
def test_who_only_follows_or_answers_is_handed_nothing_online(level, cast, issued, delegated, signed_in):
    """Whether or not the owner is known."""
    User.objects.filter(pk=cast.citizen.pk).update(assurance=level, identity_verified_at=NOW)
    delegated(operations=all_but("receive"))
    assert set(ways_to_the_document(issued, fresh(cast.other_citizen), signed_in).values()) == {False}


@pytest.mark.parametrize("level", [Level.PHONE, Level.COUNTER])
def test_who_may_receive_is_handed_it_by_every_way(level, cast, issued, delegated, signed_in):
    User.objects.filter(pk=cast.citizen.pk).update(assurance=level, identity_verified_at=NOW)
    row = delegated(operations=["receive"])
    agent = fresh(cast.other_citizen)
    assert set(ways_to_the_document(issued, agent, signed_in).values()) == {True}
    end_delegation(row, by=cast.citizen)
    place = reverse("transactions:document", args=[issued.reference, issued.issued_documents.get().kind])
    assert signed_in(fresh(agent)).get(place).status_code == 404


def test_a_delegate_is_told_why_in_the_api(cast, issued, delegated):
    delegated(operations=[])
    agent = fresh(cast.other_citizen)
    token = AuthToken.objects.create(agent)[1]
    kind = issued.issued_documents.get().kind
    answer = Client().get(
        f"/api/v1/transactions/{issued.reference}/papers/{kind}/", headers={"Authorization": f"Token {token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not_delegated")


def test_only_who_may_receive_collects_at_a_counter(cast, issued, delegated):
    later = timezone.now()
    row = delegated(operations=all_but("receive"))
    with pytest.raises(NotVisible):
        visit(issued, cast.other_citizen, cast.clerk, "collect", later)
    Delegation.objects.filter(pk=row.pk).update(operations=["receive"])
    begun = visit(issued, cast.other_citizen, cast.clerk, "collect", later)
    assert begun.whom == "agent"
    given = {"visit": begun, "papers": [], "originals": "أصل الصك", "signed": True, "by": cast.clerk, "now": later}
    end_delegation(row, by=cast.citizen)
    with pytest.raises(DomainError):
        hand_out(issued, **given)
    assert not issued.events.filter(move="hand_out").exists(), "the paper was taken back while they stood there"


def test_one_who_may_receive_is_handed_it_over_the_counter(cast, issued, delegated):
    later = timezone.now()
    delegated(operations=["receive"])
    begun = visit(issued, cast.other_citizen, cast.clerk, "collect", later)
    case = hand_out(issued, visit=begun, papers=[], originals="أصل", signed=True, by=cast.clerk, now=later)
    assert case.events.latest("seq").facts["whom"] == "agent"


# -- answering -------------------------------------------------------------------------------------------------------


@pytest.fixture
def returned(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    asked = [RequestedCompletion(case.service_type.deficiencies[0].code)]
    return moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + DAY / 4)


def words(case):
    return {item.pk: "تم" for item in case.deficiencies.open()}


def test_who_may_not_answer_writes_nothing_of_an_answer(cast, returned, delegated, signed_in):
    delegated(operations=all_but("answer"))
    agent, item = fresh(cast.other_citizen), returned.deficiencies.open().first()
    assert refused(DomainError, moves.answer, returned, answers={}, by=agent) == "move_not_allowed"
    with pytest.raises(DomainError):
        answers_in_progress.save_answers_in_progress(returned, words(returned), by=agent)
    with pytest.raises((DomainError, NotVisible)):
        attachments.attach_to_deficiency(item, upload(), by=agent)
    before = Attachment.objects.filter(transaction=returned).count()
    page = signed_in(agent).post(reverse("transactions:answer", args=[returned.reference]), {"send": "1"})
    assert page.status_code in (302, 403, 404, 409, 422)
    assert not Event.objects.filter(transaction=returned, move="answer").exists()
    assert Attachment.objects.filter(transaction=returned).count() == before
    with pytest.raises(NotVisible):
        visit(returned, cast.other_citizen, cast.clerk, "answer", timezone.now())


def test_who_may_answer_begins_a_visit_and_the_event_names_that_paper(cast, returned, delegated):
    """Of two papers the one that allows it counts, whichever was recorded last."""
    allows = delegated(operations=["answer"])
    with pytest.raises(NotVisible):
        visit(returned, cast.other_citizen, cast.clerk, "collect", timezone.now())
    delegated(operations=["receive"], number="2")
    for purpose in ("collect", "answer"):
        assert visit(returned, cast.other_citizen, cast.clerk, purpose, timezone.now()).whom == "agent"
    agent = fresh(cast.other_citizen)
    done = moves.answer(returned, answers=words(returned), by=agent)
    assert done.events.filter(move="answer").get().facts["delegation"] == allows.pk


# -- the principal's account -----------------------------------------------------------------------------------------


def code_to(number, phone, settings):
    sent = people.send_code(
        national_id=number, full_name="x", phone=phone, language="ar", address="10.0.0.1", now=timezone.now()
    )
    newest = max(settings.SMS_DIR.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return sent.pk, re.search(r"\b\d{6}\b", newest.read_text(encoding="utf-8"))[0]


@pytest.mark.parametrize("number", [SHOP, national_id(901)])
@pytest.mark.parametrize("typed", ["agent", "other", "none"])
def test_a_principal_made_by_a_paper_is_known_by_nothing_and_opened_by_no_mobile(
    number, typed, cast, delegated, settings
):
    phone = {"agent": cast.other_citizen.phone, "other": "+966598765432", "none": ""}[typed]
    delegated(principal=Visitor(number, "مؤسسة الركن", phone), services=["shop-licence"], operations=["file"])
    given = User.objects.get(national_id=number)
    assert (given.assurance, given.phone, given.identity_verified_by) == (Level.NONE, "", None)
    for mobile in {cast.other_citizen.phone, "+966598765432"}:
        opened = refused(AccountError, people.open_account, *code_to(number, mobile, settings), NEW)
        assert opened == "another_mobile"
    assert not fresh(given).has_usable_password()


def test_papers_shown_at_a_counter_open_the_account_of_an_establishment(cast, delegated, settings):
    delegated(principal=Visitor.absent(national_id=SHOP, full_name="مؤسسة الركن"))
    people.identify_visitor(national_id=SHOP, full_name="مؤسسة الركن", phone="0598765432", by=cast.clerk)
    user = people.open_account(*code_to(SHOP, "+966598765432", settings), NEW)
    assert (user.national_id, user.assurance) == (SHOP, Level.COUNTER)


@pytest.mark.parametrize(("number", "own"), [(SHOP, True), (SHOP, False), (national_id(901), True)])
def test_what_the_agent_opened_before_is_closed_and_its_mobile_told(number, own, cast, delegated, settings, client):
    """Of an establishment any mobile that nobody has proven; of a person the agent's own."""
    mobile = cast.other_citizen.phone if own else "+966598765432"
    squatter = people.open_account(*code_to(number, mobile, settings), PASSWORD)
    AuthToken.objects.create(squatter)
    client.force_login(squatter, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("transactions:requests")).status_code == 200
    delegated(principal=Visitor(number, squatter.full_name, mobile))
    given = fresh(squatter)
    assert (given.phone, given.has_usable_password(), given.assurance) == ("", False, Level.PHONE)
    assert not AuthToken.objects.filter(user=given).exists()
    assert client.get(reverse("transactions:requests")).status_code == 302
    assert refused(AccountError, people.open_account, *code_to(number, mobile, settings), NEW) == "another_mobile"
    assert PhoneChange.objects.get(user=given).by == cast.clerk
    work_off(timezone.now())
    assert any("لم يثبت" in file.read_text(encoding="utf-8") for file in settings.SMS_DIR.iterdir())


def test_a_person_keeps_a_mobile_that_is_not_the_agents_and_one_known_keeps_all(cast, delegated):
    User.objects.filter(pk=cast.citizen.pk).update(assurance=Level.PHONE, identity_verified_at=None)
    before = fresh(cast.citizen)
    delegated()
    after = fresh(cast.citizen)
    assert (after.phone, after.password, after.assurance) == (before.phone, before.password, Level.PHONE)
    shop = fresh(cast.establishment)
    delegated(principal=shop, agent=shown(cast.other_citizen))
    after = fresh(shop)
    assert (after.phone, after.password, after.assurance) == (shop.phone, shop.password, Level.COUNTER)


# -- the PIN of the receipt ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["electricity-connection", "building-permit"])
def test_a_delegate_has_a_pin_of_their_own_which_ends_with_the_paper(code, cast, submitted, delegated, signed_in):
    case, row = submitted(code), delegated(operations=[])
    agent, owners = fresh(cast.other_citizen), pins.derive_pin(case.reference)
    own = pin_for(case, agent)
    html = signed_in(agent).get(reverse("transactions:receipt", args=[case.reference])).content.decode()
    assert (pins.format_pin(own) in html, pins.format_pin(owners) in html) == (True, False)
    headers = {"Authorization": f"Token {AuthToken.objects.create(agent)[1]}"}
    receipt = signed_in(agent).get(f"/api/v1/transactions/{case.reference}/receipt/", headers=headers)
    assert receipt.json()["pin"] == own != owners
    assert inquiry.find_by_pin(case.reference, own, **HERE).pk == case.pk
    end_delegation(row, by=cast.citizen)
    with pytest.raises(NotVisible):
        inquiry.find_by_pin(case.reference, own, **HERE)
    assert inquiry.find_by_pin(case.reference, owners, **HERE).pk == case.pk, "the owner's goes on"


@pytest.mark.parametrize(
    "changed",
    [
        {"services": ["land-subdivision"]},
        {"starts_on": TODAY + 2 * DAY},
        {"ends_on": TODAY - DAY, "starts_on": TODAY - 2 * DAY},
        {"ended_at": NOW},
    ],
)
def test_it_opens_only_while_the_paper_covers_the_request(changed, cast, submitted, delegated):
    case, row = submitted(), delegated()
    own = pin_for(case, fresh(cast.other_citizen))
    assert opens_receipt(case.reference, own)
    Delegation.objects.filter(pk=row.pk).update(**changed)
    assert not opens_receipt(case.reference, own)


def test_nor_for_a_closed_account_on_either_side(cast, submitted, delegated):
    case = submitted()
    delegated()
    own = pin_for(case, fresh(cast.other_citizen))
    for who in (cast.citizen, cast.other_citizen):
        User.objects.filter(pk=who.pk).update(is_active=False)
        assert not opens_receipt(case.reference, own)
        User.objects.filter(pk=who.pk).update(is_active=True)
    assert opens_receipt(case.reference, own)


def test_the_copy_is_asked_who_acts_while_it_answers(cast, submitted, delegated, monkeypatch):
    """The centre may be away: no question about a PIN goes to another database than the request came from."""
    case = submitted("building-permit")
    delegated()
    own, asked = pin_for(case, fresh(cast.other_citizen)), []
    for name in ("delegations_given", "office_members_of"):
        ask = getattr(pin_of_receipt, name)
        monkeypatch.setattr(
            pin_of_receipt, name, lambda *args, using, ask=ask: asked.append(using) or ask(*args, using="default")
        )
    monkeypatch.setattr(replica, "reading", lambda: True)
    assert opens_receipt(case.reference, own)
    assert asked == [replica.ALIAS, replica.ALIAS]


def test_pins_of_owner_office_and_delegates_are_all_different(submitted):
    reference = submitted().reference
    pairs = [(given, person) for given in range(1, 7) for person in range(1, 7)]
    made = [pins.derive_pin(reference, serial) for serial in range(20)]
    made += [pins.derive_pin(reference, member=pair) for pair in pairs]
    made += [pins.derive_pin(reference, delegate=pair) for pair in pairs]
    assert len(set(made)) == len(made)


# -- one that ran out ------------------------------------------------------------------------------------------------


def run_out(row, days=1):
    Delegation.objects.filter(pk=row.pk).update(starts_on=TODAY - 500 * DAY, ends_on=TODAY - days * DAY)


@pytest.mark.parametrize("days", [1, 400])
def test_a_paper_that_ran_out_is_recorded_anew_under_its_number(days, cast, delegated):
    old = delegated()
    run_out(old, days)
    new = delegated()
    old.refresh_from_db()
    assert old.ended_at is not None
    assert (new.number, new.holds(TODAY)) == (old.number, True)
    assert refused(AccountError, delegated) == "already_recorded"


def test_a_paper_that_ends_today_holds_through_today(cast, submitted, delegated):
    today = timezone.localdate()  # not TODAY: a run may have begun yesterday
    case, held = submitted(), delegated(ends_on=today)
    held.save()
    held.refresh_from_db()
    assert (held.ended_at, held.holds(today), held.holds(today + timedelta(days=1))) == (None, True, False)
    assert access.acts_for_applicant(fresh(cast.other_citizen), case)
    assert close_expired(timezone.now()) == 0
    ended = end_delegation(held, by=cast.citizen)
    assert (ended.ended_at is None, ended.holds(today)) == (False, False)


def test_one_that_still_holds_is_not_closed_by_another(cast, delegated):
    delegated(ends_on=timezone.localdate())
    assert refused(AccountError, delegated) == "already_recorded"
    other = delegated(number="2")
    run_out(other)
    delegated(number="3")
    other.refresh_from_db()
    assert other.ended_at is None, "another paper's row is the daily job's"


def test_what_ran_out_is_closed_each_day_and_the_scan_with_it(cast, delegated, signed_in):
    old = scans.record(upload("wakala.pdf", pdf()), by=cast.clerk, write=lambda _now: delegated())
    live = delegated(number="2", principal=cast.establishment)
    file = reverse("transactions:file", args=[old.scans.get().key])
    assert signed_in(fresh(cast.other_citizen)).get(file).status_code == 200
    run_out(old)
    assert signed_in(fresh(cast.other_citizen)).get(file).status_code == 404, "at once, before the job"
    assert signed_in(fresh(cast.citizen)).get(file).status_code == 200
    now = timezone.now()
    assert (close_expired(now), close_expired(now)) == (1, 0)
    old.refresh_from_db()
    live.refresh_from_db()
    assert (old.ended_at, live.ended_at) == (now, None)
