"""What a session is worth: strong where the second factor was shown, ended where nobody does anything in it."""

from __future__ import annotations

import base64
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.errors import AccountError
from accounts.sealed import PREFIX, reseal, seal, unseal
from accounts.sessions import SEEN
from transactions import access
from transactions.maintenance import schedule

from ..conftest import NOW, PASSWORD, drive
from ..totp import code_now

pytestmark = pytest.mark.django_db


def by_password(person):
    client = Client()
    client.post(reverse("account_login"), {"login": person.national_id, "password": PASSWORD})
    return client


def landed(person, following=None):
    client = Client()
    typed = {"login": person.national_id, "password": PASSWORD} | ({"next": following} if following else {})
    return client.post(reverse("account_login"), typed).url


def test_everybody_lands_where_their_work_is_or_where_they_came_from(cast):
    for person in (cast.reviewer, cast.clerk, cast.supervisor):
        assert landed(person) == reverse("staff:index")
    for person in (cast.citizen, cast.engineer, cast.establishment):
        assert landed(person) == reverse("transactions:requests")
    for following in ("/services/", "/requests/?page=2"):
        assert landed(cast.reviewer, following) == landed(cast.citizen, following) == following
    assert landed(cast.reviewer, "https://elsewhere.example/") == reverse("staff:index")


def enters(client):
    return client.get(reverse("staff:index")).status_code == 200


def enrol(client):
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    return secret


def test_a_session_by_password_becomes_staff_by_no_other_session(cast, settings, submitted):
    case = drive(submitted(now=NOW), cast, "under_study")
    settings.STAFF_MFA_REQUIRED = True
    first, second = by_password(cast.reviewer), by_password(cast.reviewer)
    assert not enters(first)
    enrol(second)
    assert enters(second)
    assert not enters(first)
    assert first.get(f"/api/v1/transactions/{case.reference}/").status_code == 404
    assert first.get(reverse("transactions:request", args=[case.reference])).status_code == 404
    move = {"move": "recommend", "version": case.version}
    path = f"/api/v1/transactions/{case.reference}/moves/"
    assert first.post(path, move, content_type="application/json").status_code == 404
    asked = first.get("/staff/", follow=True)
    assert "/accounts/" in asked.request["PATH_INFO"]


def test_the_weak_session_is_made_strong_by_showing_the_second_factor_in_it(cast, settings, monkeypatch):
    settings.STAFF_MFA_REQUIRED = True
    first, second = by_password(cast.reviewer), by_password(cast.reviewer)
    secret = enrol(second)
    later = time.time() + 60
    monkeypatch.setattr(time, "time", lambda: later)
    led = first.get("/staff/login/")
    assert led.url.startswith(reverse("mfa_reauthenticate"))
    first.post(led.url, {"code": code_now(secret)})
    assert enters(first)


def test_a_second_factor_set_up_anew_makes_sessions_of_the_old_one_weak(cast, settings):
    settings.STAFF_MFA_REQUIRED = True
    first = by_password(cast.reviewer)
    enrol(first)
    assert enters(first)
    Authenticator.objects.all().delete()
    assert not enters(first)
    TOTP.activate(cast.reviewer, generate_totp_secret())
    Authenticator.objects.update(created_at=timezone.now() + timedelta(seconds=60))
    assert not enters(first)


def test_tasks_and_commands_go_by_whether_there_is_one(cast, settings):
    settings.STAFF_MFA_REQUIRED = True
    assert access.case_posts(cast.reviewer) == []
    cast.reviewer.__dict__.pop("_second_factor")
    TOTP.activate(cast.reviewer, generate_totp_secret())
    assert access.case_posts(cast.reviewer)


# -- secrets at rest ---------------------------------------------------------------------------------------------


def test_secrets_of_second_factors_do_not_lie_in_the_database(cast):
    secret = generate_totp_secret()
    TOTP.activate(cast.citizen, secret)
    codes = RecoveryCodes.activate(cast.citizen).get_unused_codes()
    stored = str([row.data for row in Authenticator.objects.all()])
    assert secret not in stored
    assert stored.count(PREFIX) == 2
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == codes
    assert Authenticator.objects.get(type="totp").wrap().validate_code(code_now(secret))


def test_those_there_were_are_sealed_by_upkeep_and_go_on_working(cast, settings):
    secret = generate_totp_secret()
    Authenticator.objects.create(user=cast.citizen, type="totp", data={"secret": secret})
    Authenticator.objects.create(user=cast.citizen, type="recovery_codes", data={"seed": "a" * 40, "used_mask": 5})
    before = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert "reseal" in schedule.run_due(NOW)
    assert secret not in str(Authenticator.objects.get(type="totp").data)
    assert Authenticator.objects.get(type="totp").wrap().validate_code(code_now(secret))
    after = Authenticator.objects.get(type="recovery_codes")
    assert (after.wrap().get_unused_codes(), after.data["used_mask"]) == (before, 5)
    assert reseal() == 0


def test_keys_are_changed_without_losing_anybody(cast, settings):
    secret = generate_totp_secret()
    settings.SECOND_FACTOR_KEYS = ["the first key of them all, long enough"]
    TOTP.activate(cast.citizen, secret)
    settings.SECOND_FACTOR_KEYS = ["the second key, quite another one", *settings.SECOND_FACTOR_KEYS]
    settings.SECRET_KEY = "another secret key altogether, and long enough for anybody"
    assert reseal() == 1
    settings.SECOND_FACTOR_KEYS = settings.SECOND_FACTOR_KEYS[:1]
    assert unseal(Authenticator.objects.get().data["secret"]) == secret


