"""Getting in, in the access log: what Django and allauth tell of sign-ins, second factors and passwords."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa import signals as factor
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from . import sessions
from .access_log import record
from .assurance import Level
from .models import Act, User
from .sign_on import provider


def _signed_in(user: User, request: Any = None, **_more: Any) -> None:
    if request is not None:
        sessions.begin_session(request, user)
    record(Act.SIGN_IN, by=user, person=user, why=_how(request, user))


def _how(request: Any, user: User) -> str:
    """By which door: whoever came by another while the national sign-on was away keeps the level it once gave."""
    if request is not None and getattr(request, "vouched_for", None) == user.pk:
        return "national sign-on"
    if user.assurance == Level.NATIONAL and provider.is_away():
        return "national sign-on away: known from before"
    return _as(user)


def _signed_out(user: User | None, **_more: Any) -> None:
    if user is not None:
        record(Act.SIGN_OUT, by=user, person=user, why=_as(user))


def _failed(credentials: dict[str, Any], **_more: Any) -> None:
    """Whose account it was, if there is one; what was typed is kept nowhere."""
    typed = str(credentials.get("username", ""))
    record(Act.SIGN_IN_FAILED, person=User.objects.filter(national_id=typed).first() if typed else None)


def _factor_used(user: User, **_more: Any) -> None:
    record(Act.FACTOR_USED, by=user, person=user, why=_as(user))


def _factor_failed(user: User, **_more: Any) -> None:
    record(Act.FACTOR_FAILED, person=user)


def _factor_added(user: User, authenticator: Any, **_more: Any) -> None:
    record(Act.FACTOR_ADDED, by=user, person=user, subject=str(authenticator.type))


def _factor_removed(user: User, authenticator: Any, **_more: Any) -> None:
    record(Act.FACTOR_REMOVED, by=user, person=user, subject=str(authenticator.type))


def _password_set(user: User, **_more: Any) -> None:
    record(Act.PASSWORD_SET, by=user, person=user)


def _as(user: User) -> str:
    return "staff" if user.is_staff else ""


def listen() -> None:
    """Called once when the portal is loaded."""
    heard = {
        user_logged_in: _signed_in,
        user_logged_out: _signed_out,
        user_login_failed: _failed,
        factor.authenticator_used: _factor_used,
        factor.authentication_failed: _factor_failed,
        factor.authenticator_added: _factor_added,
        factor.authenticator_removed: _factor_removed,
        password_changed: _password_set,
    }
    for signal, receiver in heard.items():
        signal.connect(receiver, dispatch_uid="access log")
