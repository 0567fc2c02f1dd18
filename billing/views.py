"""The public's pages of a bill: on paper, and a new one in the place of one that has ended."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.delegated import Operation
from core.http import require_GET_or_POST
from transactions import access
from transactions.domain.errors import DomainError, NotVisible
from transactions.views.common import hidden_is_404

from . import bills, text, upkeep


@login_required
@hidden_is_404
@require_safe
def slip(request: HttpRequest, reference: str) -> HttpResponse:
    """The bill to print, while there is one to be paid; back to the request when there is none."""
    case = access.get_transaction(current_user(request), reference)
    shown = text.shown_bill(case, getattr(case, "fee", None), timezone.now())
    if shown is None or not shown.groups:
        return redirect("transactions:request", reference=case.reference)
    context = {"case": case, "service": case.service_type, "bill": shown, "steps": text.next_steps()}
    return render(request, "billing/slip.html", context)


@login_required
@hidden_is_404
@require_safe
def returned(request: HttpRequest, reference: str) -> HttpResponse:
    """Back from the bank: it is asked now, so that what was paid shows on the next page, also where no script runs."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    if access.acts_for_applicant(user, case):
        if upkeep.ask_now(case, timezone.now()):
            messages.success(request, _("The fee is paid."))
        else:  # the page says so beside the bill, unless it has come meanwhile
            return redirect(f"{reverse('transactions:request', args=[case.reference])}?returned=1")
    return redirect("transactions:request", reference=case.reference)


@login_required
@hidden_is_404
@require_GET_or_POST
def renew(request: HttpRequest, reference: str) -> HttpResponse:
    """A press for a new bill; pressed twice, it is one."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    if request.method == "POST":
        if not access.acts_for_applicant(user, case, Operation.FILE):
            raise NotVisible
        try:
            bills.renew(case, now=timezone.now())
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("A new bill is being issued at the bank."))
    return redirect("transactions:request", reference=case.reference)