def test_with_no_key_that_fits_no_code_does_and_nothing_is_written(cast, settings):
    settings.SECOND_FACTOR_KEYS = ["the first key of them all, long enough"]
    sealed = seal("JBSWY3DPEHPK3PXP")
    settings.SECOND_FACTOR_KEYS = ["quite another key, that fits nothing"]
    opened = {unseal(sealed) for _ in range(3)}
    assert len(opened) == 3
    assert all(len(base64.b32decode(text)) == 20 for text in opened)
    Authenticator.objects.create(user=cast.citizen, type="totp", data={"secret": sealed})
    assert reseal() == 0
    assert Authenticator.objects.get().data["secret"] == sealed


# -- idle time-out -----------------------------------------------------------------------------------------------


@contextmanager
def minutes_later(monkeypatch, minutes):
    now = time.time() + minutes * 60
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now)
        yield


@pytest.mark.parametrize(("who", "setting"), [("reviewer", "STAFF_IDLE_MINUTES"), ("citizen", "PUBLIC_IDLE_MINUTES")])
def test_a_session_nobody_uses_ends(cast, signed_in, settings, monkeypatch, who, setting):
    minutes = getattr(settings, setting)
    client, address = signed_in(cast.everyone[who]), reverse("accounts:profile")
    with minutes_later(monkeypatch, minutes - 1):
        assert client.get(address).status_code == 200
    with minutes_later(monkeypatch, 2 * minutes - 3):
        assert client.get(address).status_code == 200
        # A page that keeps itself up to date is nobody doing anything.
    with minutes_later(monkeypatch, 2 * minutes + 10):
        client.get(address, headers={"Sec-Fetch-Dest": "empty"})
    with minutes_later(monkeypatch, 4 * minutes):
        assert client.get(address).url.startswith(reverse("account_login"))


def test_what_a_script_asks_by_itself_keeps_no_session_alive(cast, signed_in, settings, monkeypatch):
    client, address = signed_in(cast.reviewer), reverse("accounts:profile")
    with minutes_later(monkeypatch, settings.STAFF_IDLE_MINUTES - 1):
        assert client.get(address, headers={"Sec-Fetch-Dest": "empty"}).status_code == 200
    with minutes_later(monkeypatch, settings.STAFF_IDLE_MINUTES + 1):
        assert client.get(address).status_code == 302


def test_a_session_from_before_begins_to_count(cast, signed_in):
    client = signed_in(cast.citizen)
    session = client.session
    del session[SEEN]
    session.save()
    assert client.get(reverse("accounts:profile")).status_code == 200
    assert SEEN in client.session


# -- signing in --------------------------------------------------------------------------------------------------


class Counting(MD5PasswordHasher):
    hashed = 0

    def encode(self, password, salt):
        Counting.hashed += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("case", ["right", "wrong", "unknown", "closed", "closed and wrong"])
def test_signing_in_hashes_once_whoever_it_is(cast, client, settings, case):
    settings.PASSWORD_HASHERS = ["tests.accounts.test_sessions.Counting"]
    cast.citizen.set_password(PASSWORD)
    cast.citizen.is_active = "closed" not in case
    cast.citizen.save()
    number = "1000000008" if case == "unknown" else cast.citizen.national_id
    Counting.hashed = 0
    client.post(reverse("account_login"), {"login": number, "password": PASSWORD if "wrong" not in case else "x" * 12})
    assert Counting.hashed == 1


def test_an_older_code_is_void_after_a_newer_and_that_of_another_phone_is_not(cast, settings):
    def send(phone):
        sent = services.send_code(
            national_id="1000000008", full_name="x", phone=phone, language="ar", address="203.0.113.1", now=NOW
        )
        last = max(settings.SMS_DIR.iterdir(), key=lambda path: path.name)
        text = last.read_text(encoding="utf-8")
        return sent.pk, "".join(part for part in text.split("\n", 1)[1] if part.isdecimal())[:6]

    older, elsewhere, newer = send("+966511111111"), send("+966522222222"), send("+966511111111")
    with pytest.raises(AccountError) as refused:
        services.open_account(*older, "a long enough password", now=NOW)
    assert refused.value.code == "code_wrong"
    assert services.open_account(*newer, "a long enough password", now=NOW)
    assert elsewhere


@pytest.mark.parametrize("how", ["post ended", "no longer staff", "closed"])
def test_former_staff_read_no_counter_drafts(cast, how, signed_in):
    from municipality.models import Office
    from transactions.attachments import services as attachments
    from transactions.domain import service_types
    from transactions.domain.errors import NotVisible
    from transactions.intake import drafts

    from ..conftest import upload

    centre = Office.objects.get(code="SC01")
    service = service_types.get("electricity-connection")
    draft = drafts.start_draft(service, by=cast.clerk, applicant=cast.other_citizen, centre=centre, now=NOW)
    file = attachments.attach_to_draft(draft, "id_copy", upload(), by=cast.clerk, now=NOW)
    assert access.get_draft(cast.clerk, draft.key)
    if how == "post ended":
        cast.clerk.posts.update(ends_on="2021-01-01")
    cast.clerk.is_staff = how != "no longer staff"
    cast.clerk.is_active = how != "closed"
    cast.clerk.save()
    fresh = type(cast.clerk).objects.get(pk=cast.clerk.pk)
    for door in (lambda: access.get_draft(fresh, draft.key), lambda: access.get_attachment(fresh, file.key)):
        with pytest.raises(NotVisible):
            door()
    assert not access.cases_of_staff(fresh).exists()
