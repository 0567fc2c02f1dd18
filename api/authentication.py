"""Tokens for the API: django-rest-knox, asked in one query."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from knox.settings import CONSTANTS
from rest_framework import exceptions

from accounts.models import User
from transactions.prepared import Prepared

USER = tuple(field.attname for field in User._meta.concrete_fields)
_tokens = Prepared(
    lambda key: (
        AuthToken.objects.filter(token_key=key).order_by().values_list("digest", *(f"user__{name}" for name in USER))
    ),
    str,
)


class TokenAuthentication(KnoxTokenAuthentication):
    """Tokens of ours end when their owner throws them away, not by time, so nothing is to be cleaned up here.

    The parent reads all tokens of a person on every request to find expired ones.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, Any]:
        text = token.decode("latin-1")
        if not (text.isascii() and text.isalnum()):
            raise exceptions.AuthenticationFailed(_("Invalid token."))
        digest = hash_token(text)
        for known, *user in _tokens.rows(text[: CONSTANTS.TOKEN_KEY_LENGTH]):
            if compare_digest(digest, known):
                found = User.from_db(None, USER, user)
                if not found.is_active:
                    break
                return found, None
        raise exceptions.AuthenticationFailed(_("Invalid token."))


class TokenScheme(KnoxTokenScheme):
    target_class = "api.authentication.TokenAuthentication"
