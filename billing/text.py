"""A bill in words, for whoever has to pay it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.hijri import riyadh_day
from transactions.domain.gates import Operation
from transactions.domain.workflow import Status
from transactions.incidents import gates
from transactions.models import Event, FeeDue, Transaction

from .domain import money
from .domain.states import LIVE, TAGS, BillState
from .models import Bill

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# An answer of the bank takes a second; after this, people are told that it does not come.
TAKES_LONG = timedelta(minutes=2)


@dataclass(frozen=True)
class ShownBill:
    """What a page says of a fee that is to be paid, or was by a bill. `groups` are the digits of its number as they are
    read; empty while there is nothing to pay by. `pay_at` is the simulated bank's page, in the demonstration alone.
    """

    amount: str
    biller: str
    number: str
    groups: tuple[str, ...]
    kind: str
    label: StrOrPromise
    sentence: StrOrPromise
    due_on: date | None
    last_day: date | None
    to_pay: bool
    may_renew: bool
    at_centre: bool
    pay_at: str


def shown_bill(case: Transaction, fee: FeeDue | None, now: datetime) -> ShownBill | None:
    """The last bill of a fee that waits to be paid, in words; None where nothing waits. One query."""
    if fee is None or fee.paid_at is not None or case.status != Status.AWAITING_PAYMENT:
        return None
    bill = Bill.objects.filter(fee=fee).order_by("-pk").first()
    closed = _closed(case, now)
    state = BillState(bill.state) if bill else None
    over = bool(bill and bill.expires_on and riyadh_day(now) > bill.expires_on)
    payable = state is BillState.ISSUED and not over
    kind, label = (TAGS[state], state.label) if state else ("warning", _("To be paid"))
    return ShownBill(
        amount=money.in_words(bill.amount if bill and bill.is_live else money.halalas(fee.amount)),
        biller=settings.BILLER_CODE,
        number=bill.number if bill and payable else "",
        groups=tuple(bill.in_groups.split()) if bill and payable else (),
        kind="error" if over and state is BillState.ISSUED else kind,
        label=_("Last day has passed") if over and state is BillState.ISSUED else label,
        sentence=_sentence(bill, over, closed, now),
        due_on=bill.due_on if bill and payable else None,
        last_day=bill.expires_on if bill and payable else None,
        to_pay=payable and not closed,
        may_renew=bool(bill) and state not in LIVE and not closed,
        at_centre=settings.PAY_AT_CENTRES and bill is not None and not closed,
        pay_at=_simulated_page(bill, case) if bill and payable and is_simulated() else "",
    )


def bill_in_notice(event: Event) -> str:
    """What a message of an approval adds: the numbers to pay by, once the bank has them."""
    if event.to_status != Status.AWAITING_PAYMENT or event.move != "approve":
        return ""
    bill = Bill.objects.live().filter(fee__transaction=event.transaction_id).first()
    if bill is None:
        return ""
    if bill.state != BillState.ISSUED or bill.expires_on is None:
        return _("Find the bill number on the page of the request.")
    words = {"biller": settings.BILLER_CODE, "number": bill.number, "day": bill.expires_on.isoformat()}
    return _("Pay with SADAD: biller %(biller)s, bill number %(number)s, until %(day)s.") % words


def is_simulated() -> bool:
    """Is the bank that is asked the simulated one of the demonstration?"""
    simulators = getattr(settings, "SIMULATORS_URL", "")
    return bool(simulators) and settings.BANK_URL.startswith(simulators)


def _simulated_page(bill: Bill, case: Transaction) -> str:
    back = settings.PORTAL_URL + reverse("billing:returned", args=[case.reference])
    return f"{settings.BANK_URL}/?{urlencode({'bill': bill.number, 'back': back})}"


def _closed(case: Transaction, now: datetime) -> str:
    """Why payments of this case are closed at the moment; empty while they are open."""
    gate = gates.what_closes(
        Operation.PAYMENTS, now=now, service=case.service, offices=gates.codes(case.held_by_id), lot=case.reference
    )
    if gate is None:
        return ""
    reason = gate.reason_en if get_language() == "en" else gate.reason_ar
    return reason or str(_("Payments are closed at the moment."))


def _sentence(bill: Bill | None, over: bool, closed: str, now: datetime) -> StrOrPromise:
    if closed:
        return closed
    if bill is None:
        if settings.PAY_AT_CENTRES:
            return _(
                "Pay at any service centre or through your bank, with the transaction number. Keep the payment number "
                "and give it to a service centre, or to the office that has the case; they record it here."
            )
        return _(
            "Pay through your bank, and give the payment number to the office that has the case; it records it here."
        )
    match BillState(bill.state):
        case BillState.ISSUED if over:
            return _(
                "The last day to pay this bill has passed. We are asking the bank whether it was paid. Once it says "
                "that it was not, you can get a new bill here."
            )
        case BillState.ISSUED:
            return _(
                "Pay with the numbers below. The bank tells us, and your request goes on by itself: you do not need to "
                "send us anything."
            )
        case BillState.ISSUING if now - bill.created_at > TAKES_LONG:
            return _(
                "The bank has not confirmed the bill yet; we keep asking. The bill appears here as soon as it does. "
                "Your request keeps its place."
            )
        case BillState.ISSUING:
            return _("The bill is being issued at the bank. Open this page again in a minute.")
        case BillState.EXPIRED:
            return _("The last day to pay this bill has passed, and it was not paid. Get a new bill to pay.")
        case BillState.FAILED:
            return _("The bank did not accept the bill. Our accountants have been told. You can ask for a new one.")
        case _cancelled:
            return _("This bill was cancelled. Get a new one to pay.")


def next_steps() -> list[StrOrPromise]:
    """How a bill is paid in the app or at the machine of any bank."""
    return [
        _("Open your bank's app and choose bill payment (SADAD)."),
        _("Enter the biller code and the bill number."),
        _("Check that the amount is the same, and confirm."),
    ]
