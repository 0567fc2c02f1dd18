"""Tokens for the API: django-rest-knox, asked less often."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxTokenAuthentication


class TokenAuthentication(KnoxTokenAuthentication):
    """Tokens of ours end when their owner throws them away, not by time.

    The parent reads all tokens of a person on every request to find expired ones.
    """

    def _cleanup_token(self, auth_token: Any) -> bool:
        return False


class TokenScheme(KnoxTokenScheme):
    target_class = "api.authentication.TokenAuthentication"
