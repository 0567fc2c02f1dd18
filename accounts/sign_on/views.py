"""The pages of the national sign-on. They show what the app said; a session begins with a press, never with a GET."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from core.http import post_only, require_GET_or_POST
from core.webhooks import NotTaken, Why, read_object

from .. import devices, step_up
from ..errors import AccountError
from ..models import User
from ..next_page import safe_next
from . import flow, people, provider
from .flow import Purpose
from .forms import ConfirmForm, DifferencesForm, SignOnForm
from .models import SignOnRequest
from .tokens import MAX_TOKEN, TokenRefused

SESSION = "sign_on"
METHOD = "national_sign_on"
REFRESH_SECONDS = 5


def _require_provider() -> None:
    if not provider.is_configured():
        raise Http404


def _signed_in(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@require_GET_or_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Whoever signs in types their ID; who is signed in confirms that it is them."""
    _require_provider()
    user = _signed_in(request)
    if user is not None and not flow.is_for(user.national_id):
        raise Http404
    typed = request.POST if request.method == "POST" else None
    form: Any = ConfirmForm(typed) if user else SignOnForm(typed)
    following = request.POST.get("next", request.GET.get("next", ""))
    if typed is not None and form.is_valid():
        try:
            row = _begin(request, user, user.national_id if user else form.cleaned_data["national_id"], following)
        except AccountError as error:
            form.add_error(None, error.message)
        else:
            request.session[SESSION] |= {"pk": row.pk}
            request.session.modified = True
            return redirect("accounts:sign_on_wait")
    context = {"form": form, "next": following, "confirms": user is not None, "simulated": provider.is_simulated()}
    return render(request, "accounts/sign_on.html", context)


def _begin(request: HttpRequest, user: User | None, national_id: str, following: str) -> SignOnRequest:
    stored = request.session.get(SESSION, {})
    secret = stored.get("secret") or secrets.token_urlsafe(24)
    request.session[SESSION] = {"secret": secret, "next": following}
    return flow.begin(
        national_id=national_id,
        user=user,
        browser=secret,
        purpose=Purpose.CONFIRM if user else Purpose.SIGN_IN,
        language=translation.get_language() or "ar",
        address=request.META.get("REMOTE_ADDR", ""),
        known_device=user is not None or devices.source_of(request, national_id).known,
    )


def _current(request: HttpRequest) -> SignOnRequest | None:
    """The request of this browser, and of whoever is signed in now."""
    stored = request.session.get(SESSION, {})
    row = flow.find(stored.get("pk", 0), stored.get("secret", ""))
    user = _signed_in(request)
    return row if row is not None and row.user_id == (user.pk if user else None) else None


@require_safe
def wait(request: HttpRequest) -> HttpResponse:
    """The number to pick, then what came of it. It reloads itself; a script asks `state` instead."""
    _require_provider()
    row = _current(request)
    if row is None or row.used_at is not None:
        return redirect("accounts:sign_on")
    return _show(request, flow.follow(row))


def _show(request: HttpRequest, row: SignOnRequest, form: DifferencesForm | None = None) -> HttpResponse:
    now = timezone.now()
    ready = flow.may_go_on(row, now)
    if ready and form is None and (asked := people.questions_about(row)):
        form = DifferencesForm(questions=asked, register_name=row.name)
    context = {
        "row": row,
        "form": form,
        "ready": ready,
        "waits": row.state in flow.OPEN,
        "confirms": row.purpose == Purpose.CONFIRM,
        "next": request.session[SESSION].get("next", ""),
        "refresh": REFRESH_SECONDS,
        "simulated": provider.is_simulated(),
        "app_address": provider.app_address(),
    }
    return render(request, "accounts/sign_on_wait.html", context)


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """For the script of the page: 202 while the app has not answered, 200 when there is something else to show."""
    _require_provider()
    row = _current(request)
    if row is None:
        return JsonResponse({"state": "none"})
    row = flow.follow(row)
    return JsonResponse({"state": row.state}, status=202 if row.state in flow.OPEN else 200)


@post_only("accounts:sign_on_wait")
def go_on(request: HttpRequest) -> HttpResponse:
    """Confirmed in the app: the session begins, or the one there is has been confirmed."""
    _require_provider()
    row = _current(request)
    if row is None or not flow.may_go_on(row, timezone.now()):
        return redirect("accounts:sign_on_wait")
    try:
        asked = people.questions_about(row)
        form = DifferencesForm(request.POST, questions=asked, register_name=row.name)
        if not form.is_valid():
            return _show(request, row, form)
        user = people.go_on(row, form.answers, language=translation.get_language() or "ar")
    except AccountError as error:
        messages.error(request, error.message)
        return redirect("accounts:sign_on")
    following = safe_next(request, request.session.pop(SESSION).get("next", ""), user)
    request.__dict__["vouched_for"] = user.pk
    record_authentication(request, user, METHOD)
    step_up.mark(request, user)
    if not user.phone:
        following = f"{reverse('accounts:mobile')}?{step_up.next_in_query(following)}"
    if row.purpose == Purpose.CONFIRM:
        # Of a mobile that was not theirs the sessions have ended, but for this one.
        update_session_auth_hash(request, user)
        messages.success(request, _("Confirmed. You can continue."))
        return redirect(following)
    # By way of allauth: whoever has a second factor is asked for it here too.
    return perform_login(request, user, redirect_url=following)


@post_only("accounts:sign_on")
def cancel(request: HttpRequest) -> HttpResponse:
    """The person goes another way."""
    _require_provider()
    following = request.session.get(SESSION, {}).get("next", "")
    if row := _current(request):
        flow.cancel(row)
    request.session.pop(SESSION, None)
    if _signed_in(request):
        return redirect(safe_next(request, following))
    return redirect(f"{reverse('account_login')}?{step_up.next_in_query(following)}")


@csrf_exempt
@require_POST
def callback(request: HttpRequest) -> HttpResponse:
    """The provider tells of itself what the app said. It brings no session: the token alone counts."""
    _require_provider()
    try:
        token = read_object(request, most=MAX_TOKEN + 1024).get("token")
    except NotTaken as wrong:
        return JsonResponse({"error": "too_long" if wrong.why is Why.TOO_LONG else "no_token"}, status=400)
    if not isinstance(token, str):
        return JsonResponse({"error": "no_token"}, status=400)
    try:
        flow.receive(token)
    except TokenRefused:
        return JsonResponse({"error": "refused"}, status=400)
    return JsonResponse({"received": True})
