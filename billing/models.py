"""Bills, the ledger, what has to be settled, refunds, and the bank's daily files. Amounts are whole halalas.

Rows of LedgerEntry are written once; the database itself refuses to change or delete them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from journal.models import Restoration
from municipality.models import Office
from transactions.models import FeeDue
from transactions.models.requests import person

from .domain import money
from .domain.numbers import in_groups
from .domain.states import LIVE, BillState, EntryKind, ItemKind, Outcome, RefundState, Source

LIVE_STATES = sorted(state.value for state in LIVE)


class BillSerial(models.Model):
    """The last serial of a series and lot. Its row is the lock under which numbers are given."""

    series = models.PositiveSmallIntegerField()
    lot = models.CharField(max_length=4, blank=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "lot"],
                name="one_serial_of_bills",
                violation_error_message=_("Bills of this series are already numbered."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.series}{self.lot}"


class BillQuerySet(models.QuerySet["Bill"]):
    def live(self) -> BillQuerySet:
        """Those that can still be paid at the bank."""
        return self.filter(state__in=LIVE_STATES)


class Bill(models.Model):
    """A fee as the bank collects it. `key` is what the bank knows it by beside its number: the same fee is never billed
    twice under one key, whatever we have forgotten.
    """

    fee = models.ForeignKey(FeeDue, on_delete=models.PROTECT, related_name="bills")
    number = models.CharField(_("bill number"), max_length=20)
    key = models.CharField(max_length=60)
    round = models.PositiveSmallIntegerField()
    amount = models.PositiveBigIntegerField(_("amount in halalas"))
    state = models.CharField(_("state"), max_length=10, choices=BillState, default=BillState.ISSUING)
    created_at = models.DateTimeField(_("created at"))
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    expires_on = models.DateField(_("last day"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("last asked at the bank"), null=True, blank=True)
    refusal = models.CharField(_("what the bank said"), max_length=200, blank=True, default="", db_default="")

    objects = BillQuerySet.as_manager()

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ["-id"]
        indexes = [models.Index(fields=["asked_at"], name="bills_at_the_bank", condition=Q(state="issued"))]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="bill_numbers_never_repeat",
                violation_error_message=_("Another bill already has this number."),
            ),
            models.UniqueConstraint(
                fields=["key"],
                name="a_bill_is_made_once",
                violation_error_message=_("This bill has already been made."),
            ),
            models.UniqueConstraint(
                fields=["fee"],
                condition=Q(state__in=LIVE_STATES),
                name="one_live_bill_for_a_fee",
                violation_error_message=_("There is already a bill to be paid for this fee."),
            ),
            models.CheckConstraint(
                name="a_bill_is_of_something",
                condition=Q(amount__gt=0),
                violation_error_message=_("A bill is for more than nothing."),
            ),
            models.CheckConstraint(
                name="a_bill_that_waits_has_its_days",
                condition=~Q(state="issued")
                | Q(issued_at__isnull=False, due_on__isnull=False, expires_on__isnull=False)
                & Q(expires_on__gte=F("due_on")),
                violation_error_message=_("A bill that was issued has a day it is due and a last day."),
            ),
            models.CheckConstraint(
                name="a_paid_bill_says_when",
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at__isnull=True)),
                violation_error_message=_("A paid bill says when it was paid."),
            ),
            models.CheckConstraint(
                name="a_bill_that_ended_says_when",
                condition=Q(state__in=LIVE_STATES, ended_at__isnull=True)
                | (~Q(state__in=LIVE_STATES) & Q(ended_at__isnull=False)),
                violation_error_message=_("A bill that is over says when."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def in_groups(self) -> str:
        return in_groups(self.number)

    @property
    def riyals(self) -> str:
        return money.in_words(self.amount)


class LedgerEntry(models.Model):
    """One thing that happened to money. `about` is the payment an entry is about; a payment itself has none.

    `payment` is how a payment is compared: where it was made, and its number there. `bill_number` is what was told,
    whether or not there is such a bill; `told_key` is the key the bank keeps with it.
    """

    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=20, choices=EntryKind)
    amount = models.PositiveBigIntegerField(_("amount in halalas"))
    source = models.CharField(_("source"), max_length=12, choices=Source)
    counterpart = models.CharField(_("counterpart"), max_length=120)
    about = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="entries")
    payment = models.CharField(_("payment"), max_length=60, blank=True)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    bill_number = models.CharField(_("bill number"), max_length=40, blank=True)
    told_key = models.CharField(max_length=60, blank=True)
    fee = models.ForeignKey(FeeDue, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger_entries")
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    by = person(_("recorded by"), null=True, blank=True, related_name="+", db_index=False)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["bill_number"], name="payments_of_a_bill", condition=Q(kind="received")),
            models.Index(fields=["paid_at"], name="payments_of_a_day", condition=Q(kind="received")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                condition=~Q(payment=""),
                name="a_payment_is_received_once",
                violation_error_message=_("This payment is already in the ledger."),
            ),
            models.CheckConstraint(
                name="a_payment_names_itself",
                condition=(Q(kind="received", about__isnull=True, paid_at__isnull=False) & ~Q(payment=""))
                | (~Q(kind="received") & Q(about__isnull=False, payment="")),
                violation_error_message=_("A payment has a number; every other entry is about a payment."),
            ),
            models.CheckConstraint(
                name="an_entry_is_of_something",
                condition=Q(amount__gt=0),
                violation_error_message=_("An entry is about more than nothing."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def riyals(self) -> str:
        return money.in_words(self.amount)


# What nobody has settled.
IS_OPEN = Q(settled_at__isnull=True)


class OpenItem(models.Model):
    """Something about money that somebody has to settle; it says what, since when, and who does it."""

    kind = models.CharField(_("kind"), max_length=20, choices=ItemKind)
    subject = models.CharField(_("what it is about"), max_length=120)
    payment = models.ForeignKey(
        LedgerEntry, verbose_name=_("payment"), null=True, blank=True, on_delete=models.PROTECT, related_name="items"
    )
    amount = models.PositiveBigIntegerField(_("amount in halalas"), default=0)
    office = models.ForeignKey(
        Office, verbose_name=_("office in charge"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = person(_("who looks into it"), null=True, blank=True, related_name="+", db_index=False)
    found_at = models.DateTimeField(_("found at"))
    facts = models.JSONField(default=dict, editable=False)
    reason = models.TextField(_("explanation"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = person(_("settled by"), null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("open item")
        verbose_name_plural = _("open items")
        ordering = ["found_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                name="an_item_is_opened_once",
                violation_error_message=_("This is already on the list."),
            ),
            models.CheckConstraint(
                name="a_settled_item_says_how",
                condition=Q(settled_at__isnull=True, outcome="") | (Q(settled_at__isnull=False) & ~Q(outcome="")),
                violation_error_message=_("Say how it was settled."),
            ),
            models.CheckConstraint(
                name="what_is_explained_has_a_reason",
                condition=~Q(outcome="explained") | ~Q(reason=""),
                violation_error_message=_("Give the reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"

    @property
    def riyals(self) -> str:
        return money.in_words(self.amount)


class RefundQuerySet(models.QuerySet["Refund"]):
    def to_be_compared(self) -> RefundQuerySet:
        """Those that wait, and may have been paid already: this database came out of a backup after the payment was
        made, and nobody has held the refund against the bank's statement since.
        """
        waiting = self.filter(state__in=[RefundState.OWED, RefundState.APPROVED])
        return waiting.filter(Exists(restored_since_payment()))


def restored_since_payment() -> models.QuerySet[Restoration]:
    """Of each refund in a query: the restorations after its payment that it was not compared for. By our clock or by
    the bank's: what the bank tells again after a restore was paid before it.
    """
    later = Q(at__gte=OuterRef("payment__paid_at")) | Q(at__gte=OuterRef("payment__at"))
    return Restoration.objects.filter(later, pk__gt=Coalesce(OuterRef("compared_for"), 0))


class Refund(models.Model):
    """Money that goes back, which no network does for us: owed, approved by a second person, paid by the bank."""

    payment = models.ForeignKey(
        LedgerEntry, verbose_name=_("payment"), on_delete=models.PROTECT, related_name="refunds"
    )
    amount = models.PositiveBigIntegerField(_("amount in halalas"))
    state = models.CharField(_("state"), max_length=10, choices=RefundState, default=RefundState.OWED)
    reason = models.TextField(_("reason"))
    owed_by = person(_("decided by"), related_name="+", db_index=False)
    owed_at = models.DateTimeField(_("decided at"))
    approved_by = person(_("approved or refused by"), null=True, blank=True, related_name="+", db_index=False)
    approved_at = models.DateTimeField(_("approved or refused at"), null=True, blank=True)
    paid_by = person(_("paid by"), null=True, blank=True, related_name="+", db_index=False)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    bank_reference = models.CharField(_("the bank's reference"), max_length=60, blank=True)
    # After a restore it may have been paid already: the last restoration it was held against the statement for.
    compared_for = models.ForeignKey(
        Restoration, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    compared_by = person(_("compared by"), null=True, blank=True, related_name="+", db_index=False)
    compared_at = models.DateTimeField(_("compared at"), null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["owed_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="a_refund_takes_two_people",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("owed_by")) | Q(state="dropped"),
                violation_error_message=_("A second person has to approve a refund."),
            ),
            models.CheckConstraint(
                name="a_comparison_takes_two_people",
                condition=Q(compared_for__isnull=True, compared_by__isnull=True, compared_at__isnull=True)
                | Q(compared_for__isnull=False, compared_by__isnull=False, compared_at__isnull=False)
                & ~Q(compared_by=F("owed_by")),
                violation_error_message=_("A second person has to compare a refund with the bank's statement."),
            ),
            models.CheckConstraint(
                name="a_refund_is_approved_first",
                condition=Q(state="owed", approved_at__isnull=True)
                | Q(state__in=["approved", "paid", "dropped"], approved_at__isnull=False, approved_by__isnull=False),
                violation_error_message=_("A second person has to approve a refund."),
            ),
            models.CheckConstraint(
                name="a_refund_that_was_paid_says_how",
                condition=(Q(state="paid", paid_at__isnull=False, paid_by__isnull=False) & ~Q(bank_reference=""))
                | (~Q(state="paid") & Q(paid_at__isnull=True, bank_reference="")),
                violation_error_message=_("A refund that was paid has the bank's reference."),
            ),
            models.CheckConstraint(
                name="a_refund_is_of_something",
                condition=Q(amount__gt=0),
                violation_error_message=_("A refund is of more than nothing."),
            ),
            models.UniqueConstraint(
                fields=["bank_reference"],
                condition=~Q(bank_reference=""),
                name="a_transfer_refunds_once",
                violation_error_message=_("This transfer is already recorded for another refund."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def riyals(self) -> str:
        return money.in_words(self.amount)


class Settlement(models.Model):
    """A file of the bank for one day, kept as it came, and what the comparison with the ledger found."""

    day = models.DateField(_("day"), db_index=True)
    taken_at = models.DateTimeField(_("taken at"))
    uploaded_by = person(_("uploaded by"), null=True, blank=True, related_name="+", db_index=False)
    text = models.TextField(editable=False)
    sha256 = models.CharField("SHA-256", max_length=64)
    payments = models.PositiveIntegerField(_("payments"))
    amount = models.PositiveBigIntegerField(_("amount in halalas"))
    differences = models.PositiveIntegerField(_("differences found"), default=0)

    class Meta:
        verbose_name = _("settlement file")
        verbose_name_plural = _("settlement files")
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "sha256"],
                name="a_settlement_is_taken_once",
                violation_error_message=_("This file has already been compared."),
            )
        ]

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def riyals(self) -> str:
        return money.in_words(self.amount)
