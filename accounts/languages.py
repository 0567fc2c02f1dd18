"""Which language a person reads. A choice just made wins, and is kept with their account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.i18n import set_language as set_cookie_of_language

from .models import User

CODES = frozenset(code for code, _name in settings.LANGUAGES)
# Says that the language was chosen in this visit; ends with the browser.
CHOSEN_COOKIE = "language_chosen"


def set_language(request: HttpRequest) -> HttpResponse:
    """The language button: goes back to the page it was pressed on, in the other language."""
    response = set_cookie_of_language(request)
    language = request.POST.get("language", "")
    if request.method == "POST" and language in CODES:
        mark_chosen(response)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            save_language(request.user, language)
    return response


def mark_chosen(response: HttpResponse) -> None:
    response.set_cookie(CHOSEN_COOKIE, "1", httponly=True, samesite="Lax", secure=settings.LANGUAGE_COOKIE_SECURE)


def save_language(user: User, language: str) -> None:
    """Pages and messages are in this language from now on."""
    if user.language != language:
        User.objects.filter(pk=user.pk).update(language=language)
        user.language = language


def apply_language(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """After signing in: in the language chosen a moment ago, which becomes the person's; else in theirs."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if CHOSEN_COOKIE in request.COOKIES and chosen in CODES:
        save_language(user, chosen)
    set_language_cookie(response, user.language)


def set_language_cookie(response: HttpResponse, language: str) -> None:
    """What pages go by (LanguageMiddleware)."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
