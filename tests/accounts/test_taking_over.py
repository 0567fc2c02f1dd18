"""Ways to take over the account of somebody else, each closed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import emails, services
from accounts.errors import AccountError
from accounts.models import User
from transactions.models import Outbox

from ..conftest import NOW, PASSWORD, drive, national_id, work_off

pytestmark = pytest.mark.django_db
GOOD = national_id(900)
NEW = "another long password"


def messages_sent(settings):
    folder = settings.SMS_DIR
    files = sorted(folder.iterdir(), key=lambda file: file.name) if folder.exists() else []
    return [file.read_text(encoding="utf-8") for file in files]


def code_of(settings):
    return re.search(r"\b\d{6}\b", messages_sent(settings)[-1])[0]


def send(national_id_, phone):
    return services.send_code(
        national_id=national_id_, full_name="x", phone=phone, language="ar", address="10.0.0.1", now=NOW
    )


def at_counter(cast, number, phone, **more):
    return services.identify_visitor(
        national_id=number, full_name="من أبرز الهوية", phone=phone, by=cast.clerk, now=NOW, **more
    )


def test_a_known_person_without_a_phone_is_opened_by_no_phone_that_somebody_types(settings):
    owner = User(national_id=GOOD, full_name="administrator", is_staff=True, is_superuser=True)
    owner.set_password(PASSWORD)
    owner.save()
    sent = send(GOOD, "+966599999999")
    with pytest.raises(AccountError) as refused:
        services.open_account(sent.pk, code_of(settings), NEW, now=NOW)
    assert refused.value.code == "another_mobile"
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_code_sent_before_a_clerk_saw_the_id_opens_nothing_after(cast, settings):
    sent = send(GOOD, "+966599999999")
    at_counter(cast, GOOD, "0511111111")
    with pytest.raises(AccountError):
        services.open_account(sent.pk, code_of(settings), NEW, now=NOW)
    assert not User.objects.get(national_id=GOOD).has_usable_password()


def test_a_new_password_ends_api_tokens(cast, settings):
    AuthToken.objects.create(cast.citizen)
    sent = send(cast.citizen.national_id, cast.citizen.phone)
    services.open_account(sent.pk, code_of(settings), NEW, now=NOW)
    assert not AuthToken.objects.filter(user=cast.citizen).exists()


def test_a_code_by_sms_does_not_stand_in_for_the_second_factor(cast, client, settings):
    secret = generate_totp_secret()
    TOTP.activate(cast.supervisor, secret)
    client.post(
        reverse("accounts:first"),
        {"national_id": cast.supervisor.national_id, "full_name": "x", "phone": cast.supervisor.phone},
    )
    answer = client.post(reverse("accounts:code"), {"code": code_of(settings), "password": NEW})
    assert answer.url == reverse("mfa_authenticate")
    assert client.get(reverse("staff:index")).status_code == 302
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert client.get(reverse("staff:index")).status_code == 200
    assert Authenticator.objects.filter(user=cast.supervisor).exists()


def test_a_clerk_changes_no_phone_of_staff(cast, signed_in):
    before = cast.supervisor.phone
    with pytest.raises(AccountError) as refused:
        at_counter(cast, cast.supervisor.national_id, "0599999999")
    assert refused.value.code == "phone_of_staff"
    typed = {
        "national_id": cast.supervisor.national_id,
        "full_name": "x",
        "phone": "0599999999",
        "seen": "on",
        "service": "electricity-connection",
        "centre": cast.clerk.posts.get().office_id,
    }
    answer = signed_in(cast.clerk).post(reverse("staff:counter"), typed)
    assert answer.status_code == 422
    assert "phone" in answer.context["form"].errors
    cast.supervisor.refresh_from_db()
    assert cast.supervisor.phone == before
    assert at_counter(cast, cast.supervisor.national_id, before) == cast.supervisor


def test_a_verified_persons_new_phone_is_recorded_and_owed_to_the_old_one_until_it_is_told(cast, settings):
    person = at_counter(cast, GOOD, "0511111111")
    working, settings.SMS_BACKEND = settings.SMS_BACKEND, "tests.accounts.test_codes.no_gateway"
    at_counter(cast, GOOD, "0522222222")
    work_off()
    assert Outbox.objects.get(kind="warn").state == "owed"
    settings.SMS_BACKEND = working
    work_off(NOW + timedelta(minutes=1))
    person.refresh_from_db()
    assert person.phone == "+966522222222"
    (told,) = messages_sent(settings)
    assert told.startswith("+966511111111")
    assert "222" in told
    entry = LogEntry.objects.get(object_id=str(person.pk))
    assert entry.user == cast.clerk
    assert "من \u2068+966511111111\u2069 إلى \u2068+966522222222\u2069" in entry.change_message


def in_the_list_of_people(person, **changed):
    typed = {"full_name": person.full_name, "phone": person.phone, "email": "", "language": "ar", "is_active": "on"}
    return reverse("staff:accounts_user_change", args=[person.pk]), typed | changed


def test_an_administrators_change_of_a_phone_is_recorded_and_told_as_well(cast, settings, signed_in):
    person = at_counter(cast, GOOD, "0511111111")
    address, typed = in_the_list_of_people(person, phone="+966522222222", email="new@example.org")
    assert signed_in(cast.administrator).post(address, typed).status_code == 302
    person.refresh_from_db()
    assert (person.phone, emails.pending_address_of(person)) == ("+966522222222", "new@example.org")
    work_off(timezone.now())
    (told,) = messages_sent(settings)
    assert told.startswith("+966511111111")
    said = [entry.change_message for entry in LogEntry.objects.filter(user=cast.administrator)]
    assert any("من \u2068+966511111111\u2069 إلى \u2068+966522222222\u2069" in message for message in said)


def test_an_account_of_nobody_known_is_handed_over_by_an_administrator_too(cast, settings, signed_in):
    squatter = services.open_account(send(GOOD, "+966599999999").pk, code_of(settings), NEW, now=NOW)
    AuthToken.objects.create(squatter)
    address, typed = in_the_list_of_people(squatter, phone="+966522222222")
    assert signed_in(cast.administrator).post(address, typed).status_code == 302
    squatter.refresh_from_db()
    assert (squatter.phone, squatter.has_usable_password()) == ("+966522222222", False)
    assert not AuthToken.objects.filter(user=squatter).exists()


def test_the_staff_site_sends_those_who_change_their_password_to_where_tokens_end_too(cast, signed_in):
    page = signed_in(cast.supervisor)
    for name in ("staff:password_change", "staff:password_change_done"):
        assert page.get(reverse(name)).url == reverse("account_change_password")
    typed = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    page.post(reverse("staff:password_change"), typed)
    cast.supervisor.refresh_from_db()
    assert cast.supervisor.check_password(PASSWORD)


def test_staff_without_the_second_factor_work_on_nothing_through_the_api_either(cast, settings, submitted, signed_in):
    case = drive(submitted(now=NOW - timedelta(days=1)), cast, "under_study")
    page, headers = signed_in(cast.reviewer), {}
    at_work = "/api/v1/transactions/?at_work=true"
    assert page.get(at_work, headers=headers).json()
    settings.STAFF_MFA_REQUIRED = True
    assert page.get(at_work, headers=headers).json() == []
    assert page.get(reverse("transactions:request", args=[case.reference])).status_code == 404
    move = {"move": "recommend", "version": case.version}
    path = f"/api/v1/transactions/{case.reference}/moves/"
    assert page.post(path, move, headers=headers, content_type="application/json").status_code == 404


def test_a_whole_network_asks_for_codes_as_one(monkeypatch):
    monkeypatch.setitem(services.MAX_CODES_PER_ADDRESS, services.HOUR, 3)

    def ask(number, address):
        return services.send_code(
            national_id=national_id(number),
            full_name="x",
            phone="+966512345678",
            language="ar",
            address=address,
            now=NOW,
        )

    for number in range(3):
        ask(number, f"2001:db8:1:2::{number}")
    with pytest.raises(AccountError):
        ask(3, "2001:db8:1:2:ffff::1")
    assert ask(4, "2001:db8:1:3::1")


def test_nothing_of_whoever_opened_an_account_without_proof_stays_in_it(cast, settings):
    sent = send(GOOD, "+966599999999")
    squatter = services.open_account(sent.pk, code_of(settings), NEW, now=NOW)
    services.update_profile(squatter, email="squatter@example.org", language="ar", sms_notices=True, email_notices=True)
    TOTP.activate(squatter, generate_totp_secret())
    real = at_counter(cast, GOOD, "0511111111")
    assert (real.pk, real.email) == (squatter.pk, "")
    assert not Authenticator.objects.filter(user=real).exists()


def test_changing_the_password_in_the_profile_ends_api_tokens(cast, signed_in):
    AuthToken.objects.create(cast.citizen)
    page = signed_in(cast.citizen)
    typed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert page.post(reverse("account_change_password"), typed).status_code == 302
    cast.citizen.refresh_from_db()
    assert cast.citizen.check_password(NEW)
    assert not AuthToken.objects.filter(user=cast.citizen).exists()


def test_an_administrator_takes_a_lost_second_factor_off_and_it_is_recorded(cast, signed_in):
    TOTP.activate(cast.citizen, generate_totp_secret())
    chosen = {"action": "forget_second_factor", "_selected_action": [cast.citizen.pk], "confirmed": "1", "reason": "x"}
    address = reverse("staff:accounts_user_changelist")
    assert signed_in(cast.reviewer).post(address, chosen).status_code in (302, 403, 404)
    assert Authenticator.objects.filter(user=cast.citizen).exists()
    assert signed_in(cast.administrator).post(address, chosen).status_code == 302
    assert not Authenticator.objects.filter(user=cast.citizen).exists()
    assert LogEntry.objects.get(object_id=str(cast.citizen.pk)).user == cast.administrator
