"""Tokens for programs: made, shown once, listed and ended by their owner, who has just said the password again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from accounts.api_tokens import MAX_TOKENS, api_tokens_of, create_api_token
from accounts.errors import AccountError

from ..conftest import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/profile/programs/"


def confirmed(client: Client) -> Client:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def made_on(client: Client) -> str:
    return re.search(r'id="token">(\w+)<', client.post(PAGE).content.decode())[1]


def status(token: str) -> Any:
    return Client().get("/api/v1/transactions/", headers={"Authorization": f"Token {token}"}).status_code


def test_a_token_is_shown_once_works_and_is_ended(cast, signed_in):
    client = confirmed(signed_in(cast.citizen))
    token = made_on(client)
    assert status(token) == 200
    page = client.get(PAGE).content.decode()
    assert token not in page
    assert token[:8] in page
    (row,) = api_tokens_of(cast.citizen)
    assert client.post(f"{PAGE}end/", {"program": row.digest}).url == PAGE
    assert status(token) == 401
    assert client.post(f"{PAGE}end/", {"program": row.digest}).url == PAGE, "pressed twice"


def test_a_session_somebody_left_open_makes_no_token(cast, signed_in):
    client = signed_in(cast.citizen)
    for answer in (client.get(PAGE), client.post(PAGE)):
        assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not AuthToken.objects.exists()


def test_nobody_ends_the_token_of_another(cast, signed_in):
    token = create_api_token(cast.citizen)
    (row,) = api_tokens_of(cast.citizen)
    signed_in(cast.other_citizen).post(f"{PAGE}end/", {"program": row.digest})
    assert status(token) == 200


def test_a_token_opens_no_page(cast):
    headers = {"Authorization": f"Token {create_api_token(cast.citizen)}"}
    assert Client().get(PAGE, headers=headers).url.startswith("/accounts/login/")


def test_there_are_at_most_so_many(cast, signed_in):
    for _ in range(MAX_TOKENS):
        create_api_token(cast.citizen)
    with pytest.raises(AccountError) as refused:
        create_api_token(cast.citizen)
    assert refused.value.code == "too_many_programs"
    answer = confirmed(signed_in(cast.citizen)).post(PAGE, follow=True)
    assert str(refused.value) in answer.content.decode()
    assert AuthToken.objects.count() == MAX_TOKENS
