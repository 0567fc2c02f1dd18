"""Files, fees, issued documents, and the record of intake."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Delegation

from ..domain import kinds, service_types
from ..domain.workflow import Status
from .history import Deficiency, Event
from .inspections import Inspection
from .objections import Objection
from .requests import Draft, Transaction, person

# What an applicant gave in answer is theirs alone until the answer is sent: they may still remove it.
IS_SENT = Q(deficiency__isnull=True) | Q(deficiency__answered_at__isnull=False)


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def of_request(self) -> AttachmentQuerySet:
        """Of the files of a transaction: those that are part of what is asked for, neither photographs of the office's
        own nor what came with an objection.
        """
        return self.filter(inspection=None, objection=None)

    def sent(self) -> AttachmentQuerySet:
        """Of the files of a transaction: those that came with it or with an answer that was sent."""
        return self.of_request().filter(IS_SENT, removed_at=None)

    def received(self) -> AttachmentQuerySet:
        """Of the files of a transaction: those its receipt is for."""
        first = Q(answers_version=1) | Q(answers_version=None, deficiency=None)
        return self.of_request().filter(first)

    def in_force(self) -> AttachmentQuerySet:
        """Of those sent: what no later file was put in the place of."""
        return self.sent().filter(replaced_in=None)


class Attachment(models.Model):
    """A file, stored under a name of ours. It belongs to nobody's case until a draft or transaction takes it."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draft = models.ForeignKey(
        Draft, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments", db_index=False
    )
    transaction = models.ForeignKey(
        Transaction, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments"
    )
    deficiency = models.ForeignKey(
        Deficiency, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments", db_index=False
    )
    # Photographs of the office's own, which are no part of what the applicant sent.
    inspection = models.ForeignKey(
        Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="photographs", db_index=False
    )
    # What came with an objection, which is no part of the request either.
    objection = models.ForeignKey(
        Objection, null=True, blank=True, on_delete=models.PROTECT, related_name="files", db_index=False
    )
    # The scan of a paper by which somebody acts for another.
    delegation = models.ForeignKey(
        Delegation, null=True, blank=True, on_delete=models.PROTECT, related_name="scans", db_index=False
    )
    document = models.SlugField(_("document"), max_length=40, db_index=False)
    original_name = models.CharField(_("file name"), max_length=255)
    content_type = models.CharField(_("type"), max_length=60)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    stored_as = models.CharField(max_length=60, editable=False)
    uploaded_by = person(_("uploaded by"), related_name="+", db_index=False)
    uploaded_at = models.DateTimeField(_("uploaded at"))
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)
    # The version of the answers it was sent with; empty until then, and for what was sent before there were versions.
    answers_version = models.SmallIntegerField(null=True, blank=True)
    # The version that put another in its place: from then on it is history, and is never removed.
    replaced_in = models.SmallIntegerField(null=True, blank=True)

    # What was found out when it was opened (rendering.Rendering); empty until then.
    look = models.CharField(max_length=20, default="", db_default="", editable=False)
    pages = models.PositiveIntegerField(_("pages"), null=True, blank=True, editable=False)
    # Words of drawing.MARKS, with spaces between.
    marks = models.CharField(max_length=60, default="", db_default="", editable=False)
    # scanning.CLEAN or INFECTED; empty: not scanned.
    scanned = models.CharField(max_length=10, default="", db_default="", editable=False)
    # What the sender knows the upload by: one whose last answer was lost is not sent again (attachments/chunks.py).
    sent_as = models.CharField(max_length=32, default="", db_default="", editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["document", "id"]
        indexes = [
            models.Index(fields=["draft"], name="file_of_draft", condition=Q(draft__isnull=False)),
            models.Index(fields=["deficiency"], name="file_of_answer", condition=Q(deficiency__isnull=False)),
            models.Index(fields=["sha256"], name="same_file", condition=Q(removed_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stored_as"],
                name="a_stored_file_has_one_row",
                violation_error_message=_("This file has already been stored."),
            )
        ]

    def __str__(self) -> str:
        return self.original_name

    @property
    def kind(self) -> str:
        """The kind of file as people call it: PDF, JPEG, HEIC, DXF …"""
        return kinds.ACCEPTED.get(self.content_type) or self.content_type.rpartition("/")[2].upper()

    @property
    def is_image(self) -> bool:
        return self.content_type in service_types.PHOTO

    @property
    def has_preview(self) -> bool:
        """Can it be shown as a picture, as far as is known?"""
        drawn = self.content_type in kinds.ACCEPTED and self.content_type not in kinds.NOT_DRAWN
        return drawn and (not self.look or bool(self.pages)) and not self.is_infected

    @property
    def is_infected(self) -> bool:
        return self.scanned == "infected"

    @property
    def has_programs(self) -> bool:
        """Does something in it act by itself when it is opened, or lie hidden in it?"""
        return bool({"programs", "files"}.intersection(self.marks.split()))

    @property
    def lacks_fonts(self) -> bool:
        return "fonts" in self.marks.split()

    @property
    def handed_out_as(self) -> str:
        """Its name, with the ending of what it is."""
        return kinds.with_ending(self.original_name, self.content_type)


class FeeDue(models.Model):
    """What the applicant owes for a transaction, how it was worked out, and that it was paid. SAR."""

    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="fee")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    basis = models.JSONField(_("how it was calculated"))
    # Of which version of the answers; fees from before there were versions do not say.
    answers_version = models.SmallIntegerField(null=True, blank=True)
    worked_out_at = models.DateTimeField(_("calculated at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    payment_reference = models.CharField(_("payment reference"), max_length=40, blank=True)
    # The same number as it is compared (transitions/decisions.payment_key). Empty also for those that had paid two fees
    # before it was: they stand in the log of the migration and belong to a person.
    payment_key = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    recorded_by = person(_("recorded by"), null=True, blank=True, related_name="+")
    # Whom “Take next” led to it last, and when: for a while it leads nobody else there (transitions.moves.take_next).
    led_to = person(_("directed to"), null=True, blank=True, related_name="+", db_index=False, editable=False)
    led_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("fee")
        verbose_name_plural = _("fees")
        constraints = [
            models.CheckConstraint(
                name="paid_fee_has_its_reference",
                condition=Q(paid_at__isnull=True) | ~Q(payment_reference=""),
                violation_error_message=_("A paid fee needs the date and reference of its payment."),
            ),
            models.UniqueConstraint(
                fields=["payment_reference"],
                condition=~Q(payment_reference=""),
                name="a_payment_is_recorded_once",
                violation_error_message=_("This payment is already recorded for another request."),
            ),
            models.UniqueConstraint(
                fields=["payment_key"],
                condition=~Q(payment_key=""),
                name="a_payment_pays_once",
                violation_error_message=_("This payment has already been used for another fee."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} SAR"

    @property
    def is_payable(self) -> bool:
        """Can it be paid now? What was worked out before a withdrawal or a re-opening is owed by nobody."""
        return self.paid_at is None and self.transaction.status == Status.AWAITING_PAYMENT


class IssuedDocument(models.Model):
    """A permit, minutes or letter that was issued; `token` is what its QR carries (journal.receipts)."""

    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="issued_documents", db_index=False
    )
    kind = models.SlugField(_("kind"), max_length=40, db_index=False)
    number = models.CharField(_("number"), max_length=40)
    issued_at = models.DateTimeField(_("issued at"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    token = models.TextField(editable=False)
    # Revoked, or replaced by another: since when it is no longer valid, and why, in the words its holder was told.
    ended_at = models.DateTimeField(_("no longer valid since"), null=True, blank=True)
    ended_reason = models.TextField(_("reason"), blank=True, default="", db_default="")
    # The same by language; none of what ended before that was noted.
    ended_own_words = models.JSONField(null=True, blank=True, editable=False)
    replaced_by = models.ForeignKey(
        "self",
        verbose_name=_("replaced by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replaced",
        db_index=False,
    )
    # Who said that it should be; somebody else does it.
    ending_proposed_by = person(_("proposed by"), null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("issued document")
        verbose_name_plural = _("issued documents")
        # The newest first, which is the one in force.
        ordering = ["transaction_id", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "kind"],
                condition=Q(ended_at__isnull=True),
                name="one_document_in_force",
                violation_error_message=_("This document has already been issued."),
            ),
            models.UniqueConstraint(
                fields=["number"],
                name="document_numbers_never_repeat",
                violation_error_message=_("Another document already has this number."),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PaperContent(models.Model):
    """What a paper or a decision says, frozen when it was made, in both languages: it is drawn from here for ever.

    `content_hash` stands in the journal entry of the event too. `reconstructed` rows were made later, from what was
    known then, for papers issued before contents were kept: no entry holds their hash.
    """

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="paper_contents")
    event = models.ForeignKey(Event, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.OneToOneField(IssuedDocument, null=True, on_delete=models.PROTECT, related_name="content")
    what = models.SlugField(_("what"), max_length=40, db_index=False)
    answers_version = models.SmallIntegerField(_("version of the answers"))
    content = models.JSONField(_("content"))
    content_hash = models.CharField(_("hash of the content"), max_length=32)
    at = models.DateTimeField(_("at"))
    reconstructed = models.BooleanField(_("made later, from what was known at the time"), default=False)

    class Meta:
        verbose_name = _("content of a document")
        verbose_name_plural = _("contents of documents")
        ordering = ["transaction_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event"],
                name="a_paper_is_frozen_once",
                violation_error_message=_("The content of this document has already been stored."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.what}"


class Intake(models.Model):
    """A submission by its idempotency key: the same key and body give the same receipt, for ever."""

    by = person(_("by"), related_name="+", db_index=False)
    # Senders choose up to 100 characters, and we put before them where the key comes from ("api:").
    key = models.CharField(max_length=120)
    body_hash = models.CharField(max_length=64)
    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="intake")
    token = models.TextField()
    due_at = models.DateTimeField(_("due when received"))

    class Meta:
        verbose_name = _("intake")
        verbose_name_plural = _("intakes")
        constraints = [
            models.UniqueConstraint(
                fields=["by", "key"],
                name="a_key_is_used_once",
                violation_error_message=_("This key has already been used for another request."),
            )
        ]

    def __str__(self) -> str:
        return self.key
