"""Identity, first sign-in, offices, posts."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts import access, services
from accounts.errors import AccountError
from accounts.identity import clean_mobile, clean_national_id
from accounts.models import OneTimeCode, StaffPost, User
from municipality.models import Office

from ..conftest import NOW, PASSWORD, national_id

GOOD = national_id(4242)


@given(st.integers(0, 10**8 - 1), st.booleans())
def test_a_good_id_is_good_in_either_digit_system(number, resident):
    good = national_id(number, resident=resident)
    assert clean_national_id(good) == good
    assert clean_national_id(good.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))) == good


@given(st.integers(0, 10**8 - 1), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(number, place, change):
    good = national_id(number)
    bad = good[:place] + str((int(good[place]) + change) % 10) + good[place + 1 :]
    with pytest.raises(ValidationError):
        clean_national_id(bad)


@pytest.mark.parametrize("text", ["", "1", "3000000000", GOOD + "0", "abcdefghij", "1" * 10, "\x00" * 10])
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValidationError):
        clean_national_id(text)


@pytest.mark.parametrize(
    "text", ["0512345678", "512345678", "966512345678", "00966512345678", "+966 51 234 5678", "٠٥١٢٣٤٥٦٧٨"]
)
def test_a_mobile_is_read_as_people_write_it(text):
    assert clean_mobile(text) == "+966512345678"


@pytest.mark.parametrize("text", ["", "0412345678", "05123", "+14155550100", "x"])
def test_what_is_no_saudi_mobile_is_refused(text):
    with pytest.raises(ValidationError):
        clean_mobile(text)


def code_of(settings) -> str:
    newest = max(settings.SMS_DIR.iterdir(), key=lambda file: file.name)
    return re.search(r"\b\d{6}\b", newest.read_text(encoding="utf-8"))[0]


def send(**changed):
    facts = {"national_id": GOOD, "full_name": "سعد", "phone": "+966512345678", "language": "ar", "address": "10.0.0.1"}
    return services.send_code(**(facts | changed), now=NOW)


@pytest.mark.django_db
def test_a_first_sign_in_makes_the_account(settings):
    sent = send()
    user = services.open_account(sent.pk, code_of(settings), PASSWORD, now=NOW)
    assert (user.national_id, user.full_name, user.check_password(PASSWORD)) == (GOOD, "سعد", True)
    with pytest.raises(AccountError):
        services.open_account(sent.pk, code_of(settings), PASSWORD, now=NOW)


@pytest.mark.django_db
def test_only_a_code_to_the_phone_on_file_opens_a_known_account(settings):
    owner = User.objects.create_user(GOOD, "old password", full_name="owner", phone="+966511111111")
    sent = send(phone="+966599999999", full_name="someone else")
    with pytest.raises(AccountError) as refused:
        services.open_account(sent.pk, code_of(settings), PASSWORD, now=NOW)
    assert refused.value.code == "another_mobile"
    owner.refresh_from_db()
    assert owner.check_password("old password")
    sent = send(phone="+966511111111", full_name="someone else")
    services.open_account(sent.pk, code_of(settings), PASSWORD, now=NOW)
    owner.refresh_from_db()
    assert (owner.full_name, owner.phone, owner.check_password(PASSWORD)) == ("owner", "+966511111111", True)


@pytest.mark.django_db
def test_guessing_a_code_ends_after_five_tries(settings):
    sent = send()
    right = code_of(settings)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(services.MAX_CODE_ATTEMPTS):
        with pytest.raises(AccountError):
            services.open_account(sent.pk, wrong, PASSWORD, now=NOW)
    with pytest.raises(AccountError):
        services.open_account(sent.pk, right, PASSWORD, now=NOW)
    assert not User.objects.filter(national_id=GOOD).exists()


@pytest.mark.django_db
def test_a_code_is_too_old_after_ten_minutes(settings):
    sent = send()
    with pytest.raises(AccountError):
        services.open_account(sent.pk, code_of(settings), PASSWORD, now=NOW + timedelta(minutes=11))


@pytest.mark.django_db
def test_a_weak_password_costs_no_try(settings):
    sent = send()
    with pytest.raises(ValidationError):
        services.open_account(sent.pk, code_of(settings), "1234567890", now=NOW)
    assert OneTimeCode.objects.get(pk=sent.pk).tries == 0


@pytest.mark.django_db
def test_codes_are_not_sent_without_end():
    for _ in range(services.MAX_CODES_PER_ID[services.HOUR]):
        send()
    with pytest.raises(AccountError):
        send()
    assert send(national_id=national_id(77))


@pytest.mark.django_db
def test_an_account_opened_without_proof_is_handed_to_who_shows_the_id(cast, settings):
    from knox.models import AuthToken

    sent = send(phone="+966599999999", full_name="impostor")
    impostor = services.open_account(sent.pk, code_of(settings), PASSWORD, now=NOW)
    AuthToken.objects.create(impostor)
    real = services.identify_visitor(national_id=GOOD, full_name="سعد", phone="0512345678", by=cast.clerk, now=NOW)
    assert real.pk == impostor.pk
    assert (real.full_name, real.phone, real.has_usable_password()) == ("سعد", "+966512345678", False)
    assert AuthToken.objects.count() == 0


@pytest.mark.django_db
def test_signing_in_by_id_and_password_in_either_digits(cast, client):
    for typed in (
        cast.citizen.national_id,
        cast.citizen.national_id.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    ):
        answer = client.post(reverse("account_login"), {"login": typed, "password": PASSWORD})
        assert answer.status_code == 302
        client.logout()
    answer = client.post(reverse("account_login"), {"login": cast.citizen.national_id, "password": "wrong"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_a_wrong_id_checksum_is_named_at_sign_up(client, city):
    bad = GOOD[:-1] + str((int(GOOD[-1]) + 1) % 10)
    answer = client.post(reverse("accounts:first"), {"national_id": bad, "full_name": "x", "phone": "0512345678"})
    assert "national_id" in answer.context["form"].errors
    assert OneTimeCode.objects.count() == 0


@pytest.mark.django_db
def test_an_authorisation_is_given_accepted_and_revoked(cast):
    given = services.authorise_office(cast.citizen, cast.office, plan_number="415", parcel_number="27", now=NOW)
    with pytest.raises(AccountError) as caught:
        services.authorise_office(cast.citizen, cast.office, plan_number="415", parcel_number="27", now=NOW)
    assert caught.value.code == "already_authorised"
    with pytest.raises(AccountError) as caught:
        services.answer_authorisation(given, accept=True, by=cast.other_engineer, now=NOW)
    assert caught.value.code == "not_your_office"
    accepted = services.answer_authorisation(given, accept=True, by=cast.engineer, now=NOW)
    with pytest.raises(AccountError):
        services.revoke_authorisation(accepted, by=cast.engineer, now=NOW)
    revoked = services.revoke_authorisation(accepted, by=cast.citizen, now=NOW)
    assert revoked.status == "revoked"
    assert services.authorise_office(cast.citizen, cast.office, plan_number="415", parcel_number="27", now=NOW)


@pytest.mark.django_db
def test_an_office_without_licence_is_authorised_by_nobody(cast):
    cast.office.licence_expires_on = NOW.date() - timedelta(days=1)
    cast.office.save()
    with pytest.raises(AccountError) as caught:
        services.authorise_office(cast.citizen, cast.office, plan_number="1", parcel_number="1", now=NOW)
    assert caught.value.code == "licence_expired"


@pytest.mark.django_db
def test_a_post_holds_from_its_first_day_to_its_last(cast):
    post = StaffPost.objects.get(user=cast.reviewer)
    StaffPost.objects.filter(pk=post.pk).update(ends_on=date(2026, 11, 24))
    user = User.objects.get(pk=cast.reviewer.pk)
    office = Office.objects.get(code="SHR")
    assert access.roles_in(user, office, date(2026, 11, 24)) == {"reviewer"}
    assert access.roles_in(user, office, date(2026, 11, 25)) == set()


@pytest.mark.django_db
def test_staff_are_asked_for_a_second_factor_outside_the_demo(cast, settings, signed_in):
    page = signed_in(cast.reviewer)
    assert page.get(reverse("staff:index")).status_code == 200
    settings.STAFF_MFA_REQUIRED = True
    answer = page.get(reverse("staff:index"), follow=True)
    assert reverse("mfa_activate_totp") in [url for url, _status in answer.redirect_chain]
