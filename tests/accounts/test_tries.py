"""Whoever guesses at a password waits, longer each time; the owner, their device and their neighbours do not."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.core.cache import caches
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts import attempts, devices
from core.cache import SHARED

from ..conftest import NOW, PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def sign_in(user, password=PASSWORD, client=None, address="10.0.0.1", **headers):
    """True when let in, False when refused as wrong or too soon."""
    client = client or Client()
    answer = client.post(LOGIN, {"login": user.national_id, "password": password}, REMOTE_ADDR=address, **headers)
    return answer.status_code == 302


def guess(user, times, **more):
    for number in range(times):
        assert not sign_in(user, f"wrong {number}", **more)


def test_a_stranger_who_guesses_waits_and_the_owner_elsewhere_does_not(cast):
    guess(cast.citizen, 8)
    assert not sign_in(cast.citizen)
    assert sign_in(cast.citizen, address="10.0.0.2")
    assert sign_in(cast.other_citizen)


def test_a_device_that_was_let_in_before_passes_beside_a_stranger_in_its_network(cast):
    device = Client()
    assert sign_in(cast.citizen, client=device)
    assert device.cookies[devices.COOKIE]["httponly"]
    device.post("/accounts/logout/")
    guess(cast.citizen, 8)
    assert not sign_in(cast.citizen)
    assert sign_in(cast.citizen, client=device)


@pytest.mark.parametrize("forged", ["", "x", "W10:1:x", "a" * 4000])
def test_a_device_cannot_be_made_up_or_lent_to_another_account(cast, forged):
    device = Client()
    assert sign_in(cast.other_citizen, client=device)
    stranger = Client()
    stranger.cookies[devices.COOKIE] = forged
    guess(cast.citizen, 4)
    for client in (device, stranger):
        client.post("/accounts/logout/")
        assert not sign_in(cast.citizen, client=client)


@pytest.mark.parametrize(
    "headers",
    [
        {"SERVER_PORT": "8001"},
        {"HTTP_HOST": "localhost:1234"},
        {"HTTP_HOST": "127.0.0.1:99"},
        {"wsgi.url_scheme": "https"},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
        {"HTTP_X_FORWARDED_HOST": "other.example"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_X_REAL_IP": "203.0.113.7"},
        {"HTTP_FORWARDED": "for=203.0.113.7"},
        {"HTTP_USER_AGENT": "another"},
        {"HTTP_ACCEPT_LANGUAGE": "en"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_nothing_a_caller_can_say_about_itself_gives_more_tries(cast, headers, settings):
    settings.ALLOWED_HOSTS = ["*"]
    guess(cast.citizen, 3)
    assert not sign_in(cast.citizen, **headers)


@pytest.mark.parametrize("spelled", ["10.0.0.1:4711", "10.0.0.1", "::ffff:10.0.0.1", "[::ffff:10.0.0.1]:80"])
def test_an_address_is_the_same_however_a_proxy_spells_it(cast, settings, spelled):
    settings.TRUSTED_PROXIES = 1
    guess(cast.citizen, 3, HTTP_X_FORWARDED_FOR="203.0.113.7, 10.0.0.1")
    assert not sign_in(cast.citizen, HTTP_X_FORWARDED_FOR=spelled)
    assert sign_in(cast.citizen, HTTP_X_FORWARDED_FOR="10.0.0.1, 10.0.0.2:99")


def test_the_page_says_how_long_and_what_goes_round_it(cast):
    guess(cast.citizen, 3)
    answer = Client().post(
        LOGIN,
        {"login": cast.citizen.national_id, "password": PASSWORD},
        REMOTE_ADDR="10.0.0.1",
        headers={"cookie": "language=en"},
    )
    page = answer.content.decode()
    assert "Try again in 1 minute." in page
    assert "Or set a new password with a code sent to your mobile: “First sign-in or forgotten password”." in page


def test_one_place_at_many_and_many_places_at_one_are_told_of_and_shut_nobody_out(cast):
    for number in range(attempts.MAX_SPREAD):
        attempts.count_attempt(f"sign-in:{number}", attempts.Source("network:10.0.0.1"), NOW)
    assert attempts.count_alarms(NOW) == 1
    attempts.clear_attempts(attempts.count_attempt("sign-in:somebody", attempts.Source("network:10.0.0.1"), NOW))
    attempts.count_attempt("sign-in:somebody", attempts.Source("network:10.0.0.1"), NOW)
    with pytest.raises(attempts.MustWait):
        attempts.count_attempt("sign-in:somebody", attempts.Source("network:10.0.0.1"), NOW)
    for number in range(attempts.MAX_SPREAD):
        attempts.count_attempt("sign-in:one", attempts.Source(f"network:{number}"), NOW)
    assert attempts.count_alarms(NOW) == 2
    attempts.count_attempt("sign-in:one", attempts.Source("network:clean"), NOW)
    assert attempts.count_alarms(NOW + timedelta(hours=3)) == 0


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=60))
def test_however_tries_are_spread_over_a_day_few_are_heard(gaps):
    SHARED.forget_all()
    now, heard, waits = NOW, 0, []
    place = attempts.Source("network:10.0.0.1")
    for gap in gaps:
        now += timedelta(seconds=gap)
        if now > NOW + timedelta(days=1):
            break
        try:
            attempts.count_attempt("sign-in:x", place, now)
            heard += 1
        except attempts.MustWait as error:
            waits.append(error.wait)
    assert all(0 < wait <= 3600 for wait in waits)
    assert heard <= attempts.FREE_ATTEMPTS + 9 + 24


def test_pauses_grow_and_end():
    pauses = [attempts.required_wait(wrong) for wrong in range(40)]
    assert pauses == sorted(pauses)
    assert pauses[2] == timedelta()
    assert pauses[3] == attempts.MIN_WAIT
    assert pauses[-1] == attempts.MAX_WAIT
    assert attempts.required_wait(1, wide=True) == attempts.MIN_WAIT


def test_a_count_thrown_out_between_two_looks_begins_anew(monkeypatch):
    """A cache may forget what it was just told: an error at a sign-in would be the worst of answers."""
    store = type(caches["default"])
    gone, really = iter([True, False]), store.incr

    def incr(self, key, *more, **named):
        if next(gone, False):
            SHARED.forget(key)
        return really(self, key, *more, **named)

    monkeypatch.setattr(store, "incr", incr)
    assert SHARED.count("spread:of:x", 60) == 1
    monkeypatch.setattr(store, "incr", Mock(side_effect=ValueError))
    assert SHARED.count("spread:of:y", 60) == 1
