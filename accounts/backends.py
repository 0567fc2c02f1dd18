"""One password, hashed once, and as long for an account there is not as for one there is."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class OnePassword(AuthenticationBackend):
    """allauth's, which hashes something for unknown accounts too; after it no other backend hashes again."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser:
        user = super().authenticate(request, **credentials)
        if user is None:
            raise PermissionDenied
        return user
