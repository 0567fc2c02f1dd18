"""Tokens for the API: django-rest-knox, asked in one query."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from knox.settings import CONSTANTS
from rest_framework import exceptions

from accounts.access import has_deciding_role
from accounts.models import Program, User
from core.db.prepared import Prepared

USER = tuple(field.attname for field in User._meta.concrete_fields)
PROGRAM = ("digest", "expiry", "program__pk", "program__scopes", "program__last_used_on")
_tokens = Prepared(
    lambda key: (
        AuthToken.objects.filter(token_key=key).order_by().values_list(*PROGRAM, *(f"user__{name}" for name in USER))
    ),
    str,
)


class TokenAuthentication(KnoxTokenAuthentication):
    """One question tells the token, its end, its scopes and its owner; once a day another notes that it was used.

    The parent reads all tokens of a person on every request to find expired ones.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, Any]:
        text = token.decode("latin-1")
        if not (text.isascii() and text.isalnum()):
            raise exceptions.AuthenticationFailed(_("Invalid token."))
        digest, now = hash_token(text), timezone.now()
        for known, ends, program, scopes, used_on, *user in _tokens.rows(text[: CONSTANTS.TOKEN_KEY_LENGTH]):
            if compare_digest(digest, known):
                account = User.from_db(None, USER, user)
                if not account.is_active:
                    break
                if ends is None or ends <= now:
                    raise exceptions.AuthenticationFailed(_("This token has expired. Create a new one."))
                if has_deciding_role(account):
                    raise exceptions.AuthenticationFailed(_("Staff who decide on requests cannot have tokens."))
                if program is not None and used_on != timezone.localdate(now):
                    Program.objects.filter(pk=program).update(last_used_on=timezone.localdate(now))
                return account, frozenset((scopes or "").split(","))
        raise exceptions.AuthenticationFailed(_("Invalid token."))


class TokenScheme(KnoxTokenScheme):
    target_class = "api.authentication.TokenAuthentication"
