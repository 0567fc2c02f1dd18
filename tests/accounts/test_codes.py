"""Codes by SMS, and who a name and an account belong to: limits, failures, closed accounts, two at once."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import services
from accounts.errors import AccountError
from accounts.models import OfficeMembership, OneTimeCode, User

from ..conftest import NOW, PASSWORD, national_id
from ..faults.test_concurrency import at_once

GOOD = national_id(901)


def no_gateway(phone, text, key):
    raise OSError("the gateway is gone")


def send(now=NOW, number=GOOD, **more):
    facts = {"full_name": "x", "phone": "+966511111111", "language": "ar", "address": "10.0.0.9"} | more
    return services.send_code(national_id=number, now=now, **facts)


def code_of(settings):
    newest = max(settings.SMS_DIR.iterdir(), key=lambda file: file.name)
    return re.search(r"\b\d{6}\b", newest.read_text(encoding="utf-8"))[0]


def at_counter(cast, number=GOOD, full_name="سعد بن علي", phone="0511111111"):
    return services.identify_visitor(national_id=number, full_name=full_name, phone=phone, by=cast.clerk, now=NOW)


@pytest.mark.django_db
def test_a_gateway_that_is_down_is_said_in_words_and_uses_nothing_up(client, city, settings):
    settings.SMS_BACKEND = "tests.accounts.test_codes.no_gateway"
    typed = {"national_id": GOOD, "full_name": "سعد", "phone": "0511111111"}
    for _press in range(services.MAX_CODES_PER_ID[services.HOUR] + 1):
        answer = client.post(reverse("accounts:first"), typed)
        assert answer.status_code == 200
        assert "لا يمكن إرسال الرسائل الآن" in answer.content.decode()
    assert not OneTimeCode.objects.exists()


@pytest.mark.django_db
def test_codes_end_for_the_day_however_patient_somebody_is():
    a_day = services.MAX_CODES_PER_ID[services.DAY]
    for number in range(a_day):
        send(NOW + timedelta(minutes=20 * number))
    with pytest.raises(AccountError) as refused:
        send(NOW + timedelta(minutes=20 * a_day))
    assert refused.value.code == "too_many_codes"
    assert send(NOW + timedelta(hours=25))


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_codes_asked_for_at_once_are_counted_all_the_same():
    found = at_once(*[send] * 8)
    sent = [one for one in found if isinstance(one, OneTimeCode)]
    assert len(sent) == OneTimeCode.objects.count() == services.MAX_CODES_PER_ID[services.HOUR]


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_a_new_person_at_two_counters_and_by_code_at_once_is_one_person(cast, settings):
    for number in range(902, 908):
        someone = national_id(number)
        sent = send(number=someone, address=str(number))
        code = code_of(settings)
        found = at_once(
            lambda someone=someone: at_counter(cast, someone),
            lambda someone=someone: at_counter(cast, someone),
            lambda sent=sent, code=code: services.open_account(sent.pk, code, PASSWORD, now=NOW),
        )
        assert {getattr(one, "national_id", one) for one in found} == {someone}


@pytest.mark.django_db
def test_the_name_on_the_id_takes_the_place_of_what_somebody_typed_at_home(cast, settings):
    opened = services.open_account(send(full_name="x").pk, code_of(settings), PASSWORD, now=NOW)
    person = at_counter(cast)
    assert (person.pk, person.full_name, person.identity_verified_at) == (opened.pk, "سعد بن علي", NOW)
    assert person.check_password(PASSWORD)


@pytest.mark.django_db
def test_a_clerk_puts_a_wrong_name_right_on_record_but_not_one_of_staff(cast):
    person = at_counter(cast, full_name="سعد بن عالي")
    assert not LogEntry.objects.exists()
    at_counter(cast, full_name="سعد  بن علي ")
    person.refresh_from_db()
    assert person.full_name == "سعد بن علي"
    entry = LogEntry.objects.get(object_id=str(person.pk))
    assert (entry.user, "من «\u2068سعد بن عالي\u2069» إلى «\u2068سعد بن علي\u2069»" in entry.change_message) == (
        cast.clerk,
        True,
    )
    staff = at_counter(cast, cast.reviewer.national_id, "another", cast.reviewer.phone)
    assert staff.full_name == "reviewer"


@pytest.mark.django_db
def test_a_closed_account_is_told_so_and_opened_by_nobody(cast, client, settings):
    User.objects.filter(pk=cast.citizen.pk).update(is_active=False)
    answer = client.post(
        reverse("account_login"), {"login": cast.citizen.national_id, "password": PASSWORD}, follow=True
    )
    assert answer.redirect_chain[-1][0] == reverse("account_inactive")
    assert "_auth_user_id" not in client.session
    assert "هذا الحساب مغلق" in answer.content.decode()
    sent = send(number=cast.citizen.national_id, phone=cast.citizen.phone)
    with pytest.raises(AccountError) as refused:
        services.open_account(sent.pk, code_of(settings), "another long password", now=NOW)
    assert refused.value.code == "account_closed"
    cast.citizen.refresh_from_db()
    assert cast.citizen.check_password(PASSWORD)


@pytest.mark.django_db
def test_a_membership_ends_after_it_begins(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        OfficeMembership.objects.filter(user=cast.engineer).update(ends_on=date(2019, 12, 31))


@pytest.mark.django_db
def test_another_code_and_the_way_back_lead_where_one_was_going(cast, client):
    going = "/requests/?show=done&page=2"
    asked = {"national_id": cast.citizen.national_id, "full_name": "x", "phone": cast.citizen.phone, "next": going}
    page = client.post(reverse("accounts:first"), asked, follow=True)
    again = re.search(r'class="back" href="([^"]+)"', page.content.decode())[1]
    first = client.get(again)
    assert first.context["next"] == going
    assert f"{reverse('account_login')}?next=/requests/%3Fshow%3Ddone%26page%3D2" in first.content.decode()
