"""What the lists of money share: who may look, amounts, numbers, ages, and presses of a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from accounts.access import current_user
from accounts.models import User
from core.admin.guarded import are_numbers, code
from transactions.admin.ledger import ReadOnly
from transactions.domain.errors import DomainError, Invalid

from ..access import is_accountant, may_see_money

Press = Callable[[HttpRequest, Any, User], str]


def digits(text: object) -> SafeString:
    """A number that reads left to right."""
    return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', text) if text else SafeString("—")


class Money(ReadOnly):
    """Accountants and administrators read it; nobody adds, changes or deletes a row by hand."""

    actions = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see_money(current_user(request))

    @admin.display(description=_("amount (SAR)"), ordering="amount")
    def sar(self, row: Any) -> SafeString:
        return digits(row.riyals)


class Settled(Money):
    """Rows with presses of their own: each is a service, and what it refuses is said in words."""

    presses: dict[str, Press] = {}

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_settle"
        own = path("<path:object_id>/settle/", self.admin_site.admin_view(self.press), name=name)
        return [own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if are_numbers([object_id]) else None
        may = row is not None and is_accountant(current_user(request))
        more = self.panel(request, row) if may else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | {"may": may} | more)

    def panel(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page with the buttons shows."""
        return {}

    def press(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One press of a button; the page that follows says what was done or why it was not."""
        if not is_accountant(current_user(request)):
            raise PermissionDenied
        row = self.model._default_manager.filter(pk=object_id).first() if are_numbers([object_id]) else None
        if row is None:
            raise Http404
        press = self.presses.get(request.POST.get("press", ""))
        if request.method == "POST" and press is not None:
            try:
                messages.success(request, press(request, row, current_user(request)))
            except Invalid as error:
                for problem in error.problems:
                    messages.error(request, problem.message)
            except DomainError as error:
                messages.error(request, error.message)
        return redirect(reverse(f"staff:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk]))


def age(since: Any, until: Any = None) -> SafeString:
    """How long ago, or how long it took."""
    return format_html("<bdi>{}</bdi>", timesince(since, until or timezone.now(), depth=1))


def case_number(fee: Any) -> SafeString:
    """The number of the request a payment is for; accountants see no case, so it leads nowhere."""
    return digits(fee.transaction.reference if fee is not None else "")


__all__ = ["Money", "Press", "Settled", "age", "case_number", "code", "digits"]
