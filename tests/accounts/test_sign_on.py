"""The national sign-on against its simulator: every way it ends, every broken answer, and what is on file before."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.assurance import Level
from accounts.errors import AccountError
from accounts.models import AccessRecord, SignOnRequest, User
from accounts.sign_on import flow, limits, people, provider
from accounts.sign_on.tokens import TokenRefused
from core import outside_http

from ..conftest import PASSWORD, national_id
from .sign_on_simulator import begin, go_on, has_session, newest, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
WHO = national_id(951)
DRAFTS = "/drafts/"


def test_somebody_unknown_signs_on_and_goes_on_where_they_were(client, simulator):
    answer = begin(client, WHO)
    assert answer.url == reverse("accounts:sign_on_wait")
    page = waiting(client)
    assert newest().number in page.content.decode()
    assert 'http-equiv="refresh"' in page.content.decode()
    assert not has_session(client)
    simulator.pick()
    page = waiting(client).content.decode()
    assert reverse("accounts:sign_on_continue") in page
    assert 'http-equiv="refresh"' not in page
    assert not has_session(client), "a page that is only read signs nobody in"
    answer = go_on(client)
    # No mobile yet: it is asked for on the way.
    assert answer.url == f"{reverse('accounts:mobile')}?next=%2Fdrafts%2F"
    user = User.objects.get(national_id=WHO)
    assert (user.assurance, user.phone, user.has_usable_password()) == (Level.NATIONAL, "", False)
    assert user.full_name == newest().name
    assert has_session(client)
    assert AccessRecord.objects.filter(act="sign_in", by=user, why="national sign-on").exists()
    assert client.get(reverse("accounts:mobile") + "?next=/drafts/").status_code == 200
    profile = {"email": "", "language": "ar", "sms_notices": "on", "email_notices": "on"}
    assert client.post(reverse("accounts:profile"), profile).status_code == 302


@pytest.mark.parametrize(("pressed", "state"), [("reject", "rejected"), ("lapse", "expired"), ("00", "rejected")])
def test_what_the_app_does_not_confirm_signs_nobody_in(client, simulator, pressed, state):
    begin(client, WHO)
    simulator.pick(pressed)
    page = waiting(client).content.decode()
    assert newest().state == state
    assert reverse("accounts:sign_on") in page
    go_on(client)
    assert not has_session(client)
    assert not User.objects.filter(national_id=WHO).exists()


BROKEN = {"wrong_signature": "signature", "other_person": "person", "expired_token": "exp"}


@pytest.mark.parametrize("mode", BROKEN)
def test_an_answer_that_is_not_the_providers_word_is_refused_and_on_record(client, simulator, mode):
    simulator.answers(mode)
    begin(client, WHO)
    simulator.pick()
    page = waiting(client)
    row = newest()
    assert (page.status_code, row.state, row.reason) == (200, "refused", BROKEN[mode])
    go_on(client)
    assert not has_session(client)
    assert AccessRecord.objects.filter(act="sign_in_failed", why=f"national sign-on: {BROKEN[mode]}").exists()


def test_a_token_counts_once(client, simulator):
    begin(client, WHO)
    simulator.pick()
    waiting(client)
    go_on(client)
    client.logout()
    simulator.answers("replayed")
    begin(client, WHO)
    simulator.pick()
    waiting(client)
    assert newest().state == "refused"
    assert not has_session(client)


def test_a_rotated_key_is_fetched_and_the_one_before_counts_no_longer(client, simulator, monkeypatch):
    begin(client, WHO)
    simulator.pick()
    old = simulator.token()
    waiting(client)
    simulator.press("/rotate")
    monkeypatch.setattr("accounts.sign_on.keys.PAUSE", 0)
    begin(client, national_id(952))
    simulator.pick()
    waiting(client)
    assert newest().state == "completed"
    with pytest.raises(TokenRefused):
        flow.receive(old)


def test_the_token_comes_by_callback_alone_and_twice(client, simulator):
    simulator.answers("callback_only")
    begin(client, WHO)
    simulator.pick()
    assert 'http-equiv="refresh"' in waiting(client).content.decode(), "without its token nothing is confirmed"
    told = [
        client.post(reverse("accounts:sign_on_callback"), {"token": simulator.token()}, content_type="application/json")
        for _twice in range(2)
    ]
    assert [answer.status_code for answer in told] == [200, 200]
    assert newest().state == "completed"
    assert not has_session(client)
    go_on(client)
    assert has_session(client)
    again = {"token": simulator.token()}
    assert client.post(reverse("accounts:sign_on_callback"), again, content_type="application/json").status_code == 200
    assert go_on(client).url == reverse("accounts:sign_on_wait"), "gone on with once"


def unsigned(**claims):
    """A token that anybody can write."""
    parts = ({"alg": "RS256", "kid": "x"}, claims)
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return json.dumps({"token": ".".join([*coded, "AAAA"])}).encode()


@pytest.mark.parametrize(
    "content",
    [unsigned(transId=each) for each in ("a\0b", "\ud800", "\udfffx", "\0", "", 7, ["x"], None, "x" * 5000)]
    + [b'{"token": "\\ud800"}', b'{"token": "a.\\u0000.b"}', b"[" * 9000]
    + [b"", b"{", b"[]", b"7", b'{"token": 7}', b'{"token": "x"}', b'{"token": "a.b.c"}', b"x" * 20_000, b"\xff"],
)
def test_a_callback_that_cannot_be_read_changes_nothing(client, simulator, content):
    begin(client, WHO)
    answer = client.post(reverse("accounts:sign_on_callback"), content, content_type="application/json")
    assert answer.status_code == 400
    assert newest().state == "waiting"


def test_a_forged_callback_does_not_end_the_request(client, simulator):
    begin(client, WHO)
    simulator.answers("wrong_signature")
    simulator.pick()
    forged = {"token": simulator.token()}
    assert client.post(reverse("accounts:sign_on_callback"), forged, content_type="application/json").status_code == 400
    assert newest().state == "waiting"


def test_another_browser_cannot_go_on_with_it(client, simulator):
    begin(client, WHO)
    simulator.pick()
    waiting(client)
    thief = Client()
    assert go_on(thief).url == reverse("accounts:sign_on_wait")
    session = thief.session
    session["sign_on"] = {"pk": newest().pk, "secret": "guessed", "next": ""}
    session.save()
    assert go_on(thief).url == reverse("accounts:sign_on_wait")
    assert thief.get(reverse("accounts:sign_on_wait")).url == reverse("accounts:sign_on")
    assert not has_session(thief)


def test_two_windows_show_one_request_and_the_newest_counts(client, simulator):
    begin(client, WHO)
    begin(client, WHO)
    assert SignOnRequest.objects.count() == 1
    assert len(simulator.requests()) == 1
    begin(client, national_id(953))
    first, second = SignOnRequest.objects.order_by("pk")
    assert (first.state, second.state) == ("ended", "waiting")
    simulator.pick(of=WHO)
    assert 'http-equiv="refresh"' in waiting(client).content.decode()
    go_on(client)
    assert not has_session(client)


def test_an_open_question_elsewhere_is_said_in_words(client, simulator):
    begin(Client(), WHO)
    answer = begin(client, WHO)
    assert answer.status_code == 200
    assert newest().reason == "active"
    assert not has_session(client)


@pytest.mark.parametrize("mode", ["away", "busy"])
def test_a_provider_that_is_away_is_said_in_words_and_opens_another_way(client, simulator, mode, cast):
    User.objects.filter(pk=cast.citizen.pk).update(assurance=Level.NATIONAL, identity_verified_at=timezone.now())
    simulator.answers(mode)
    for _press in range(6):
        answer = begin(client, cast.citizen.national_id)
        assert answer.status_code == 200
        assert reverse("account_login") in answer.content.decode()
    assert newest().state == "unreachable"
    assert provider.is_away()
    client.post(reverse("account_login"), {"login": cast.citizen.national_id, "password": PASSWORD})
    assert has_session(client)
    cast.citizen.refresh_from_db()
    assert cast.citizen.assurance == Level.NATIONAL, "known from before"
    way = AccessRecord.objects.get(act="sign_in", by=cast.citizen)
    assert way.why == "national sign-on away: known from before"


def test_a_provider_that_goes_away_meanwhile_is_asked_again(client, simulator):
    begin(client, WHO)
    simulator.answers("away")
    assert "notice--warning" in waiting(client).content.decode()
    simulator.answers("normal")
    simulator.pick()
    outside_http.close_circuit(provider.BODY)
    waiting(client)
    assert newest().state == "completed"


def test_nothing_waits_for_ever(client, simulator):
    begin(client, WHO)
    row = newest()
    late = row.created_at + flow.LIFETIME
    assert flow.follow(row, now=late).state == "expired"
    simulator.pick()
    with pytest.raises(TokenRefused):
        flow.receive(simulator.token())


def test_what_was_confirmed_long_ago_opens_nothing(client, simulator):
    begin(client, WHO)
    simulator.pick()
    waiting(client)
    SignOnRequest.objects.update(answered_at=timezone.now() - flow.TO_GO_ON)
    go_on(client)
    assert not has_session(client)
    with pytest.raises(AccountError):
        people.go_on(newest(), people.Answers(), language="ar")


@pytest.mark.parametrize("who", ["3000000003", "1000000009", "7000000001", "abc", "", "10101010101"])
def test_who_has_no_such_id_is_told_so_and_nobody_is_asked(client, simulator, who):
    assert begin(client, who).status_code == 200
    assert not simulator.requests()


def test_how_often_a_phone_may_ring_is_limited_by_who_asks(client, simulator):
    for _press in range(limits.MAX_PER_PERSON_AND_NETWORK[limits.HOUR]):
        begin(client, WHO)
        flow.cancel(newest())
        SignOnRequest.objects.update(browser="another")
        simulator.pick("reject")
    many = len(simulator.requests())
    assert begin(client, WHO).status_code == 200
    assert len(simulator.requests()) == many, "the app was not asked again"
    # Somebody else from the same network, and the same person from another, still may.
    assert begin(client, national_id(954)).status_code == 302
    elsewhere = client.post(reverse("accounts:sign_on"), {"national_id": WHO}, REMOTE_ADDR="10.9.9.9")
    assert elsewhere.status_code == 302


def test_strangers_everywhere_do_not_use_up_the_owners_own_device(simulator):
    now = timezone.now()
    facts = {"national_id": WHO, "purpose": "sign_in", "state": "rejected", "created_at": now, "expires_at": now}
    for number in range(limits.MAX_PER_PERSON[limits.HOUR]):
        SignOnRequest.objects.create(
            **facts, key=f"00000000-0000-0000-0000-{number:012d}", address=f"10.0.0.{number}", browser=f"{number}"
        )
    asked = {"national_id": WHO, "browser": "b", "purpose": "sign_in", "language": "ar", "address": "10.1.1.1"}
    with pytest.raises(AccountError) as refused:
        flow.begin(**asked)
    assert refused.value.code == "too_many_sign_ons"
    assert flow.begin(**asked, known_device=True).state == "waiting"
