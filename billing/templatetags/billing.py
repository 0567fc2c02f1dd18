"""What is to be paid for a request, wherever a page shows it."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.portal import ltr
from transactions.models import FeeDue, Transaction

from .. import text
from ..models import Bill

register = template.Library()


@register.inclusion_tag("components/bill.html")
def bill_to_pay(
    case: Transaction, fee: FeeDue | None, *, mine: bool = False, may_renew: bool = False, returned: str = ""
) -> dict[str, Any]:
    """What is to be paid, by which number and until when; nothing where nothing waits. `mine`: with the bill to print,
    for whoever follows the request; `may_renew`: with a new bill, for whoever may file it; `returned`: for whoever
    comes back from the bank, that no payment is known yet.
    """
    shown = text.shown_bill(case, fee, timezone.now())
    steps = text.next_steps() if shown and shown.to_pay else []
    return {
        "bill": shown,
        "case": case,
        "mine": mine,
        "may_renew": may_renew,
        "steps": steps,
        "returned": bool(returned),
    }


@register.simple_tag
def bill_number(fee: FeeDue) -> SafeString | str:
    """The number of the bill a fee is to be paid by, for staff; nothing where there is none."""
    bill = Bill.objects.live().filter(fee=fee).first()
    return format_html("{}: {}", _("Bill number"), ltr(bill.in_groups)) if bill else ""


@register.inclusion_tag("components/bill.html")
def bill_by_inquiry(case: Transaction) -> dict[str, Any]:
    """The same in an answer to an inquiry, for whoever has number and PIN."""
    fee = FeeDue.objects.filter(transaction=case, paid_at=None).first() if case.is_open else None
    return bill_to_pay(case, fee)
