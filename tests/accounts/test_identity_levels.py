"""Who somebody is, and how sure the city is of it: what a counter writes, when, and what a mobile opens."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from knox.models import AuthToken

from accounts import services
from accounts.assurance import Level
from accounts.errors import AccountError
from accounts.models import NameChange, OneTimeCode, PhoneChange, User
from accounts.visitors import Visitor
from municipality.models import Office
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.intake import drafts
from transactions.models import Draft, Transaction

from ..conftest import ANSWERS, NOW, PASSWORD, national_id, picture, upload, work_off

pytestmark = pytest.mark.django_db
GOOD = national_id(5150)
NEW = "another long password"
ELECTRICITY = service_types.get("electricity-connection")


@pytest.fixture
def page(cast, signed_in):
    return signed_in(cast.clerk)


@pytest.fixture
def known(cast):
    """Somebody whose original ID was seen long ago, with a password of theirs."""
    person = services.identify_visitor(
        national_id=GOOD, full_name="سعد بن علي", phone="0511111111", by=cast.clerk, now=NOW - timedelta(days=90)
    )
    person.set_password(PASSWORD)
    person.save()
    return person


def messages_sent(settings):
    files = sorted(settings.SMS_DIR.iterdir(), key=lambda file: file.name) if settings.SMS_DIR.exists() else []
    return [file.read_text(encoding="utf-8") for file in files]


def comes(**changed):
    typed = {"national_id": GOOD, "full_name": "سعد بن علي", "phone": "0511111111", "seen": "on"}
    return typed | {"service": ELECTRICITY.code, "centre": Office.objects.get(code="SC01").pk} | changed


def fill(draft, by):
    for step in draft.service_type.steps:
        drafts.save_step(draft, step, ANSWERS[draft.service], by=by)
    for document in draft.service_type.documents_for(draft.answers):
        for number in range(document.least):
            photo = "application/pdf" not in document.accepts
            file = upload(f"{number}.jpg", picture("JPEG")) if photo else upload(f"{number}.pdf")
            attachments.attach_to_draft(draft, document.code, file, by=by)


def as_on_file(person):
    return (person.full_name, person.phone, person.has_usable_password(), person.assurance, person.identity_verified_at)


def answers_to(html, **said):
    shown = re.search(r'name="visitor-shown" value="([0-9a-f]+)"', html)[1]
    return {"visitor-shown": shown} | {f"visitor-{name}": what for name, what in said.items()}


@pytest.mark.parametrize(
    "other",
    [{"full_name": "فهد بن سالم"}, {"phone": "0599999999"}, {"full_name": "فهد بن سالم", "phone": "٠٥٩٩٩٩٩٩٩٩"}],
)
def test_a_slip_in_an_id_overwrites_nobody_and_says_who_is_on_file(known, page, other):
    before = as_on_file(known)
    answer = page.post(reverse("staff:counter"), comes(**other))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "سعد بن علي" in html
    if "phone" in other:
        assert "0511111111" not in html, "the mobile on file is not given away"
        assert "+966511111111" not in html
        assert "••••111" in html
    assert not Draft.objects.exists()
    known.refresh_from_db()
    assert as_on_file(known) == before
    assert known.check_password(PASSWORD)
    assert not LogEntry.objects.filter(object_id=str(known.pk)).exists()


def test_who_is_on_file_as_typed_is_asked_nothing(known, page):
    assert page.post(reverse("staff:counter"), comes()).status_code == 302
    assert Draft.objects.get().visitor_changes == {}


def test_what_is_asked_and_answered_is_written_with_the_request_and_not_before(known, cast, page, settings):
    typed = comes(full_name="سعد بن علي الحربي", phone="0522222222")
    asked = page.post(reverse("staff:counter"), typed).content.decode()
    begun = page.post(reverse("staff:counter"), typed | answers_to(asked, full_name="change", phone="change"))
    draft = Draft.objects.get()
    assert begun.url == reverse("staff:intake", args=[draft.key])
    known.refresh_from_db()
    assert (known.full_name, known.phone) == ("سعد بن علي", "+966511111111")
    fill(draft, cast.clerk)
    check = reverse("staff:intake_check", args=[draft.key])
    assert "سعد بن علي الحربي" in page.get(check).content.decode()
    assert page.post(check).status_code == 302
    known.refresh_from_db()
    assert (known.full_name, known.phone) == ("سعد بن علي الحربي", "+966522222222")
    assert known.check_password(PASSWORD), "the account stays theirs"
    assert (known.assurance, known.identity_verified_by) == (Level.COUNTER, cast.clerk)
    said = " ".join(LogEntry.objects.filter(object_id=str(known.pk)).values_list("change_message", flat=True))
    assert "من \u2068+966511111111\u2069 إلى \u2068+966522222222\u2069" in said
    assert "من «\u2068سعد بن علي\u2069» إلى «\u2068سعد بن علي الحربي\u2069»" in said
    assert {PhoneChange.objects.get().by, NameChange.objects.get().by} == {cast.clerk}
    work_off(NOW + timedelta(days=3650))
    told = [text for text in messages_sent(settings) if text.startswith("+966511111111")]
    assert len(told) == 2


@pytest.mark.parametrize(("phone", "kept"), [("keep", {}), ("change", {"phone", "email"})])
def test_an_e_mail_goes_with_its_mobile_and_on_no_strangers_file(known, page, phone, kept):
    typed = comes(full_name="فهد بن سالم", phone="0522222222", email="fahd@example.org")
    asked = page.post(reverse("staff:counter"), typed).content.decode()
    page.post(reverse("staff:counter"), typed | answers_to(asked, full_name="keep", phone=phone))
    assert set(Draft.objects.get().visitor_changes) == set(kept)


def test_only_what_was_chosen_is_changed(known, cast, page):
    typed = comes(full_name="سعد علي", phone="0522222222")
    asked = page.post(reverse("staff:counter"), typed).content.decode()
    page.post(reverse("staff:counter"), typed | answers_to(asked, full_name="keep", phone="change"))
    draft = Draft.objects.get()
    assert set(draft.visitor_changes) == {"phone"}
    fill(draft, cast.clerk)
    drafts.submit_draft(draft, by=cast.clerk)
    known.refresh_from_db()
    assert (known.full_name, known.phone) == ("سعد بن علي", "+966522222222")


def test_an_answer_holds_for_what_was_shown_only(known, page, cast):
    other = services.identify_visitor(
        national_id=national_id(5151), full_name="نورة", phone="0533333333", by=cast.clerk, now=NOW
    )
    typed = comes(phone="0522222222")
    asked = page.post(reverse("staff:counter"), typed).content.decode()
    for changed in ({"phone": "0544444444"}, {"national_id": other.national_id}):
        answer = page.post(reverse("staff:counter"), typed | answers_to(asked, phone="change") | changed)
        assert answer.status_code == 422
    assert not Draft.objects.exists()
    unanswered = page.post(reverse("staff:counter"), typed | answers_to(asked))
    assert unanswered.status_code == 422
    assert unanswered.context["question"].errors


def test_a_draft_thrown_away_leaves_nothing_of_its_visitor(known, page, cast):
    typed = comes(phone="0522222222")
    asked = page.post(reverse("staff:counter"), typed).content.decode()
    page.post(reverse("staff:counter"), typed | answers_to(asked, phone="change"))
    drafts.delete_draft(Draft.objects.get(), by=cast.clerk)
    known.refresh_from_db()
    assert known.phone == "+966511111111"
    stranger = national_id(5152)
    page.post(reverse("staff:counter"), comes(national_id=stranger))
    person = User.objects.get(national_id=stranger)
    assert (person.assurance, person.identity_verified_at) == (Level.NONE, None)
    drafts.delete_draft(Draft.objects.get(), by=cast.clerk)
    assert not User.objects.filter(national_id=stranger).exists(), "whoever has this ID was never here"


def test_what_is_on_file_and_changed_meanwhile_is_asked_again(known, page, cast, settings):
    typed = comes(phone="0522222222")
    asked = page.post(reverse("staff:counter"), typed).content.decode()
    page.post(reverse("staff:counter"), typed | answers_to(asked, phone="change"))
    draft = Draft.objects.get()
    fill(draft, cast.clerk)
    services.change_phone(known, "+966577777777", by=cast.administrator, now=NOW)
    with pytest.raises(DomainError) as refused:
        drafts.submit_draft(draft, by=cast.clerk)
    assert refused.value.code == "person_changed"
    assert not Transaction.objects.exists()
    again = page.post(reverse("staff:intake_check", args=[draft.key])).url
    assert again == reverse("staff:intake_visitor", args=[draft.key])
    html = page.get(again).content.decode()
    assert "••••777" in html
    assert page.post(again, answers_to(html, phone="keep")).url == reverse("staff:intake_check", args=[draft.key])
    drafts.submit_draft(Draft.objects.get(), by=cast.clerk)
    known.refresh_from_db()
    assert known.phone == "+966577777777"


def test_sent_by_its_owner_at_home_a_request_changes_nothing_of_them(known, page, cast):
    typed = comes(phone="0522222222")
    asked = page.post(reverse("staff:counter"), typed).content.decode()
    page.post(reverse("staff:counter"), typed | answers_to(asked, phone="change"))
    draft = Draft.objects.get()
    fill(draft, cast.clerk)
    assert drafts.submit_draft(draft, by=known).transaction.channel == "online"
    known.refresh_from_db()
    assert known.phone == "+966511111111"


def code(settings, phone, number=GOOD, now=NOW):
    sent = services.send_code(
        national_id=number, full_name="x", phone=phone, language="ar", address="10.1.1.1", now=now
    )
    return sent.pk, re.search(r"\b\d{6}\b", messages_sent(settings)[-1])[0]


@pytest.mark.parametrize("seen_before", [True, False])
def test_a_mobile_changed_at_a_counter_sets_no_password_at_once(cast, settings, seen_before):
    number = national_id(5153)
    if seen_before:
        at = {"full_name": "هند", "by": cast.clerk}
        person = services.identify_visitor(national_id=number, phone="0511111111", now=NOW, **at)
    else:
        person = services.open_account(*code(settings, "+966511111111", number), PASSWORD, now=NOW)
    changes = {"phone": {"from": person.phone, "to": "+966522222222"}}
    services.confirm_identity(person, changes, by=cast.clerk, now=NOW)
    for after in (timedelta(0), timedelta(hours=settings.NEW_MOBILE_HOLD_HOURS) - timedelta(seconds=1)):
        for phone, why in (("+966522222222", "mobile_is_new"), ("+966511111111", "another_mobile")):
            asked = code(settings, phone, number, NOW + after)
            with pytest.raises(AccountError) as refused:
                services.open_account(*asked, NEW, now=NOW + after)
            assert refused.value.code == why
    later = NOW + timedelta(hours=settings.NEW_MOBILE_HOLD_HOURS, seconds=1)
    opened = services.open_account(*code(settings, "+966522222222", number, later), NEW, now=later)
    assert opened.check_password(NEW)


def test_the_page_the_message_and_the_way_are_the_same_for_an_id_we_know(known, client, city, settings):
    def ask(number):
        before = len(messages_sent(settings))
        typed = {"national_id": number, "full_name": "سائل", "phone": "0588888888"}
        first = client.post(reverse("accounts:first"), typed)
        page = client.get(first.url).content.decode()
        said = messages_sent(settings)[before:]
        shown = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]+"', "", page).replace(number, "ID")
        return first.status_code, first.url, shown, [re.sub(r"\d{6}", "CODE", text) for text in said]

    assert ask(GOOD) == ask(national_id(5154))
    assert {row.phone for row in OneTimeCode.objects.all()} == {"+966588888888"}
    known.refresh_from_db()
    assert known.check_password(PASSWORD)


def test_asking_for_a_code_looks_nobody_up(known, settings):
    asked = []
    for number in (GOOD, national_id(5155)):
        with CaptureQueriesContext(connection) as queries:
            code(settings, "+966588888888", number)
        # Numbers may be negative: the locks' are.
        asked.append([re.sub(r"'[^']*'| *-?\d+", "?", query["sql"]) for query in queries])
    assert asked[0] == asked[1]
    assert not any("accounts_user" in sql for sql in asked[0])


@given(st.sampled_from(["full_name", "phone"]), st.booleans())
def test_what_differs_is_told_field_by_field(name, same):
    on_file = User(national_id=GOOD, full_name="أ", phone="+966511111111")
    typed = {"national_id": GOOD, "full_name": "أ", "phone": "0511111111"}
    if not same:
        typed[name] = {"full_name": "ب", "phone": "0522222222"}[name]
    assert set(Visitor.typed(**typed).differs_from(on_file)) == (set() if same else {name})


def test_who_is_known_by_mobile_only_submits_but_authorises_no_office(cast, signed_in):
    page = signed_in(cast.other_citizen)
    draft = drafts.start_draft(ELECTRICITY, by=cast.other_citizen)
    fill(draft, cast.other_citizen)
    assert drafts.submit_draft(draft, by=cast.other_citizen)
    typed = {"licence_number": cast.office.licence_number, "plan_number": "1", "parcel_number": "2"}
    answer = page.post(reverse("accounts:authorisations"), typed)
    assert answer.status_code == 200
    assert not cast.other_citizen.authorisations.exists()
    assert "أصل هويتك" in answer.content.decode()
    services.confirm_identity(cast.other_citizen, {}, by=cast.clerk)
    assert page.post(reverse("accounts:authorisations"), typed).status_code == 302


def asks(monkeypatch, **levels):
    from dataclasses import replace

    changed = replace(ELECTRICITY, assured=replace(ELECTRICITY.assured, **levels))
    monkeypatch.setitem(service_types._registry, ELECTRICITY.code, changed)
    return changed


def test_a_rule_of_the_service_lets_who_lacks_the_level_write_and_not_send(cast, monkeypatch, signed_in):
    service = asks(monkeypatch, submit=Level.COUNTER)
    draft = drafts.start_draft(service, by=cast.other_citizen)
    fill(draft, cast.other_citizen)
    page, check = signed_in(cast.other_citizen), reverse("transactions:check", args=[draft.key])
    html = page.get(check).content.decode()
    assert "أصل هويتك" in html
    assert page.post(check).status_code == 422
    assert not Transaction.objects.exists()
    services.confirm_identity(cast.other_citizen, {}, by=cast.clerk)
    assert page.post(check).status_code == 302


def test_nobody_starts_what_asks_for_a_sign_on_that_is_not_there(cast, monkeypatch):
    service = asks(monkeypatch, start=Level.NATIONAL)
    for person in (cast.citizen, cast.other_citizen):
        with pytest.raises(DomainError) as refused:
            drafts.start_draft(service, by=person)
        assert refused.value.code == "identity_needed"


def test_a_counter_brings_the_original_along(cast, monkeypatch):
    service = asks(monkeypatch, start=Level.COUNTER, submit=Level.COUNTER)
    centre = Office.objects.get(code="SC01")
    draft = drafts.start_draft(service, by=cast.clerk, applicant=cast.other_citizen, centre=centre, visitor_changes={})
    fill(draft, cast.clerk)
    assert drafts.submit_draft(draft, by=cast.clerk).transaction.applicant.assurance == Level.COUNTER


def test_what_was_issued_is_handed_out_once_it_is_certain_to_whom(cast, submitted, signed_in):
    from ..conftest import drive

    case = drive(submitted("land-subdivision", by=cast.other_citizen), cast, "issued")
    issued = case.issued_documents.get()
    document = reverse("transactions:document", args=[case.reference, issued.kind])
    mine = signed_in(cast.other_citizen)
    token = AuthToken.objects.create(cast.other_citizen)[1]
    api = f"/api/v1/transactions/{case.reference}/"
    headers = {"Authorization": f"Token {token}"}
    assert issued.token not in mine.get(document).content.decode()
    assert "أصل هويتك" in mine.get(document).content.decode()
    assert mine.get(api, headers=headers).json()["issued_documents"] == []
    shown = {sheet.name for sheet in signed_in(cast.registry).get(document).templates}
    assert case.service_type.output.template in shown, "staff see it"
    assert case.service_type.output.template not in {sheet.name for sheet in mine.get(document).templates}
    services.confirm_identity(cast.other_citizen, {}, by=cast.clerk)
    assert case.service_type.output.template in {sheet.name for sheet in mine.get(document).templates}
    assert mine.get(api, headers=headers).json()["issued_documents"][0]["token"] == issued.token


def test_staff_see_how_sure_they_can_be_wherever_they_see_a_person(cast, submitted, signed_in):
    case = submitted(by=cast.other_citizen)
    page = signed_in(cast.registry)
    places = [reverse("staff:case", args=[case.reference]), reverse("staff:index")]
    places.append(reverse("staff:transactions_transaction_changelist"))
    for place in places:
        assert "رقم الجوال فقط" in page.get(place).content.decode(), place
    people = signed_in(cast.administrator).get(reverse("staff:accounts_user_changelist")).content.decode()
    assert "رقم الجوال فقط" in people
    services.confirm_identity(cast.other_citizen, {}, by=cast.clerk, now=NOW)
    html = page.get(places[0]).content.decode()
    assert ("اطُّلع على أصل الهوية" in html, cast.clerk.full_name in html) == (True, True)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("سَعْدُ بنُ عَلِيّ", True),
        ("ســعــد بن عــلي", True),
        ("\ufeb3\ufecc\ufeaa \ufe91\ufee6 \ufecb\ufee0\ufef2", True),
        ("\u200fسعد  بن\u00a0علي\u2069", True),
        ("سعد بن على", False),
        ("أسعد بن علي", False),
        ("سعد علي", False),
        ("سعدبن علي", False),
    ],
)
def test_a_name_that_reads_the_same_is_not_asked_about(typed, same):
    on_file = User(national_id=GOOD, full_name="سعد بن علي", phone="+966511111111")
    seen = Visitor.typed(national_id=GOOD, full_name=typed, phone="0511111111")
    assert set(seen.differs_from(on_file)) == (set() if same else {"full_name"})
