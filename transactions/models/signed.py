"""What was issued, as files: signed once, kept under their hash, handed out unchanged ever after."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .papers import PaperContent
from .requests import Transaction


class SigningCertificate(models.Model):
    """A certificate that papers were signed with. It stays when its key is replaced: old papers are checked by it."""

    class EndedWhy(models.TextChoices):
        RETIRED = "retired", _("Retired: another key took its place")
        STOLEN = "stolen", _("Stolen: someone else may have its key")

    # SHA-256 of the certificate, hexadecimal; the journal entry of each paper names it.
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    # It and those above it, the issuer last.
    pem = models.TextField(_("certificates"))
    subject = models.CharField(_("subject"), max_length=255)
    not_before = models.DateTimeField(_("valid from"))
    not_after = models.DateTimeField(_("valid until"))
    # Made by ourselves for a demonstration; papers signed with it say so.
    is_demo = models.BooleanField(_("demonstration"), default=False)
    first_used_at = models.DateTimeField(_("first used at"))
    # Written by signed_papers/ending.py alone, and entered in the journal: when two administrators ended it, and from
    # when on it is not to be relied on, which is no later.
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_from = models.DateTimeField(_("from when"), null=True, blank=True)
    ended_why = models.CharField(
        _("why it ends"), max_length=10, choices=EndedWhy, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("signing certificate")
        verbose_name_plural = _("signing certificates")
        ordering = ["first_used_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                name="a_certificate_is_kept_once",
                violation_error_message=_("This certificate is already stored."),
            )
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_stolen(self) -> bool:
        return self.ended_why == self.EndedWhy.STOLEN


class SignedPaper(models.Model):
    """The PDF of a paper, made once from its frozen content. Rows and files are never changed."""

    # What whoever hands files out asks of each (views/files.py).
    content_type = "application/pdf"
    is_infected = False

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="signed_papers", db_index=False)
    content = models.OneToOneField(PaperContent, on_delete=models.PROTECT, related_name="signed")
    certificate = models.ForeignKey(SigningCertificate, on_delete=models.PROTECT, related_name="+", db_index=False)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    stored_as = models.CharField(max_length=60, editable=False)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("signed document")
        verbose_name_plural = _("signed documents")
        ordering = ["transaction_id", "id"]
        indexes = [models.Index(fields=["transaction"], name="signed_of_case")]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"],
                name="a_signed_paper_is_kept_once",
                violation_error_message=_("This file is already stored."),
            ),
            models.UniqueConstraint(
                fields=["stored_as"],
                name="a_signed_paper_has_its_file",
                violation_error_message=_("This file has already been stored."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.content} {self.sha256[:16]}"

    @property
    def handed_out_as(self) -> str:
        """Its file name: by the number of what was issued, or by the request and what it says of it."""
        document = self.content.document
        return f"{document.number if document else f'{self.transaction.reference}-{self.content.what}'}.pdf"
