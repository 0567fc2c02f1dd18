"""Receipts that people brought in: a list of what waits, and one box to say how it was settled."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user, staff_posts_of
from accounts.models import Role
from core.admin.guarded import tag
from core.forms.fields import CompactField
from core.forms.versioned import VersionedForm

from ..domain import references
from ..inquiry import brought
from ..models import BroughtReceipt
from .ledger import ReadOnly

MAY = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.REGISTRY_CLERK})


class SettleForm(VersionedForm):
    now_under = CompactField(
        label=gettext_lazy("Current request number, if there is one"), required=False, max_length=60
    )

    class Meta:
        model = BroughtReceipt
        fields = ("outcome",)

    def clean(self) -> dict[str, Any] | None:
        number = self.cleaned_data.get("now_under")
        if number and not self.cleaned_data.get("outcome", "").strip():
            self.add_error("outcome", _("Explain how it was settled."))
        if number and brought.find_request_of(number) is None:
            self.add_error("now_under", _("There is no request with this number."))
        return self.cleaned_data


class BroughtReceiptAdmin(ReadOnly):
    form = SettleForm
    list_display = ("reference", "state", "service", "signed_at", "brought_at", "proof")
    list_filter = ("proof",)
    search_fields = ("reference",)
    readonly_fields = (
        "reference", "proof", "service", "signed_at", "brought_at", "phone", "settled_at", "settled_by", "transaction",
    )  # fmt: skip
    fields = (*readonly_fields, "outcome", "now_under")
    ordering = ("settled_at", "brought_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, references.normalise(search_term))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(post.role in MAY for post in staff_posts_of(current_user(request)))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not form.cleaned_data.get("outcome", "").strip() or not form.has_changed():
            return
        brought.settle_receipt(
            obj,
            outcome=form.cleaned_data["outcome"],
            reference=form.cleaned_data.get("now_under", ""),
            by=current_user(request),
            now=timezone.now(),
        )

    @admin.display(description=gettext_lazy("status"), ordering="settled_at")
    def state(self, row: BroughtReceipt) -> SafeString:
        return tag("success", _("Settled")) if row.settled_at else tag("warning", _("Waiting"))
