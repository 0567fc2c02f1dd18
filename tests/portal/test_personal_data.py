"""One's data to take along and to have erased; periods; the page that says so. What was promised stays verifiable."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services as people
from accounts.api_tokens import create_api_token
from accounts.errors import AccountError
from accounts.models import AccessRecord, Act, Authorisation, OneTimeCode, PhoneChange, StaffPost, User
from journal import receipts
from journal.entry import person_mark
from journal.models import Entry
from municipality.models import Office
from transactions.attachments import services as attachments
from transactions.domain import pins, service_types
from transactions.inquiry import services as inquiry
from transactions.intake import drafts
from transactions.maintenance import personal_data
from transactions.maintenance.cleanup import clean_up
from transactions.models import Attachment, BroughtReceipt, Draft, Intake, Notification, Transaction

from ..conftest import NOW, PASSWORD, authorised, drive, upload

pytestmark = pytest.mark.django_db
DATA, ERASE = "/profile/data/", "/profile/erase/"


def confirmed(client):
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def traces(user, words):
    """Where any of these words stands in the database still, by table."""
    from django.apps import apps

    found = set()
    for model in apps.get_models():
        if model._meta.app_label in ("sessions", "contenttypes"):
            continue
        for row in model._default_manager.values():
            text = str({name: value for name, value in row.items() if not isinstance(value, memoryview)})
            if any(word in text for word in words):
                found.add(model._meta.label)
    return found


def test_everything_of_ones_own_comes_as_a_file_programs_read(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_study")
    draft = drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen, now=NOW)
    attachments.attach_to_draft(draft, "id_copy", upload("بطاقتي.pdf"), by=cast.citizen, now=NOW)
    create_api_token(cast.citizen, name="their program")
    signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference]))
    assert signed_in(cast.citizen).get(DATA).url.startswith(reverse("account_reauthenticate"))
    answer = confirmed(signed_in(cast.citizen)).get(DATA)
    assert answer["Content-Disposition"].startswith("attachment")
    told = json.loads(answer.content)
    assert told["person"]["national_id"] == cast.citizen.national_id
    (request,) = told["requests"]
    assert (request["reference"], request["answers"]) == (case.reference, case.answers)
    assert {event["move"] for event in request["events"]} >= {"submit", "register"}
    assert "بطاقتي.pdf" in {file["original_name"] for file in told["files"]}
    assert [program["program__name"] for program in told["programs"]] == ["their program"]
    assert "read_case" in {look["act"] for look in told["who_looked"]}
    assert cast.other_citizen.national_id not in answer.content.decode()
    assert AccessRecord.objects.get(act=Act.EXPORT).by == cast.citizen


def test_erasing_leaves_nobody_and_every_promise(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "issued")
    number, name, phone = cast.citizen.national_id, "اسم لا يتكرر في المدينة", "+966598765432"
    User.objects.filter(pk=cast.citizen.pk).update(full_name=name, email="only@example.org")
    people.change_phone(cast.citizen, phone, by=cast.administrator, now=NOW)
    OneTimeCode.objects.filter(national_id=number).delete()
    draft = drafts.start_draft(
        service_types.get("electricity-connection"), by=User.objects.get(pk=cast.citizen.pk), now=NOW
    )
    attachments.attach_to_draft(draft, "id_copy", upload(), by=cast.citizen, now=NOW)
    User.objects.filter(pk=cast.citizen.pk).update(password=User.objects.get(pk=cast.citizen.pk).password)
    page = signed_in(User.objects.get(pk=cast.citizen.pk))
    fresh = User.objects.get(pk=cast.citizen.pk)
    assert page.get(ERASE).url.startswith(reverse("account_reauthenticate"))
    personal_data.erase_person(fresh, by=fresh, now=NOW)
    assert page.get(reverse("accounts:profile")).status_code == 302
    erased = User.objects.get(pk=cast.citizen.pk)
    assert (erased.full_name, erased.phone, erased.email, erased.is_active) == ("—", "", "", False)
    assert not Draft.objects.filter(applicant=erased).exists()
    assert not Notification.objects.filter(recipient=erased).exists()
    assert not Attachment.objects.filter(draft=None, transaction=None, removed_at=None).exists()
    assert traces(erased, [number, phone, "only@example.org", name]) <= {
        # Papers and registers of the municipality, which stay as they were given.
        "transactions.Movement",
        "transactions.IssuedDocument",
        "transactions.Transaction",
        "transactions.AnswersVersion",
        "transactions.Version",
    }
    call_command("verify_journal", stdout=io.StringIO())
    erased.national_id = "E999999999"
    erased.save()
    call_command("verify_journal", stdout=io.StringIO())
    other = User.objects.create_user("1000000008", full_name="x", phone="+966512345678")
    Transaction.objects.filter(pk=case.pk).update(applicant=other)
    with pytest.raises(CommandError, match="in for"):
        call_command("verify_journal", stdout=io.StringIO())
    Transaction.objects.filter(pk=case.pk).update(applicant=erased)
    token = Intake.objects.get(transaction=case).token
    assert receipts.check_token(token).signature_good
    assert receipts.check_token(token).in_journal
    body = json.loads(bytes(Entry.objects.get(kind="received", subject=case.reference).body))
    assert person_mark(case.mark_salt, number) in body.values()
    assert inquiry.find_by_pin(case.reference, pins.derive_pin(case.reference), address="203.0.113.1").pk == case.pk
    assert AccessRecord.objects.filter(act=Act.ERASED, person=erased).exists()


def test_every_trace_of_a_name_but_on_papers_goes(cast, submitted, signed_in):
    """Somebody whose name stood everywhere from the beginning: put right, at a counter, on a post, in an office."""
    name, second, number = "اسم لا يتكرر في المدينة", "اسم آخر لا يتكرر", cast.citizen.national_id
    User.objects.filter(pk=cast.citizen.pk).update(full_name=name, phone="+966598765432")
    person = User.objects.get(pk=cast.citizen.pk)
    page = signed_in(cast.administrator)
    office, today = Office.objects.get(code="SC01"), timezone.localdate()
    facts = {"user": number, "office": office.pk, "role": "centre_clerk", "starts_on": today.isoformat()}
    assert page.post(reverse("staff:accounts_staffpost_add"), facts | {"ends_on": today.isoformat()}).status_code == 302
    StaffPost.objects.filter(user=person).update(ends_on=today - timedelta(days=1), starts_on=today - timedelta(days=9))
    User.objects.filter(pk=person.pk).update(is_staff=False)
    drive(submitted("building-permit"), cast, "issued")
    people.change_name(person, second, by=cast.administrator, now=NOW)
    Authorisation.objects.filter(owner=person).update(status="revoked", revoked_at=NOW)
    BroughtReceipt.objects.create(
        reference="Z9Z-1448-000001-1", proof="pin", phone="+966598765432", brought_at=NOW, outcome="x",
        settled_at=NOW, settled_by=cast.registry, transaction=person.transactions.first(),
    )  # fmt: skip
    personal_data.erase_person(User.objects.get(pk=person.pk), by=person, now=NOW)
    found = traces(User.objects.get(pk=person.pk), [number, name, second, "+966598765432"])
    assert found == {"transactions.PaperContent", "transactions.Movement"}
    page = Client()
    page.cookies["language"] = "en"
    html = page.get(reverse("transactions:privacy")).content.decode()
    assert re.search(r"Permits, minutes, letters, decisions and the register [^.]* keep the name", html)


def test_the_page_erases_after_the_password_and_a_press(cast, signed_in):
    page = confirmed(signed_in(cast.other_citizen))
    assert page.get(ERASE).status_code == 200
    page.post(ERASE, {})
    assert User.objects.get(pk=cast.other_citizen.pk).is_active
    page.post(ERASE, {"erase": "1"})
    assert not User.objects.get(pk=cast.other_citizen.pk).is_active
    login = {"login": cast.other_citizen.national_id, "password": PASSWORD}
    assert page.post(reverse("account_login"), login).status_code == 200


def test_nobody_is_erased_while_something_of_theirs_is_open(cast, submitted):
    submitted("land-subdivision", by=cast.other_citizen)
    authorised(cast)
    for person in (cast.other_citizen, cast.citizen, cast.engineer, cast.reviewer, cast.administrator):
        with pytest.raises(AccountError) as refused:
            personal_data.erase_person(person, by=person, now=NOW)
        assert refused.value.code == "cannot_be_erased"
        person.refresh_from_db()
        assert person.is_active
    assert not PhoneChange.objects.filter(old="").exists()


def test_the_id_of_somebody_erased_is_free_again(cast):
    number = cast.other_citizen.national_id
    personal_data.erase_person(cast.other_citizen, by=cast.other_citizen, now=NOW)
    again = User.objects.create_user(number, PASSWORD, full_name="new", phone="+966512345678")
    assert again.pk != cast.other_citizen.pk


def test_what_is_past_its_period_is_deleted_and_nothing_else(cast, submitted, settings):
    settings.KEEP_DRAFTS_DAYS, settings.KEEP_NOTICES_DAYS = 30, 60
    case = drive(submitted("land-subdivision", now=NOW - timedelta(days=70)), cast, "under_study", NOW)
    old, young = (drafts.start_draft(case.service_type, by=cast.citizen, now=NOW) for _ in range(2))
    attachments.attach_to_draft(old, "id_copy", upload(), by=cast.citizen, now=NOW)
    Draft.objects.filter(pk=old.pk).update(updated_at=NOW - timedelta(days=31))
    Draft.objects.filter(pk=young.pk).update(updated_at=NOW - timedelta(days=29))
    facts = {"proof": "pin", "phone": "+966512345678", "outcome": "x", "settled_by": cast.registry}
    for day in (61, 59):
        at = NOW - timedelta(days=day)
        BroughtReceipt.objects.create(reference=f"Z9Z-1448-0000{day}-1", brought_at=at, settled_at=at, **facts)
    BroughtReceipt.objects.create(reference="Z9Z-1448-000090-1", proof="pin", phone="+966512345678", brought_at=at)
    clean_up(NOW)
    kept = dict(BroughtReceipt.objects.values_list("reference", "phone"))
    assert [kept[f"Z9Z-1448-0000{end}-1"][:4] for end in (61, 59, 90)] == ["", "+966", "+966"]
    assert set(Draft.objects.unsent().values_list("pk", flat=True)) == {young.pk}
    assert not Notification.objects.filter(created_at__lt=NOW - timedelta(days=60)).exists()
    assert Notification.objects.filter(created_at__gte=NOW - timedelta(days=60)).exists()
    case.refresh_from_db()
    assert case.attachments.filter(removed_at=None).exists()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_privacy_page_names_who_answers_on_what_ground_and_for_how_long(client, settings, language):
    settings.PRIVACY = {
        "controller": {"ar": "جهة مسؤولة", "en": "A controller"},
        "ground": {"ar": "سند نظامي", "en": "a ground"},
        "contact": "ask@example.org",
    }
    settings.KEEP_DRAFTS_DAYS, settings.KEEP_NOTICES_DAYS, settings.ACCESS_LOG_DAYS = 123, 456, 789
    client.cookies["language"] = language
    text = client.get("/privacy/").content.decode()
    for word in (*(settings.PRIVACY[name][language] for name in ("controller", "ground")), "ask@example.org"):
        assert word in text
    assert all(days in text for days in ("123", "456", "789"))
    assert 'href="/privacy/"' in client.get("/").content.decode()


def test_the_cookies_are_those_the_privacy_page_tells_of(cast, client):
    """Signed in, writing, with a language chosen, the session lost in the middle: no other cookie is ever set."""
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    client.post(reverse("account_login"), {"login": cast.citizen.national_id, "password": PASSWORD})
    client.get(reverse("accounts:profile"))
    client.cookies.pop("sessionid")
    client.post(reverse("accounts:authorisations"), {"plan_number": "415"})
    signed_in, forms, language = (
        {"sessionid", "device"},
        {"csrftoken", "held", "messages"},
        {"language", "language_chosen"},
    )
    assert set(client.cookies) == signed_in | forms | language
    assert client.cookies["device"]["max-age"] <= 366 * 24 * 3600
