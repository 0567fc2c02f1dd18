"""What a token may do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import Scope


class InScope(BasePermission):
    """A token does what it was made for; a session what its person may. A view says its scope, or its method does."""

    message = _("This token does not have that permission. Create one that does.")

    def has_permission(self, request: Request, view: object) -> bool:
        if not isinstance(request.auth, frozenset):
            return True
        return self.needed(request.method in SAFE_METHODS, view).value in request.auth

    @staticmethod
    def needed(safe: bool, view: object) -> Scope:
        """The scope a token needs to look at this address (`safe`), or to send something to it."""
        return Scope.READ if safe else getattr(view, "scope", Scope.SEND)
