"""Subscribing to announcements without an account: asked for on the status page, confirmed and ended by a link."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from core.forms.fields import EmailField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST

from ..notifications import subscriptions
from ..quotas import OverQuota
from .common import client_address


class SubscribeForm(NamedErrors, forms.Form):
    email = EmailField(
        label=_("email"), widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "email", "inputmode": "email"})
    )


@never_cache
@require_GET_or_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether the address is subscribed already or not."""
    form = SubscribeForm(request.POST if request.method == "POST" else None)
    status, asked = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                subscriptions.subscribe(
                    email, language=get_language() or "ar", address=client_address(request), now=timezone.now()
                )
                status, asked = 200, email
            except OverQuota as error:
                form.add_error(None, error.message)
                status = 429
    context = {"form": form, "asked": asked, "days": settings.EMAIL_LINK_DAYS}
    return render(request, "transactions/subscribe.html", context, status=status)


@csrf_exempt  # mailboxes press the end themselves (RFC 8058); whoever has the link holds the subscription
@never_cache
@require_GET_or_POST
def subscription(request: HttpRequest, token: str) -> HttpResponse:
    """Programs that open links press nothing: what is confirmed or ended is pressed."""
    row = subscriptions.find_by_token(token)
    ended = confirmed = False
    if row is not None and request.method == "POST":
        if confirmed := "confirm" in request.POST:
            subscriptions.confirm(row, timezone.now())
            row.refresh_from_db()
        else:
            subscriptions.end(row)
            ended = True
    context = {"row": row, "ended": ended, "confirmed": confirmed}
    return render(request, "transactions/subscription.html", context, status=200 if row else 410)
