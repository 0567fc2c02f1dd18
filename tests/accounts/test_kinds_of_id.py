"""Kinds of ID and mobiles of other countries: read as people write them, kept one way, told where they can be told."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts import emails, services
from accounts.assurance import Level
from accounts.errors import AccountError
from accounts.id_kinds import KINDS, kind_of, read_id
from accounts.identity import clean_any_mobile, clean_id
from accounts.models import OneTimeCode, User
from municipality.models import Office
from transactions.intake import drafts
from transactions.models import Draft
from transactions.notifications import notices

from ..conftest import NOW, PASSWORD, national_id, work_off
from .test_identity_levels import ELECTRICITY, fill

EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.mark.parametrize(
    ("typed", "kind", "kept"),
    [
        ("1000000008", "national", "1000000008"),
        ("2000000006", "iqama", "2000000006"),
        ("7001234567", "establishment", "7001234567"),
        ("٧٠٠-١٢٣ ٤٥٦٧", "establishment", "7001234567"),
        ("784-1990-1234567-8", "gcc-ae", "AE784199012345678"),
        ("ae 784 1990 1234567 8", "gcc-ae", "AE784199012345678"),
        ("289010112345", "gcc-kw", "KW289010112345"),
        ("kw289010112345", "gcc-kw", "KW289010112345"),
        ("28463412345", "gcc-qa", "QA28463412345"),
        ("bh 850101234", "gcc-bh", "BH850101234"),
        ("OM١٢٣٤٥٦٧٨", "gcc-om", "OM12345678"),
        ("pak ab-1234567", "passport", "PAKAB1234567"),
        ("\u200fGBR 123456789", "passport", "GBR123456789"),
    ],
)
def test_an_id_is_read_as_people_write_it_and_kept_one_way(typed, kind, kept):
    assert (clean_id(typed), kind_of(kept).code) == (kept, kind)
    assert clean_id(kept) == kept


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_example_is_one_of_its_kind(kind):
    assert read_id(kind.example) == (kind, kind.example)
    assert kind.sound(kind.example)


@given(st.integers(0, 10**8 - 1), st.booleans(), st.integers(1, 9))
def test_a_wrong_check_digit_of_the_register_is_noticed(number, resident, change):
    good = national_id(number, resident=resident)
    assert clean_id(good) == good
    with pytest.raises(ValidationError):
        clean_id(good[:-1] + str((int(good[-1]) + change) % 10))


@given(st.text("0123456789ABCXYZ", max_size=20))
def test_what_is_kept_has_one_kind_and_reads_as_itself(text):
    found = read_id(text)
    if found:
        kind, number = found
        assert read_id(number) == (kind, number)
        assert len(number) <= 20


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "70012345678",
        "KW289910112345",
        "KW289023212345",
        "AE784219901234567",
        "XX123456789",
        "KW1",
        "PAK",
        "PAKISTANI",
        "AB12345678",
        "9" * 10,
        "1000000009",
    ],
)
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValidationError):
        clean_id(text)


def test_a_passport_begins_at_a_counter_only():
    with pytest.raises(ValidationError):
        clean_id("PAKAB1234567", at_counter=False)
    assert clean_id("7001234567", at_counter=False)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0512345678", "+966512345678"),
        ("+966 (0) 51 234 5678", "+966512345678"),
        ("+971 50 123 4567", "+971501234567"),
        ("00971501234567", "+971501234567"),
        ("٠٠٩٦٥ ٥٠٠١ ٢٣٤٥", "+96550012345"),
        ("+44 7400 123456", "+447400123456"),
        ("+1 (201) 555-0123", "+12015550123"),
    ],
)
def test_a_mobile_of_any_country_is_kept_in_e164(typed, kept):
    assert clean_any_mobile(typed) == kept


@pytest.mark.parametrize("typed", ["+9711", "+971 4 331 1111", "+96611", "+999123456789", "501234567890", "+", "+x"])
def test_what_is_no_mobile_of_any_country_is_refused(typed):
    with pytest.raises(ValidationError):
        clean_any_mobile(typed)


def comes(**changed):
    typed = {"national_id": "KW289010112345", "full_name": "بدر العنزي", "phone": "+96550012345", "seen": "on"}
    return typed | {"service": ELECTRICITY.code, "centre": Office.objects.get(code="SC01").pk} | changed


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["KW289010112345", "PAKAB1234567", "7001234567", "OM12345678"])
def test_an_owner_from_abroad_is_taken_in_at_a_counter_and_opens_the_account_by_mail(
    cast, signed_in, client, mailoutbox, number
):
    page, address = signed_in(cast.clerk), reverse("staff:counter")
    missing = page.post(address, comes(national_id=number))
    assert missing.status_code == 422
    assert "email" in missing.context["form"].errors
    assert page.post(address, comes(national_id=number, email="badr@example.org")).status_code == 302
    draft = Draft.objects.get()
    fill(draft, cast.clerk)
    case = drafts.submit_draft(draft, by=cast.clerk).transaction
    person = User.objects.get(national_id=number)
    assert (person.phone, person.assurance) == ("+96550012345", Level.COUNTER)
    assert (emails.pending_address_of(person), notices.channels_of(person)) == ("badr@example.org", [])
    work_off()
    case.refresh_from_db()
    seen = signed_in(cast.registry).get(reverse("staff:case", args=[case.reference])).content.decode()
    assert str(kind_of(number).label) in seen
    mailoutbox.clear()
    typed = {"national_id": number, "full_name": "x", "phone": "0096550012345", "email": "Badr@example.org"}
    first = client.post(reverse("accounts:first"), typed)
    assert first.url == reverse("accounts:code")
    (mail,) = mailoutbox
    assert mail.to == ["Badr@example.org"]
    code = re.search(r"\b\d{6}\b", mail.body)[0]
    assert client.post(first.url, {"code": code, "password": PASSWORD}).status_code == 302
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert (person.email, emails.pending_address_of(person), notices.channels_of(person)) == (
        "badr@example.org",
        "",
        ["email"],
    )
    client.logout()
    client.post(reverse("account_login") + "?id=other", {"login": number.lower(), "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.django_db
def test_another_e_mail_than_the_one_on_file_opens_nothing(cast, mailoutbox):
    person = services.identify_visitor(
        national_id="KW289010112345", full_name="بدر", phone="+96550012345", by=cast.clerk, now=NOW
    )
    for on_file, typed in (("", ""), ("", "x@example.org"), ("badr@example.org", "x@example.org")):
        User.objects.filter(pk=person.pk).update(email=on_file)
        mailoutbox.clear()
        sent = services.send_code(
            national_id=person.national_id, full_name="x", phone=person.phone, email=typed or "a@example.org",
            language="ar", address="10.0.0.1", now=NOW,
        )  # fmt: skip
        code = re.search(r"\b\d{6}\b", mailoutbox[0].body)[0]
        with pytest.raises(AccountError) as refused:
            services.open_account(sent.pk, code, PASSWORD, now=NOW)
        assert refused.value.code == "another_mobile"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "phone"),
    [("PAKAB1234567", "0512345678"), ("KW289010112345", "+96550012345"), ("1000000008", "+96550012345")],
)
def test_a_passport_or_a_mobile_from_abroad_begins_no_account_at_home(
    client, city, settings, mailoutbox, number, phone
):
    typed = {"national_id": number, "full_name": "x", "phone": phone, "email": "a@example.org"}
    first = client.post(reverse("accounts:first"), typed)
    said = mailoutbox[0].body if mailoutbox else next(settings.SMS_DIR.iterdir()).read_text(encoding="utf-8")
    code = re.findall(r"\b\d{6}\b", said)[-1]
    answer = client.post(first.url, {"code": code, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.context["form"].errors["code"]
    assert not User.objects.filter(national_id=number).exists()


@pytest.mark.django_db
def test_a_gcc_id_and_an_establishment_open_an_account_with_a_saudi_mobile(client, city, settings):
    for number in ("KW289010112345", "7001234567"):
        client.post(reverse("accounts:first"), {"national_id": number, "full_name": "x", "phone": "0512345678"})
        newest = max(settings.SMS_DIR.iterdir(), key=lambda file: file.name)
        code = re.findall(r"\b\d{6}\b", newest.read_text(encoding="utf-8"))[-1]
        client.post(reverse("accounts:code"), {"code": code, "password": PASSWORD})
        assert User.objects.get(national_id=number).assurance == Level.PHONE
        client.logout()


@pytest.mark.django_db
def test_the_box_for_an_e_mail_is_there_for_mobiles_no_sms_is_sent_to(client, city):
    page = reverse("accounts:first")
    assert 'name="email"' not in client.get(page).content.decode()
    asked = client.post(page, {"national_id": "1000000008", "full_name": "x", "phone": "+971501234567"})
    assert 'name="email"' in asked.content.decode()
    assert asked.context["form"].errors["email"]
    assert not OneTimeCode.objects.exists()
    assert (
        'inputmode="numeric"'
        not in client.get(page + "?id=other").content.decode().split('name="national_id"')[1][:200]
    )


@pytest.mark.django_db
def test_whose_mobile_abroad_is_changed_is_told_by_mail(cast, mailoutbox, settings):
    person = services.identify_visitor(
        national_id="PAKAB1234567", full_name="بدر", phone="+96550012345", by=cast.clerk, now=NOW
    )
    User.objects.filter(pk=person.pk).update(email="badr@example.org")
    changes = {"phone": {"from": person.phone, "to": "+96550012399"}}
    services.confirm_identity(person, changes, by=cast.clerk, now=NOW)
    services.send_phone_warning(person.phone_changes.get().pk)
    assert [mail.to for mail in mailoutbox] == [["badr@example.org"]]
    assert not settings.SMS_DIR.exists()


@pytest.mark.django_db
def test_nobody_is_sent_codes_by_mail_without_end(mailoutbox):
    def ask(last):
        return services.send_code(
            national_id=national_id(last), full_name="x", phone=f"+9655001{last:04d}", email="a@Example.org",
            language="ar", address=f"10.0.{last}.1", now=NOW,
        )  # fmt: skip

    most = services.MAX_CODES_PER_PHONE[services.HOUR]
    for last in range(most):
        ask(last)
    with pytest.raises(AccountError):
        ask(most)
    assert len(mailoutbox) == most
