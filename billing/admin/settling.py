"""Open items and refunds: what is to be settled, since when, by whom, and the presses that do it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user
from accounts.models import User
from core.admin.guarded import tag, typed
from core.text import one_line

from .. import items, ledger, refunds
from ..domain import money
from ..domain.states import ItemKind, Outcome, RefundState
from ..models import OpenItem, Refund, restored_since_payment
from .shared import Settled, age, case_number, digits

ADVICE = {
    ItemKind.ORPHAN: gettext_lazy("Find out which request it was paid for, and assign it; or have it refunded."),
    ItemKind.UNDERPAID: gettext_lazy("The fee is paid once the rest has been received as well."),
    ItemKind.OVERPAID: gettext_lazy("The fee is paid. Have what is over refunded."),
    ItemKind.TWICE: gettext_lazy(
        "The fee was paid already. If an office recorded this very payment, say so; if not, have it refunded."
    ),
    ItemKind.NOT_DUE: gettext_lazy(
        "Nothing was owed for this request when it was paid. Assign it or have it refunded."
    ),
    ItemKind.LATE: gettext_lazy("It was paid after the last day. As long as the fee was owed, it was applied."),
    ItemKind.CONTRADICTION: gettext_lazy(
        "The ledger keeps what was said first. Ask the bank which is true, and write down what it said."
    ),
    ItemKind.UNANNOUNCED: gettext_lazy("It was entered from the file. Ask the bank why no notice came."),
    ItemKind.NOT_IN_FILE: gettext_lazy("Ask the bank whether it has the money, and for a corrected file."),
    ItemKind.BILL_FAILED: gettext_lazy("Read what the bank said, and put it right. A new bill can then be made."),
}


class SettledFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("mine", _("Mine")), ("settled", _("Settled"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen: dict[str, dict[str, Any]] = {
            "open": {"settled_at": None},
            "mine": {"settled_at": None, "owner": request.user.pk},
            "settled": {"settled_at__isnull": False},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


class OpenItemAdmin(Settled):
    change_form_template = "admin/billing/openitem/change_form.html"
    list_display = ("kind", "about", "sar", "age", "owner", "office", "state_tag")
    fields = readonly_fields = (
        "kind", "advice", "about", "sar", "left", "bill_number", "case", "detail", "office", "owner", "found_at",
        "state_tag", "settled_by", "settled_at", "reason",
    )  # fmt: skip
    list_filter = (SettledFilter, "kind")
    list_select_related = ("owner", "office", "payment")
    search_fields = ("subject",)  # a box; see get_search_results
    ordering = ("settled_at", "found_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Open ones first, the oldest first, on either engine."""
        return super().get_queryset(request).order_by("outcome", "found_at", "pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = one_line(search_term)[:120]
        bill = Q(payment__bill_number="".join(text.split()))
        return queryset.filter(Q(subject__startswith=text) | bill) if text else queryset, False

    def panel(self, request: HttpRequest, row: OpenItem) -> dict[str, Any]:
        left = ledger.open_amount(row.payment) if row.payment else 0
        return {
            "waits": row.settled_at is None,
            "left": money.in_words(left) if left else "",
            "mergeable": bool(left) and row.kind in (ItemKind.TWICE, ItemKind.NOT_DUE),
            "explainable": not left or row.kind in items.CLOSED_BY_PEOPLE,
            "suggested": (
                row.payment.told_key.partition("/")[0] if row.payment and not ledger.fee_of(row.payment) else ""
            ),
        }

    @admin.display(description=gettext_lazy("what to do"))
    def advice(self, row: OpenItem) -> Any:
        return ADVICE[ItemKind(row.kind)]

    @admin.display(description=gettext_lazy("what it is about"), ordering="subject")
    def about(self, row: OpenItem) -> SafeString:
        return digits(row.subject)

    @admin.display(description=gettext_lazy("age"), ordering="found_at")
    def age(self, row: OpenItem) -> SafeString:
        return age(row.found_at, row.settled_at)

    @admin.display(description=gettext_lazy("still open (SAR)"))
    def left(self, row: OpenItem) -> SafeString:
        return digits(money.in_words(ledger.open_amount(row.payment)) if row.payment else "")

    @admin.display(description=gettext_lazy("bill number"))
    def bill_number(self, row: OpenItem) -> SafeString:
        return digits(row.payment.bill_number if row.payment else "")

    @admin.display(description=gettext_lazy("transaction"))
    def case(self, row: OpenItem) -> SafeString:
        return case_number(ledger.fee_of(row.payment) if row.payment else None)

    @admin.display(description=gettext_lazy("what the bank said"))
    def detail(self, row: OpenItem) -> SafeString:
        if "told_amount" in row.facts:
            words = _("bill %(bill)s, %(amount)s SAR")
            return typed(words % {"bill": row.facts["told_bill"], "amount": money.in_words(row.facts["told_amount"])})
        return typed(str(row.facts.get("why") or row.facts.get("key") or ""))

    @admin.display(description=gettext_lazy("state"), ordering="outcome")
    def state_tag(self, row: OpenItem) -> SafeString:
        if row.settled_at is None:
            return tag("warning", _("Open"))
        return tag("success", Outcome(row.outcome).label)


def _take(request: HttpRequest, row: OpenItem, by: User) -> str:
    items.take(row, by=by)
    return _("You look into this item from now on.")


def _assign(request: HttpRequest, row: OpenItem, by: User) -> str:
    items.assign(row, to=request.POST.get("to", ""), by=by, now=timezone.now())
    return _("Assigned. It is being applied to the fee.")


def _merge(request: HttpRequest, row: OpenItem, by: User) -> str:
    items.merge(row, by=by, now=timezone.now())
    return _("Both entries are one payment now.")


def _refund(request: HttpRequest, row: OpenItem, by: User) -> str:
    refunds.decide(row, reason=request.POST.get("reason", ""), by=by, now=timezone.now())
    return _("The refund is owed. A second person has to approve it.")


def _explain(request: HttpRequest, row: OpenItem, by: User) -> str:
    items.explain(row, reason=request.POST.get("reason", ""), by=by, now=timezone.now())
    return _("Settled with your explanation.")


OpenItemAdmin.presses = {
    "take": _take, "assign": _assign, "merge": _merge, "refund": _refund, "explain": _explain,
}  # fmt: skip
REFUND_TAGS = {
    RefundState.OWED: "warning",
    RefundState.APPROVED: "info",
    RefundState.PAID: "success",
    RefundState.DROPPED: "plain",
}


class RefundAdmin(Settled):
    change_form_template = "admin/billing/refund/change_form.html"
    list_display = ("paid_under", "sar", "state_tag", "age", "owed_by", "approved_by", "bank_reference")
    fields = readonly_fields = (
        "paid_under", "sar", "why", "state_tag", "owed_by", "owed_at", "approved_by", "approved_at", "paid_by",
        "paid_at", "bank_reference", "compared_by", "compared_at",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("payment", "owed_by", "approved_by")
    search_fields = ("bank_reference", "payment__reference", "payment__bill_number")
    ordering = ("owed_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(restored_since=Exists(restored_since_payment()))

    def panel(self, request: HttpRequest, row: Refund) -> dict[str, Any]:
        return {
            "to_compare": refunds.is_to_be_compared(row),
            "owed": row.state == RefundState.OWED,
            "approved": row.state == RefundState.APPROVED,
            "own": row.owed_by_id == current_user(request).pk,
        }

    @admin.display(description=gettext_lazy("payment number"))
    def paid_under(self, row: Refund) -> SafeString:
        return digits(row.payment.reference)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, row: Refund) -> SafeString:
        return typed(row.reason)

    @admin.display(description=gettext_lazy("age"), ordering="owed_at")
    def age(self, row: Refund) -> SafeString:
        return age(row.owed_at, row.paid_at)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_tag(self, row: Refund) -> SafeString:
        state = RefundState(row.state)
        if state in (RefundState.OWED, RefundState.APPROVED) and getattr(row, "restored_since", False):
            return tag("error", _("%(state)s; to be compared") % {"state": state.label})
        return tag(REFUND_TAGS[state], state.label)


def _approve(request: HttpRequest, row: Refund, by: User) -> str:
    if refunds.is_to_be_compared(refunds.approve(row, by=by, now=timezone.now())):
        return _("Approved. Compare it with the bank's statement before it is paid.")
    return _("Approved. It can be paid now.")


def _compare(request: HttpRequest, row: Refund, by: User) -> str:
    refunds.record_comparison(row, by=by, now=timezone.now())
    return _("Recorded: the bank's statement shows no transfer for this refund.")


def _find(request: HttpRequest, row: Refund, by: User) -> str:
    refunds.record_comparison(row, transfer=request.POST.get("found", ""), by=by, now=timezone.now())
    return _("The refund is recorded as paid.")


def _drop(request: HttpRequest, row: Refund, by: User) -> str:
    refunds.drop(row, reason=request.POST.get("reason", ""), by=by, now=timezone.now())
    return _("Refused. The money is open again, on the list it came from.")


def _pay(request: HttpRequest, row: Refund, by: User) -> str:
    refunds.pay(row, bank_reference=request.POST.get("bank_reference", ""), by=by, now=timezone.now())
    return _("The refund is recorded as paid.")


RefundAdmin.presses = {"approve": _approve, "drop": _drop, "pay": _pay, "compare": _compare, "find": _find}
