"""The page where somebody hands in a receipt of ours whose request is not here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from accounts.forms import MobileField
from core.forms.fields import CompactField, ProseField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST

from ..domain.errors import DomainError, Invalid, TooManyAttempts
from ..inquiry import brought
from ..models import BroughtReceipt
from .common import client_address

DONE, DONE_SECONDS = "done", 24 * 3600


class HandInForm(NamedErrors, forms.Form):
    code = ProseField(
        label=_("Code from the QR, its full address, or the number on the receipt"),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr"}),
    )
    pin = CompactField(
        label=_("PIN"),
        help_text=_("Only if you enter a number: the eight digits beside it."),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"}),
    )
    phone = MobileField(label=_("Mobile number for our reply"))


@never_cache
@require_GET_or_POST
def hand_in(request: HttpRequest) -> HttpResponse:
    """Taken in once, however often it is sent; what is wrong is said beside what was typed."""
    if done := _done(request):
        return render(request, "transactions/receipt_handed_in.html", {"row": done})
    initial = {"code": request.GET.get("code", "")[:8000]}
    form = HandInForm(request.POST if request.method == "POST" else None, initial=initial)
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                row = brought.hand_in_receipt(**form.cleaned_data, address=client_address(request), now=timezone.now())
            except Invalid as error:
                for problem in error.problems:
                    form.add_error(problem.path, str(problem.message))
            except TooManyAttempts as error:
                refused = render(request, "429.html", {"message": error.message}, status=429)
                refused["Retry-After"] = str(error.wait)
                return refused
            except DomainError as error:
                form.add_error(None, str(error.message))
                status = 409
            else:
                return redirect(f"{request.path}?{urlencode({DONE: signing.dumps(row.reference, salt=DONE)})}")
    return render(request, "transactions/hand_in_receipt.html", context, status=status)


def _done(request: HttpRequest) -> BroughtReceipt | None:
    """The receipt just taken in, for whoever brought it: its page may be read again, also in the other language."""
    try:
        reference = signing.loads(request.GET.get(DONE, ""), salt=DONE, max_age=DONE_SECONDS)
    except signing.BadSignature:
        return None
    return BroughtReceipt.objects.filter(reference=reference).first()
