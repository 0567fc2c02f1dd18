"""Bills and the ledger, read only; the bank's files, which accountants add where the bank does not serve them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user
from core.admin.guarded import code, tag
from core.forms.versioned import VersionedForm
from core.text import one_line
from transactions.domain import references

from .. import ledger, settlement
from ..access import is_accountant
from ..domain.numbers import read_number
from ..domain.states import TAGS, BillState
from ..models import Bill, LedgerEntry, Settlement
from .shared import Money, case_number, digits


def by_number(sought: str, bill: str, case: str) -> Q:
    """By a bill number or a transaction number, however typed; `bill` and `case` are the paths to them."""
    return Q(**{bill: read_number(sought) or one_line(sought)[:40]}) | Q(**{case: references.normalise(sought)[:40]})


class BillAdmin(Money):
    list_display = ("bill_number", "request_number", "sar", "state_tag", "due_on", "expires_on", "created_at")
    fields = readonly_fields = (
        "bill_number", "request_number", "sar", "state_tag", "created_at", "issued_at", "due_on", "expires_on",
        "paid_at", "ended_at", "asked_at", "refusal",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("fee__transaction",)
    search_fields = ("number",)  # a box; see get_search_results
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        sought = by_number(search_term, "number", "fee__transaction__reference")
        return queryset.filter(sought) if one_line(search_term) else queryset, False

    @admin.display(description=gettext_lazy("bill number"), ordering="number")
    def bill_number(self, row: Bill) -> SafeString:
        return digits(row.in_groups)

    @admin.display(description=gettext_lazy("transaction"))
    def request_number(self, row: Bill) -> SafeString:
        return case_number(row.fee)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_tag(self, row: Bill) -> SafeString:
        state = BillState(row.state)
        return tag(TAGS[state], state.label)


class LedgerAdmin(Money):
    """Every entry there is, newest first; no entry is ever changed."""

    list_display = ("at", "kind", "sar", "source", "paid_under", "told_bill", "request_number")
    fields = readonly_fields = (
        "at", "kind", "sar", "source", "counterpart", "paid_under", "told_bill", "request_number", "paid_at", "by",
        "note",
    )  # fmt: skip
    list_filter = ("kind", "source")
    list_select_related = ("fee__transaction", "about", "by")
    search_fields = ("reference",)  # a box; see get_search_results
    date_hierarchy = "at"
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Everything about the payments that bear what was typed: a bill, a payment, a transaction number."""
        if not one_line(search_term):
            return queryset, False
        keys = [ledger.key_at_bank(search_term)[:60], ledger.key_at_counter(search_term)[:60]]
        sought = by_number(search_term, "bill_number", "fee__transaction__reference")
        sought |= Q(payment__in=keys) | Q(reference=one_line(search_term)[:60])
        payments = LedgerEntry.objects.filter(sought)
        return queryset.filter(Q(pk__in=payments.values("pk")) | Q(about__in=payments.values("pk"))), False

    @admin.display(description=gettext_lazy("payment number"))
    def paid_under(self, row: LedgerEntry) -> SafeString:
        return digits((row.about or row).reference)

    @admin.display(description=gettext_lazy("bill number"))
    def told_bill(self, row: LedgerEntry) -> SafeString:
        return digits((row.about or row).bill_number)

    @admin.display(description=gettext_lazy("transaction"))
    def request_number(self, row: LedgerEntry) -> SafeString:
        return case_number(row.fee)


class SettlementForm(VersionedForm):
    """A file as the bank writes it; what is wrong with it is said before anything is taken."""

    content = forms.FileField(label=gettext_lazy("settlement file (CSV)"))

    class Meta:
        model = Settlement
        fields = ("day",)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = self.cleaned_data.get("content")
        if given is None:
            return cleaned
        if given.size > settlement.MAX_BYTES:
            self.add_error("content", _("This file is too large for a settlement file."))
            return cleaned
        try:
            self.text = given.read().decode("utf-8")
            settlement.read_file(self.text)
        except UnicodeDecodeError:
            self.add_error("content", _("This file is not a text file of the bank."))
        except settlement.Unreadable as error:
            self.add_error("content", str(error.message))
        if (day := self.cleaned_data.get("day")) and day > timezone.localdate():
            self.add_error("day", _("This day has not come yet."))
        return cleaned


class SettlementAdmin(Money):
    form = SettlementForm
    list_display = ("day", "taken_at", "payments", "sar", "difference_count", "uploaded_by")
    ordering = ("-day", "-pk")
    list_select_related = ("uploaded_by",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_accountant(current_user(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            ("day", "taken_at", "uploaded_by", "payments", "sar", "difference_count", "fingerprint")
            if obj
            else ("day", "content")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: Settlement, form: Any, change: bool) -> None:
        done = settlement.compare(obj.day, form.text, now=timezone.now(), by=current_user(request))
        obj.pk = done.pk
        obj.refresh_from_db()

    @admin.display(description=Settlement._meta.get_field("sha256").verbose_name)
    def fingerprint(self, row: Settlement) -> SafeString:
        return code(row.sha256)

    @admin.display(description=gettext_lazy("differences"), ordering="differences")
    def difference_count(self, row: Settlement) -> SafeString:
        return tag("warning" if row.differences else "success", row.differences)
