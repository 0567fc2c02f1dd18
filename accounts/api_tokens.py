"""Programs that act for somebody through the API: each has a token, made and ended by its owner on a page of theirs.

A token has a name, an end, and scopes. Nobody with a deciding role has any: what they decide takes a second factor.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from django.utils.translation import gettext as _
from knox.models import AuthToken

from core.text import one_line

from . import access_log
from .access import has_deciding_role, needs_second_factor
from .errors import AccountError
from .models import Act, Program, Scope, User

MAX_TOKENS = 10


def api_tokens_of(user: User) -> list[AuthToken]:
    """Newest first."""
    return list(AuthToken.objects.filter(user=user).select_related("program").order_by("-created"))


@transaction.atomic
def create_api_token(
    user: User, *, name: str = "", scopes: Collection[str] = tuple(Scope.values), days: int | None = None
) -> str:
    """A new token, which can be read only now. AccountError `too_many_programs`, `no_scope`, `decides`."""
    User.objects.select_for_update().get(pk=user.pk)
    if has_deciding_role(user) or needs_second_factor(user):
        refusal = _("People in your role decide on requests themselves, so they cannot have tokens for programs.")
        raise AccountError("decides", refusal)
    if AuthToken.objects.filter(user=user).count() >= MAX_TOKENS:
        message = _("You already have %(most)s tokens. End one you no longer need.")
        raise AccountError("too_many_programs", message % {"most": MAX_TOKENS})
    chosen = [scope for scope in Scope.values if scope in scopes]
    if not chosen:
        raise AccountError("no_scope", _("Choose at least one permission."))
    span = min(max(1, days or settings.TOKEN_DAYS), settings.TOKEN_DAYS)
    row, token = AuthToken.objects.create(user, expiry=timedelta(days=span))
    Program.objects.filter(token=row).update(name=one_line(name)[:60], scopes=",".join(chosen))
    access_log.record(Act.TOKEN_MADE, by=user, person=user, subject=row.token_key[:8], why=",".join(chosen))
    return str(token)


def revoke_api_token(user: User, digest: str) -> None:
    """End a token of this person's, if they have it."""
    if AuthToken.objects.filter(user=user, digest=digest).delete()[0]:
        access_log.record(Act.TOKEN_ENDED, by=user, person=user)


@transaction.atomic
def revoke_as_administrator(program: Program, *, by: User) -> None:
    """An administrator ends somebody's token."""
    owner, key = program.token.user, program.token.token_key[:8]
    if AuthToken.objects.filter(pk=program.token_id).delete()[0]:
        access_log.record(Act.TOKEN_ENDED, by=by, person=owner, subject=key)


def _record_token(instance: AuthToken, created: bool, **_signal: object) -> None:
    """Every token is known here, whoever made it, so that administrators see it."""
    if created:
        Program.objects.get_or_create(token=instance)


post_save.connect(_record_token, sender=AuthToken, dispatch_uid="programs")
