"""The second factor over HTTP and what password managers are told."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.template.loader import get_template
from django.test import Client
from django.urls import URLResolver, resolve, reverse
from django.views.generic import RedirectView

from accounts import sign_in_urls
from accounts import urls as own_urls

from ..conftest import PASSWORD
from ..journeys.pages import OTHERS, PUBLIC
from ..journeys.world import build, session_just_confirmed
from ..totp import code_now

pytestmark = pytest.mark.django_db

DIGITS = {"western": "0123456789", "Arabic": "٠١٢٣٤٥٦٧٨٩", "Persian": "۰۱۲۳۴۵۶۷۸۹"}


def in_digits(system, text):
    return text.translate(str.maketrans(DIGITS["western"], DIGITS[system]))


def client_with(session):
    client = Client()
    client.cookies["sessionid"] = session
    return client


def routes(patterns, namespace=""):
    """Name and view of every address."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, namespace)
        else:
            yield namespace + pattern.name, pattern.callback


SIGN_IN = dict(routes(sign_in_urls.urlpatterns))
ROUTES = SIGN_IN | dict(routes(own_urls.urlpatterns, "accounts:"))


def test_no_page_of_allauth_is_shown_as_it_comes():
    ours = Path(django_settings.BASE_DIR) / "templates"
    shown = [view.view_class.template_name for view in SIGN_IN.values() if hasattr(view.view_class, "template_name")]
    assert len(shown) >= 12
    assert [name for name in shown if not Path(get_template(name).origin.name).is_relative_to(ours)] == []


@pytest.mark.parametrize("system", DIGITS)
def test_a_code_is_taken_in_either_digits(system, cast, client):
    """At setting up, at signing in by the app, and by a recovery code with spaces."""
    confirmed = client_with(session_just_confirmed(cast.citizen))
    page = confirmed.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    answer = confirmed.post(reverse("mfa_activate_totp"), {"code": in_digits(system, code_now(secret))})
    assert answer.url == reverse("mfa_view_recovery_codes")
    recovery = Authenticator.objects.get(user=cast.citizen, type="recovery_codes").wrap().get_unused_codes()[0]
    for code in (code_now(secret), f"{recovery[:4]} {recovery[4:]}"):
        client.post(reverse("account_login"), {"login": cast.citizen.national_id, "password": PASSWORD})
        answer = client.post(reverse("mfa_authenticate"), {"code": in_digits(system, code)})
        assert answer.status_code == 302, answer.context["form"].errors
        assert client.get(reverse("accounts:profile")).status_code == 200
        client.logout()


def test_a_code_confirms_who_it_is_in_eastern_digits(cast, signed_in):
    secret = generate_totp_secret()
    TOTP.activate(cast.citizen, secret)
    page = signed_in(cast.citizen)
    answer = page.post(reverse("mfa_reauthenticate"), {"code": in_digits("Arabic", code_now(secret))})
    assert answer.status_code == 302
    assert page.get(reverse("mfa_deactivate_totp")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_setting_up_and_turning_off_say_what_happened_and_where_to_go(cast):
    page = client_with(session_just_confirmed(cast.reviewer))
    asked = page.get(reverse("mfa_activate_totp"))
    secret = asked.context["form"].secret
    told = asked.content.decode()
    assert not re.search(f'alt="[^"]*{secret}', told)
    assert asked.context["form"].key_in_fours in told
    assert f"otpauth://totp/{cast.reviewer.national_id}?" in told
    codes = page.post(reverse("mfa_activate_totp"), {"code": code_now(secret)}, follow=True)
    assert len(codes.context["messages"]) == 2
    assert f'class="btn" href="{reverse("staff:index")}"' in codes.content.decode()
    saved = page.get(reverse("mfa_download_recovery_codes")).content.decode()
    assert [line for line in saved.splitlines() if line.isdecimal()] == codes.context["unused_codes"]
    off = page.post(reverse("mfa_deactivate_totp"), follow=True)
    assert (len(off.context["messages"]), off.status_code) == (1, 200)
    assert not Authenticator.objects.filter(user=cast.reviewer).exists()


def test_new_recovery_codes_end_the_old_ones(cast):
    TOTP.activate(cast.citizen, generate_totp_secret())
    old = RecoveryCodes.activate(cast.citizen).get_unused_codes()
    answer = client_with(session_just_confirmed(cast.citizen)).post(reverse("mfa_generate_recovery_codes"), follow=True)
    assert len(answer.context["unused_codes"]) == len(old)
    assert not set(answer.context["unused_codes"]) & set(old)


def test_the_hint_in_the_demo_names_the_folder_the_messages_are_in(cast, client, settings):
    typed = {"national_id": cast.citizen.national_id, "full_name": "x", "phone": cast.citizen.phone}
    settings.SMS_DIR = settings.BASE_DIR / "var" / "full" / "sms"
    settings.SMS_BACKEND = "tests.accounts.test_second_factor.taken"
    answer = client.post(reverse("accounts:first"), typed, follow=True)
    assert ">var/full/sms<" in answer.content.decode()


def taken(phone, text, key):
    """A gateway that takes every message."""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend"),
        ("SMS_BACKEND", "accounts.sms.to_file"),
    ],
)
def test_what_only_writes_files_is_refused_outside_the_demo(name, value, settings):
    def said():
        return [found.id for found in run_checks(include_deployment_checks=True) if found.id == "portal.E005"]

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.SMS_BACKEND = "gateway.send"
    assert said() == []
    setattr(settings, name, value)
    assert said() == ["portal.E005"]


