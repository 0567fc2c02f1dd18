"""How django-allauth fits here: people are known by national ID, and accounts are opened by a code (first_sign_in)."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from knox.models import AuthToken

from . import access_log, attempts, devices, languages
from .models import Act, User
from .next_page import home_of
from .sealed import seal, unseal

WAY_ROUND = _("Or set a new password with a code sent to your mobile: “First sign-in or forgotten password”.")


def describe_wait(seconds: int) -> str:
    """How long whoever guessed waits, and the way round."""
    minutes = -(-seconds // 60)
    soon = ngettext(
        "Too many failed attempts from your network. Try again in %(minutes)d minute.",
        "Too many failed attempts from your network. Try again in %(minutes)d minutes.",
        minutes,
    )
    return f"{soon % {'minutes': minutes}} {WAY_ROUND}"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "enter_current_password": _("This is not the password you have now."),
        "incorrect_password": _("This is not your password."),
        "rate_limited": _("Too many attempts. Wait five minutes, then try again."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again."),
        "username_password_mismatch": _("The ID number or password is incorrect."),
    }

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Instead of allauth's limits, whose keys hold the request's host and lock owners out with strangers."""
        self._try = ""
        subject = str(credentials.get("username", ""))
        try:
            self._try = attempts.count_attempt(
                f"sign-in:{subject}", devices.source_of(request, subject), timezone.now()
            )
        except attempts.MustWait as error:
            access_log.record(Act.LOCKED_OUT, person=User.objects.filter(national_id=subject).first(), why="sign-in")
            raise ValidationError(describe_wait(error.wait), code="too_many_login_attempts") from None

    def _rollback_login_failed_rl_usage(self) -> None:
        """The password was right."""
        attempts.clear_attempts(self._try)

    def get_client_ip(self, request: HttpRequest) -> str:
        """As ClientAddressMiddleware left it: whatever headers say, and whichever allauth would read."""
        return str(request.META.get("REMOTE_ADDR", ""))

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request.user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:profile")

    def set_password(self, user: Any, password: str) -> None:
        """A new password ends what was opened under the old one: sessions by itself, API tokens here."""
        super().set_password(user, password)
        AuthToken.objects.filter(user=user).delete()

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """A password that came back out of a backup opens nothing alone: a code by SMS has to come with it.

        Whom the national sign-on has just vouched for (`vouched_for`) needs neither.
        """
        if not user.to_renew or getattr(request, "vouched_for", None) == user.pk:
            return super().pre_login(request, user, **kwargs)
        from .views import ask_for_code

        return ask_for_code(request, user)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Carry on in the language this person chose, a moment ago or earlier."""
        response = super().post_login(request, user, **kwargs)
        devices.remember_device(request, response, user)
        languages.apply_language(request, response, user)
        return response


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is incorrect or has already been used. Wait for the next one in the app."),
        "cannot_generate_recovery_codes": _("Recovery codes are part of two-step verification. Turn it on first."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        """What the app writes beside the code; an e-mail would say less about where it belongs."""
        return user.national_id
