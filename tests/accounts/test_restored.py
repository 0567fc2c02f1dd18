"""What a restore brings back opens nothing: each secret and power ends or is made anew, and the command names it."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import four_eyes, restored
from accounts import services as people
from accounts.access import is_administrator, roles_in
from accounts.delegations import record_delegation
from accounts.errors import AccountError
from accounts.models import Authorisation, EmailChange, OneTimeCode, SignOnRequest, User
from accounts.visitors import Visitor
from continuity.after_loss import ENDED
from municipality.models import Office

from ..conftest import PASSWORD, authorised

TODAY = timezone.localdate()
pytestmark = pytest.mark.django_db


@pytest.fixture
def given(cast, signed_in):
    """Everything there can be before a restore, then the restore."""
    cast.reader = signed_in(cast.citizen)
    cast.token = AuthToken.objects.create(cast.citizen)[1]
    cast.authorisation = authorised(cast)
    Authenticator.objects.create(user=cast.supervisor, type="totp", data={"secret": "x"})
    record_delegation(
        principal=Visitor.typed(national_id="1010101010", full_name="سعد", phone="0511111111"),
        agent=Visitor.typed(national_id="1000000008", full_name="علي", phone="0522222222"),
        number="1", issuer="x", services=[], operations=[], starts_on=TODAY, ends_on=TODAY + timedelta(days=9),
        by=cast.clerk, centre=Office.objects.get(code="SC01"),
    )  # fmt: skip
    OneTimeCode.objects.create(
        national_id=cast.citizen.national_id, full_name="x", phone=cast.citizen.phone, language="ar", code_hmac="x",
        created_at=timezone.now(), expires_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    SignOnRequest.objects.create(
        national_id=cast.citizen.national_id, purpose="sign_in", browser="x", key=uuid.uuid4(),
        created_at=timezone.now(), expires_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    EmailChange.objects.create(user=cast.citizen, email="new@example.org", asked_at=timezone.now())
    User.objects.filter(pk=cast.administrator.pk).update(is_superuser=True)
    cast.until, cast.planned = TODAY + timedelta(days=40), TODAY + timedelta(days=20)
    for name, days in (("registry", {"ends_on": cast.until}), ("second_reviewer", {"starts_on": cast.planned})):
        post = getattr(cast, name).posts.get()
        post.__dict__.update(days)
        post.save()
    cast.waiting = four_eyes.change_phone(cast.supervisor, "0533333333", reason="x", by=cast.administrator)
    cast.ended = restored.revoke_restored_access(timezone.now())
    return cast


def test_every_kind_that_ends_is_named_by_the_command_and_counted(given):
    assert set(given.ended) == set(ENDED)
    assert all(many for many in given.ended.values())
    assert not Session.objects.exists()
    assert not AuthToken.objects.exists()
    assert not Authenticator.objects.exists()
    assert not OneTimeCode.objects.filter(used_at=None).exists()
    assert not EmailChange.objects.filter(closed_at=None).exists()
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.filter(to_renew=False).exists()
    assert Authorisation.objects.get().status == "revoked"


def test_what_waited_for_a_second_administrator_may_have_been_refused_since(given):
    given.waiting.refresh_from_db()
    assert given.waiting.outcome == "lapsed"
    assert restored.reinstate("posts", given.ended["posts"], timezone.now())
    with pytest.raises(AccountError):
        four_eyes.confirm(given.waiting, by=given.administrator)


def test_a_post_is_given_back_for_the_days_it_had_and_no_longer(given):
    assert restored.reinstate("posts", given.ended["posts"], timezone.now())
    registry, planned = given.registry.posts.get(), given.second_reviewer.posts.get()
    assert (registry.ends_on, registry.holds(TODAY), registry.holds(given.until + timedelta(days=1))) == (
        given.until,
        True,
        False,
    )
    assert (planned.starts_on, planned.ends_on, planned.holds(TODAY)) == (given.planned, None, False)
    assert given.supervisor.posts.get().ends_on is None
    # Ended by somebody since: the list of the restore does not open it again.
    four_eyes.set_end(given.reviewer.posts.get(), TODAY, by=None)
    assert restored.reinstate("posts", given.ended["posts"], timezone.now()) == 0
    assert given.reviewer.posts.get().ends_on == TODAY


def test_sessions_tokens_posts_and_memberships_open_nothing(given, client):
    assert given.reader.get("/requests/").status_code == 302
    answer = client.get("/api/v1/transactions/", headers={"authorization": f"Token {given.token}"})
    assert answer.status_code == 401
    for name in ("clerk", "registry", "reviewer", "supervisor", "administrator"):
        person = User.objects.get(pk=getattr(given, name).pk)
        assert not is_administrator(person)
        assert not any(roles_in(person, office) for office in Office.objects.all())


def code_for(person: User, **more: object) -> tuple[int, str]:
    from django.conf import settings

    sent = people.send_code(national_id=person.national_id, full_name=person.full_name, phone=person.phone,
                            language="en", address="10.0.0.9", **more)  # fmt: skip
    newest = max(settings.SMS_DIR.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return sent.pk, re.search(r"\b\d{6}\b", newest.read_text(encoding="utf-8"))[0]


def test_the_mobile_alone_opens_nothing_and_the_password_alone_neither(given, client):
    with pytest.raises(AccountError) as refused:
        people.open_account(*code_for(given.citizen), "another long password")
    assert refused.value.code == "to_renew"
    answer = client.post("/accounts/login/", {"login": given.citizen.national_id, "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, reverse("accounts:code"))
    assert "_auth_user_id" not in client.session


def test_both_together_make_new_ones(given, client):
    user = people.open_account(*code_for(given.citizen, proved=True), "another long password")
    assert not user.to_renew
    assert user.check_password("another long password")
    assert not user.check_password(PASSWORD)


def test_an_id_shown_at_a_centre_makes_the_mobile_good_again(given):
    people.identify_visitor(national_id=given.other_citizen.national_id, full_name=given.other_citizen.full_name,
                             phone=given.other_citizen.phone, by=given.clerk)  # fmt: skip
    user = User.objects.get(pk=given.other_citizen.pk)
    assert not user.to_renew
    assert not user.has_usable_password()
    assert people.open_account(*code_for(user), "another long password") == user


def test_what_still_holds_is_given_back(given):
    keys = {kind: many for kind, many in given.ended.items() if isinstance(many, list)}
    for kind, many in keys.items():
        assert restored.reinstate(kind, many, timezone.now()) == len(many)
        assert restored.reinstate(kind, many, timezone.now()) == 0
    assert Authorisation.objects.get().status == "accepted"
    assert is_administrator(User.objects.get(pk=given.administrator.pk))