class Boxes(HTMLParser):
    """Boxes one types into, by name, and what they tell whoever fills them in."""

    def __init__(self, text):
        super().__init__()
        self.found = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("type", "text") in ("text", "password", "email", "tel", "number", "search"):
            if given.get("id") == "site-q":  # the search in the header of every page but the workbench's
                assert given["autocomplete"] == "off"
            else:
                self.found[given["name"]] = given.get("autocomplete")


CODE = {"code": "one-time-code"}
# By the names of tests/journeys/pages.py; every other page of signing in and of accounts has no box to type into.
TOLD = {
    "login": {"login": "username", "password": "current-password"},
    "error-csrf": {"login": "username", "password": "current-password"},  # before it is sent
    "first": {"national_id": "username", "full_name": "name", "phone": "tel"},
    "code": CODE | {"username": "username", "password": "new-password"},
    "profile": {"email": "email"},
    "profile-mail-waits": {"email": "email"},
    "profile-mobile": {"phone": "tel"},
    "password": {
        "username": "username",
        "oldpassword": "current-password",
        "password1": "new-password",
        "password2": "new-password",
    },
    "confirm-by-password": {"username": "username", "password": "current-password"},
    "confirm-by-code": CODE | {"username": "username"},
    "second-factor-asked": CODE,
    "second-factor-set-up": CODE,
    "second-factor-set-up-mistakes": CODE,
    "authorisations": {"q": "off", "plan_number": "off", "parcel_number": "off"},
    "authorisations-none": {"q": "off", "plan_number": "off", "parcel_number": "off"},
    "programs": {"name": "off"},
    "programs-made": {"name": "off"},
    "office-authorisations": {"q": "off"},
    "office-authorisations-none": {"q": "off"},
    # About somebody else than the one who types.
    "staff-counter": dict.fromkeys(("national_id", "full_name", "phone", "email"), "off"),
    "staff-person": dict.fromkeys(("full_name", "phone", "email"), "off"),
}
# Answers to a POST, and a file.
NO_PAGES = {
    "accounts:email_again",
    "accounts:program_end",
    "accounts:revoke",
    "accounts:answer",
    # Of the national sign-on, which these tests do not have.
    *(f"accounts:sign_on{part}" for part in ("", "_wait", "_state", "_continue", "_cancel", "_callback")),
    *("accounts:step_up", "accounts:mobile_code"),
    "mfa_download_recovery_codes",
}


def test_every_box_says_what_a_browser_may_fill_in(cast, submitted):
    world = build(cast, submitted)
    every = {shown: resolve(shown.path.format(**world).partition("?")[0]) for shown in (*PUBLIC, *OTHERS)
             if shown.status == 200}  # fmt: skip
    pages = {
        shown: found.view_name for shown, found in every.items() if found.view_name in ROUTES or shown.name in TOLD
    }
    redirects = {name for name, view in ROUTES.items() if getattr(view, "view_class", None) is RedirectView}
    assert set(ROUTES) - redirects - NO_PAGES <= set(pages.values())
    for shown in pages:
        client = client_with(shown.session(getattr(cast, shown.who))) if shown.who else Client()
        answer = client.get(shown.path.format(**world))
        assert answer.status_code == 200, shown.name
        boxes = Boxes(answer.content.decode()).found
        assert boxes == TOLD.get(shown.name, {}), shown.name
        if "username" in boxes:
            assert f'value="{getattr(cast, shown.who).national_id}"' in answer.content.decode()
