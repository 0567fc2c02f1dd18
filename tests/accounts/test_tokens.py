"""A token of the API has a name, an end and scopes; nobody who decides has one; administrators see and end them."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import services
from accounts.api_tokens import api_tokens_of, create_api_token
from accounts.errors import AccountError
from accounts.models import AccessRecord, Act, Program, Scope, User
from municipality.models import Office

from ..conftest import PASSWORD, drive, upload

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
DECIDE = ["registry", "reviewer", "informal", "supervisor", "administrator"]


def header(token):
    return {"Authorization": f"Token {token}"}


def get(token, path="/transactions/"):
    return Client().get(V1 + path, headers=header(token)).status_code


@pytest.mark.parametrize("who", DECIDE)
def test_nobody_who_decides_has_a_token_however_it_was_made(cast, who, signed_in):
    person = cast.everyone[who]
    with pytest.raises(AccountError) as refused:
        create_api_token(person)
    assert refused.value.code == "decides"
    assert get(AuthToken.objects.create(person)[1]) == 401
    page = signed_in(person)
    page.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert 'id="token"' not in page.post("/profile/programs/").content.decode()
    assert AuthToken.objects.filter(user=person).count() == 1


def test_a_superuser_has_none_either_and_a_post_ends_those_there_are(cast):
    boss = User.objects.create_superuser("1010101010", PASSWORD, full_name="boss", phone="+966500000070")
    with pytest.raises(AccountError):
        create_api_token(boss)
    token = create_api_token(cast.citizen)
    assert get(token) == 200
    services.create_staff_post(cast.citizen, Office.objects.get(code="SHR"), "supervisor")
    assert get(token) == 401
    assert not AuthToken.objects.filter(user=cast.citizen).exists()


@pytest.mark.parametrize("scopes", [["read"], ["send"], ["move"], ["read", "send"], list(Scope.values)])
def test_a_token_does_what_it_was_made_for_and_nothing_else(cast, submitted, scopes):
    case = drive(submitted("land-subdivision"), cast, "under_study")
    token = create_api_token(cast.citizen, scopes=scopes)
    client = Client(headers=header(token))
    asked = {
        "read": client.get(f"{V1}/transactions/{case.reference}/"),
        "send": client.post(f"{V1}/attachments/", {"document": "id_copy", "file": upload()}),
        "move": client.post(
            f"{V1}/transactions/{case.reference}/moves/",
            {"move": "withdraw", "version": case.version},
            content_type="application/json",
        ),
    }
    assert {scope for scope, answer in asked.items() if answer.status_code != 403} == set(scopes)
    assert all(answer.status_code < 300 for scope, answer in asked.items() if scope in scopes)
    case.refresh_from_db()
    assert (case.status == "withdrawn") is ("move" in scopes)


def test_a_token_ends_and_none_is_without_an_end(cast, settings):
    token = create_api_token(cast.citizen, days=30)
    row = AuthToken.objects.get()
    assert timedelta(days=29) < row.expiry - timezone.now() <= timedelta(days=30)
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert get(token) == 401
    AuthToken.objects.update(expiry=None)
    assert get(token) == 401
    create_api_token(cast.other_citizen, days=100_000)
    assert api_tokens_of(cast.other_citizen)[0].expiry <= timezone.now() + timedelta(days=settings.TOKEN_DAYS)


def test_the_page_asks_for_name_scopes_and_end_and_shows_when_it_was_used(cast, signed_in):
    page = signed_in(cast.citizen)
    page.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    nothing = page.post("/profile/programs/", {"name": "x", "days": "30"}, follow=True)
    assert not AuthToken.objects.exists(), nothing.content
    made = page.post("/profile/programs/", {"name": "AutoCAD مكتبنا", "days": "30", "scopes": ["read"]})
    program = Program.objects.get()
    assert (program.name, program.scopes, program.last_used_on) == ("AutoCAD مكتبنا", "read", None)
    token = made.context["token"]
    assert get(token) == 200
    program.refresh_from_db()
    assert program.last_used_on == timezone.localdate()
    assert "AutoCAD مكتبنا" in page.get("/profile/programs/").content.decode()
    assert AccessRecord.objects.get(act=Act.TOKEN_MADE).by == cast.citizen


def test_administrators_see_and_end_the_tokens_of_others(cast, signed_in):
    token = create_api_token(cast.citizen, name="their program")
    address = reverse("staff:accounts_program_changelist")
    assert signed_in(cast.supervisor).get(address).status_code != 200
    page = signed_in(cast.administrator)
    assert "their program" in page.get(address).content.decode()
    page.post(address, {"action": "end_them", "_selected_action": [Program.objects.get().pk]})
    assert get(token) == 401
    ended = AccessRecord.objects.get(act=Act.TOKEN_ENDED)
    assert (ended.by, ended.person) == (cast.administrator, cast.citizen)


def test_tokens_there_were_get_an_end_and_those_of_who_decides_end_at_once(cast):
    old = AuthToken.objects.create(cast.citizen)[1]
    AuthToken.objects.create(cast.supervisor)
    AuthToken.objects.update(expiry=None)
    Program.objects.all().delete()
    import_module("accounts.migrations.0016_tokens_end").forwards(apps, None)
    assert [row.user for row in AuthToken.objects.all()] == [cast.citizen]
    assert timezone.now() < AuthToken.objects.get().expiry
    assert get(old) == 200
    assert Program.objects.get().scopes == ",".join(Scope.values)
