"""Money in the daily books (ADR 31): what the ledger says and a fee does not, and what the bank has not told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, Round
from django.utils.translation import gettext_lazy as _

from transactions.books.look import Finding, Kind, Look
from transactions.models import FeeDue, Outbox
from transactions.outbox.queue import PENDING_STATES

from . import bills, ledger
from .domain.states import EntryKind
from .models import IS_OPEN, LedgerEntry, OpenItem
from .upkeep import missing_days

# What is settled within a working day or two is nobody's failure.
TOO_OLD = timedelta(days=3)


def _fee_not_as_ledger(look: Look) -> Iterator[Finding]:
    """A fee is paid exactly when the ledger has its amount applied to it. One statement, so both are of one moment."""
    own = LedgerEntry.objects.filter(fee=OuterRef("pk")).order_by().values("fee")
    applied = Subquery(own.annotate(net=Sum(ledger.signed(ledger.APPLIED_SIGN))).values("net"))
    owed = Case(When(paid_at__isnull=False, then=Cast(Round(F("amount") * 100), BigIntegerField())), default=Value(0))
    settled = Q(paid_at__lt=look.settled) | Q(paid_at=None, transaction__submitted_at__lt=look.settled)
    fees = FeeDue.objects.filter(settled).annotate(applied=Coalesce(applied, 0), owed=owed)
    wrong = fees.exclude(applied=F("owed")).order_by("pk")
    names = ("transaction__reference", "transaction__held_by")
    for reference, office in wrong.values_list(*names).iterator():
        yield Finding(reference, office)


def _payment_not_applied(look: Look) -> Iterator[Finding]:
    """Received, and neither applied nor on a list, and no job will do it."""
    entries = LedgerEntry.objects.filter(about=OuterRef("pk"))
    on_list = OpenItem.objects.filter(payment=OuterRef("pk"))
    owed = Outbox.objects.filter(kind="payment_apply", subject=OuterRef("pk"), state__in=PENDING_STATES)
    rows = LedgerEntry.objects.filter(
        ~Exists(entries), ~Exists(on_list), ~Exists(owed), kind=EntryKind.RECEIVED, at__lt=look.settled
    )
    for reference in rows.order_by("pk").values_list("reference", flat=True).iterator():
        yield Finding(f"payment/{reference}")


def _item_old(look: Look) -> Iterator[Finding]:
    rows = OpenItem.objects.filter(IS_OPEN, found_at__lt=look.now - TOO_OLD).order_by("pk")
    for kind, subject, office in rows.values_list("kind", "subject", "office"):
        yield Finding(f"{kind}/{subject}", office)


def _file_missing(look: Look) -> Iterator[Finding]:
    """The file of a day comes the day after."""
    if bills.is_on():
        for day in missing_days(look.now - timedelta(days=1)):
            yield Finding(f"settlement/{day.isoformat()}")


KINDS = (
    Kind(
        "fee_not_as_ledger",
        _("Fees on which the ledger says something else"),
        _("Compare the fee with the ledger and the bank's file, and find out who changed it."),
        _fee_not_as_ledger,
    ),
    Kind(
        "payment_not_applied",
        _("Payments received that nothing became of"),
        _("Find out why the payment was neither applied nor listed, and have it applied."),
        _payment_not_applied,
    ),
    Kind(
        "open_item_old",
        _("Open items of payments older than three days"),
        _("Settle the item, or say who does."),
        _item_old,
    ),
    Kind(
        "settlement_missing",
        _("Days without a settlement file of the bank"),
        _("Ask the bank for the file of that day and upload it."),
        _file_missing,
    ),
)
