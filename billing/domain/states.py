"""What a bill, a ledger entry and an item to be settled can be, as data."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BillState(TextChoices):
    """The life of a bill. `live` ones can be paid; there is at most one for a fee."""

    ISSUING = "issuing", pgettext_lazy("bill", "Being issued at the bank")
    ISSUED = "issued", pgettext_lazy("bill", "To be paid")
    PAID = "paid", pgettext_lazy("bill", "Paid")
    EXPIRED = "expired", pgettext_lazy("bill", "Expired")
    CANCELLED = "cancelled", pgettext_lazy("bill", "Cancelled")
    FAILED = "failed", pgettext_lazy("bill", "Not accepted by the bank")


LIVE = frozenset({BillState.ISSUING, BillState.ISSUED})
TAGS = {
    BillState.ISSUING: "info",
    BillState.ISSUED: "warning",
    BillState.PAID: "success",
    BillState.EXPIRED: "error",
    BillState.CANCELLED: "plain",
    BillState.FAILED: "error",
}


class EntryKind(TextChoices):
    """What an entry of the ledger says happened. Amounts are never negative; `SIGNS` says which way they count."""

    RECEIVED = "received", _("Received")
    APPLIED = "applied", _("Applied to a fee")
    ASSIGNED = "assigned", _("Assigned to a bill")
    MERGED = "merged", _("Same payment as another")
    RELEASED = "released", _("Taken off a fee")
    REFUND_OWED = "refund_owed", _("Refund owed")
    REFUND_DROPPED = "refund_dropped", _("Refund refused")
    REFUND_PAID = "refund_paid", _("Refund paid")


# How an entry about a payment changes what of it is not spoken for.
OPEN_SIGN = {
    EntryKind.RECEIVED: 1,
    EntryKind.APPLIED: -1,
    EntryKind.ASSIGNED: 0,
    EntryKind.MERGED: -1,
    EntryKind.RELEASED: 1,
    EntryKind.REFUND_OWED: -1,
    EntryKind.REFUND_DROPPED: 1,
    EntryKind.REFUND_PAID: 0,  # it was spoken for when it was owed
}
# How it changes what the city holds: a payment that turned out to be told twice is not held twice.
HELD_SIGN = {EntryKind.RECEIVED: 1, EntryKind.MERGED: -1, EntryKind.REFUND_PAID: -1}


class Source(TextChoices):
    """Who told us."""

    NOTICE = "notice", pgettext_lazy("money", "Notice of the bank")
    POLL = "poll", pgettext_lazy("money", "Asked at the bank")
    SETTLEMENT = "settlement", pgettext_lazy("money", "Settlement file")
    COUNTER = "counter", pgettext_lazy("money", "Recorded by an office")
    STAFF = "staff", pgettext_lazy("money", "Accounting")
    EARLIER = "earlier", pgettext_lazy("money", "From before the ledger")


class ItemKind(TextChoices):
    """What has to be settled by somebody, and under which list it stands."""

    ORPHAN = "orphan", _("Payment for a bill that is not known")
    UNDERPAID = "underpaid", _("Paid too little")
    OVERPAID = "overpaid", _("Paid too much")
    TWICE = "twice", _("Paid twice")
    NOT_DUE = "not_due", _("Paid when nothing was due")
    LATE = "late", _("Paid after the last day")
    CONTRADICTION = "contradiction", _("The bank said two things of one payment")
    UNANNOUNCED = "unannounced", _("In the bank's file, and nobody had told us")
    NOT_IN_FILE = "not_in_file", _("In the ledger, but not in the bank's file")
    BILL_FAILED = "bill_failed", _("Bill the bank does not accept")


class Outcome(TextChoices):
    """How an item was settled."""

    APPLIED = "applied", _("Applied to the fee")
    REFUND = "refund", _("Given to be refunded")
    MERGED = "merged", _("Same payment as another")
    EXPLAINED = "explained", _("Explained")
    RESOLVED = "resolved", _("No longer there")


class RefundState(TextChoices):
    """A refund takes three steps, and two people at least."""

    OWED = "owed", pgettext_lazy("refund", "Owed")
    APPROVED = "approved", pgettext_lazy("refund", "Approved")
    PAID = "paid", pgettext_lazy("refund", "Paid")
    DROPPED = "dropped", pgettext_lazy("refund", "Refused")
