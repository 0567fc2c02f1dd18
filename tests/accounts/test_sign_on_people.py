"""The national sign-on and whom we know already; step-up; and what is left after it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import mobiles, restored
from accounts.assurance import Level
from accounts.errors import AccountError
from accounts.models import (
    AccessRecord,
    Authorisation,
    NameChange,
    OneTimeCode,
    PhoneChange,
    User,
)
from accounts.sign_on import flow, people
from accounts.sign_on.tokens import TokenRefused
from simulators import sign_on

from ..conftest import PASSWORD, national_id
from .sign_on_simulator import begin, confirmed, go_on, has_session, newest, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
WHO = national_id(951)
DRAFTS = "/drafts/"


# -- who is on file already ------------------------------------------------------------------------------------------


@pytest.fixture
def opened_by_phone(cast):
    """An account that somebody opened by typing an ID, with nothing but a mobile."""
    user = cast.citizen
    User.objects.filter(pk=user.pk).update(assurance=Level.PHONE, full_name="اسم آخر", email="x@example.org")
    user.refresh_from_db()
    AuthToken.objects.create(user)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    return user


def test_an_unproven_account_is_asked_about_before_it_is_raised(client, simulator, opened_by_phone):
    Authenticator.objects.all().delete()
    user = opened_by_phone
    page = confirmed(client, simulator, user.national_id).content.decode()
    assert user.phone[-3:] in page
    assert user.phone not in page
    for answers in ({}, {"phone": "mine"}, {"phone": "x", "name": "register"}):
        assert go_on(client, **answers).status_code == 200
        assert not has_session(client)
    user.refresh_from_db()
    assert user.assurance == Level.PHONE
    assert go_on(client, phone="mine", name="register").url == DRAFTS
    user.refresh_from_db()
    assert (user.assurance, user.full_name) == (Level.NATIONAL, newest().name)
    assert NameChange.objects.get(user=user).old == "اسم آخر"
    assert user.check_password(PASSWORD)


def test_an_account_of_somebody_elses_mobile_is_taken_from_them(client, simulator, opened_by_phone, signed_in):
    user = opened_by_phone
    stranger = signed_in(user)
    confirmed(client, simulator, user.national_id)
    go_on(client, phone="not_mine", name="on_file")
    user.refresh_from_db()
    assert (user.assurance, user.phone, user.email, user.full_name) == (Level.NATIONAL, "", "", newest().name)
    assert not user.has_usable_password()
    assert not AuthToken.objects.filter(user=user).exists()
    assert not Authenticator.objects.filter(user=user).exists()
    assert stranger.get(reverse("accounts:profile")).status_code == 302, "their session is over"
    assert PhoneChange.objects.get(user=user).new == ""
    assert "_auth_user_id" in client.session


def test_a_name_a_clerk_has_seen_is_a_question_and_may_stay(client, simulator, cast):
    user = cast.citizen
    User.objects.filter(pk=user.pk).update(assurance=Level.COUNTER, identity_verified_at=timezone.now())
    page = confirmed(client, simulator, user.national_id).content.decode()
    assert 'name="phone"' not in page
    assert go_on(client).status_code == 200
    go_on(client, name="on_file")
    name = user.full_name
    user.refresh_from_db()
    assert (user.assurance, user.full_name) == (Level.NATIONAL, name)


def test_a_closed_account_stays_closed(client, simulator, cast):
    User.objects.filter(pk=cast.citizen.pk).update(is_active=False, assurance=Level.NATIONAL, full_name="س")
    User.objects.filter(pk=cast.citizen.pk).update(identity_verified_at=timezone.now())
    confirmed(client, simulator, cast.citizen.national_id)
    go_on(client, name="on_file")
    assert not has_session(client)
    assert newest().used_at is None


def test_of_staff_nothing_is_changed_and_their_second_factor_is_asked_for(client, simulator, cast):
    name = cast.supervisor.full_name
    Authenticator.objects.create(user=cast.supervisor, type="totp", data={"secret": "x"})
    confirmed(client, simulator, cast.supervisor.national_id)
    assert go_on(client).url.startswith(reverse("mfa_authenticate"))
    assert not has_session(client)
    cast.supervisor.refresh_from_db()
    assert (cast.supervisor.full_name, cast.supervisor.assurance) == (name, Level.NATIONAL)


# -- step-up: who somebody is, again ---------------------------------------------------------------------------------

PLOT = {"plan_number": "415", "parcel_number": "9", "authorise": "1"}


@pytest.fixture
def owner(cast, signed_in):
    """Somebody a clerk has seen, signed in with a password."""
    User.objects.filter(pk=cast.citizen.pk).update(assurance=Level.COUNTER, identity_verified_at=timezone.now())
    cast.citizen.refresh_from_db()
    return signed_in(cast.citizen)


def authorise(client, cast):
    return client.post(reverse("accounts:authorisations"), PLOT | {"licence_number": cast.office.licence_number})


def test_what_was_typed_is_there_after_the_step_up(simulator, cast, owner):
    answer = authorise(owner, cast)
    assert answer.url == f"{reverse('accounts:step_up')}?next=%2Fauthorisations%2F"
    assert not Authorisation.objects.filter(plan_number="415", parcel_number="9").exists()
    page = owner.get(answer.url).content.decode()
    assert reverse("accounts:sign_on") in page
    assert 'name="password"' not in page
    owner.post(reverse("accounts:sign_on"), {"next": "/authorisations/"})
    simulator.pick(of=cast.citizen.national_id)
    waiting(owner)
    assert go_on(owner, name="on_file").url == "/authorisations/"
    page = owner.get("/authorisations/").content.decode()
    assert 'value="415"' in page
    assert authorise(owner, cast).url == "/authorisations/"
    assert Authorisation.objects.filter(plan_number="415", parcel_number="9").exists()


def test_it_counts_for_minutes_in_that_session_for_that_person(simulator, cast, owner, settings, signed_in):
    owner.post(reverse("accounts:sign_on"), {"next": "/authorisations/"})
    simulator.pick(of=cast.citizen.national_id)
    waiting(owner)
    go_on(owner, name="on_file")
    other = signed_in(cast.citizen)
    assert authorise(other, cast).url.startswith(reverse("accounts:step_up")), "another session"
    settings.STEP_UP_MINUTES = 0
    assert authorise(owner, cast).url.startswith(reverse("accounts:step_up")), "too long ago"
    settings.STEP_UP_MINUTES = 15
    session = owner.session
    session["stepped_up_at"] = [cast.citizen.pk + 1, session["stepped_up_at"][1]]
    session.save()
    assert authorise(owner, cast).url.startswith(reverse("accounts:step_up")), "somebody else's"


def test_while_the_provider_is_away_the_password_does_and_that_is_on_record(simulator, cast, owner):
    simulator.answers("away")
    owner.post(reverse("accounts:sign_on"), {"next": "/authorisations/"})
    page = owner.get(reverse("accounts:step_up") + "?next=/authorisations/").content.decode()
    assert 'name="password"' in page
    pressed = {"next": "/authorisations/", "password": "wrong"}
    assert owner.post(reverse("accounts:step_up"), pressed).status_code == 200
    assert owner.post(reverse("accounts:step_up"), pressed | {"password": PASSWORD}).url == "/authorisations/"
    assert AccessRecord.objects.get(act="stepped_up").why == "national sign-on away: by password"
    assert authorise(owner, cast).url == "/authorisations/"


def test_the_password_is_not_enough_while_the_provider_answers(simulator, cast, owner):
    pressed = {"next": "/authorisations/", "password": PASSWORD}
    assert owner.post(reverse("accounts:step_up"), pressed).status_code == 200
    assert authorise(owner, cast).url.startswith(reverse("accounts:step_up"))


def test_without_any_stronger_way_nobody_is_asked(cast, owner):
    assert authorise(owner, cast).url == "/authorisations/"


# -- one's own mobile ------------------------------------------------------------------------------------------------


def code_of(settings):
    newest = max(settings.SMS_DIR.iterdir(), key=lambda file: file.name)
    return re.search(r"\b\d{6}\b", newest.read_text(encoding="utf-8"))[0]


def test_a_person_changes_their_mobile_with_a_code_and_the_old_one_is_told(cast, owner, settings):
    old = cast.citizen.phone
    assert owner.post(reverse("accounts:mobile"), {"phone": "0598765432"}).url == reverse("accounts:mobile_code")
    assert owner.post(reverse("accounts:mobile_code"), {"code": "000000"}).status_code == 200
    cast.citizen.refresh_from_db()
    assert cast.citizen.phone == old
    assert OneTimeCode.objects.latest("pk").tries == 1, "a wrong try is counted"
    owner.post(reverse("accounts:mobile_code"), {"code": code_of(settings)})
    cast.citizen.refresh_from_db()
    assert cast.citizen.phone == "+966598765432"
    change = PhoneChange.objects.get(user=cast.citizen)
    assert (change.old, change.by) == (old, cast.citizen)
    assert change.opens_at > timezone.now(), "it sets no password at once"
    assert cast.citizen.check_password(PASSWORD)


def test_whoever_is_known_by_a_mobile_alone_does_not_change_it_here(cast, signed_in):
    client = signed_in(cast.other_citizen)
    client.post(reverse("accounts:mobile"), {"phone": "0598765432"})
    assert not OneTimeCode.objects.exists()


def test_a_code_of_another_person_changes_nothing(cast, owner, settings):
    stranger = cast.other_citizen
    User.objects.filter(pk=stranger.pk).update(assurance=Level.COUNTER, identity_verified_at=timezone.now())
    stranger.refresh_from_db()
    sent = mobiles.ask_for_change(stranger, "+966598765432", language="ar", address="10.0.0.1")
    with pytest.raises(AccountError):
        mobiles.change_own(cast.citizen, sent.pk, code_of(settings))


def test_of_staff_two_administrators_change_the_mobile(cast):
    with pytest.raises(AccountError):
        mobiles.ask_for_change(cast.supervisor, "+966598765432", language="ar", address="10.0.0.1")


# -- and after -------------------------------------------------------------------------------------------------------


def test_a_restore_ends_what_was_under_way(client, simulator):
    begin(client, WHO)
    simulator.pick()
    waiting(client)
    assert restored.revoke_restored_access(timezone.now())["sign_ons"] == 1
    assert not Session.objects.exists()
    with pytest.raises(AccountError):
        people.go_on(newest(), people.Answers(), language="ar")
    with pytest.raises(TokenRefused):
        flow.receive(simulator.token() + "x")


def test_after_a_restore_the_sign_on_opens_an_account_that_its_old_password_does_not(client, simulator, cast):
    restored.revoke_restored_access(timezone.now())
    confirmed(client, simulator, cast.citizen.national_id)
    go_on(client, phone="mine", name="register")
    assert has_session(client)


def test_requests_are_deleted_when_no_limit_counts_them(client, simulator):
    begin(client, WHO)
    assert flow.delete_old(timezone.now() + timedelta(hours=23), 10) == 0
    assert flow.delete_old(timezone.now() + timedelta(hours=25), 10) == 1


@pytest.mark.parametrize("name", ["sign_on", "sign_on_wait", "sign_on_state", "sign_on_callback"])
def test_without_a_provider_there_is_no_such_page(client, settings, name):
    settings.SIGN_ON_URL = ""
    method = client.post if name == "sign_on_callback" else client.get
    assert method(reverse(f"accounts:{name}")).status_code == 404
    assert "Nafath" not in client.get(reverse("account_login"), headers={"accept-language": "en"}).content.decode()


def test_every_way_to_answer_has_a_switch():
    assert {"away", "slow", "wrong_signature", "replayed", "other_person"} <= set(sign_on.MODES)


def test_pressing_twice_at_once_goes_on_once(client, simulator):
    confirmed(client, simulator, WHO)
    row = newest()
    people.go_on(row, people.Answers(), language="ar")
    with pytest.raises(AccountError) as refused, transaction.atomic():
        people.go_on(row, people.Answers(), language="ar")
    assert refused.value.code == "sign_on_used"
