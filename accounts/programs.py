"""Programs that act for somebody through the API: each has a token, made and ended by its owner on a page of theirs."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from knox.models import AuthToken

from .errors import AccountError
from .models import User

MOST = 10


def programs_of(user: User) -> list[AuthToken]:
    """Newest first."""
    return list(AuthToken.objects.filter(user=user).order_by("-created"))


@transaction.atomic
def let_in(user: User) -> str:
    """A new token, which can be read only now. AccountError `too_many_programs`."""
    User.objects.select_for_update().get(pk=user.pk)
    if AuthToken.objects.filter(user=user).count() >= MOST:
        message = _("There are %(most)s tokens already. End one that is not needed any more.")
        raise AccountError("too_many_programs", message % {"most": MOST})
    _row, token = AuthToken.objects.create(user)
    return str(token)


def shut_out(user: User, digest: str) -> None:
    """End a token of this person's, if they have it."""
    AuthToken.objects.filter(user=user, digest=digest).delete()
