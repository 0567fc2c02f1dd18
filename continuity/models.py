"""What the vault has acknowledged, and what still waits for it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from journal.models import Chain, Entry


class Reached(models.Model):
    """How far the vault has a chain of the journal, with everything that was committed before. One row a chain."""

    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="reached")
    seq = models.PositiveBigIntegerField(default=0, db_default=0)
    at = models.DateTimeField(null=True)
    # Receipts wait for the vault no more, until a worker finds it quick again.
    rests = models.BooleanField(default=False, db_default=False)
    slow = models.PositiveSmallIntegerField(default=0, db_default=0)
    # The last head the vault has co-signed: it follows from all heads before it.
    cosigned_seq = models.PositiveBigIntegerField(default=0, db_default=0)
    cosigned_at = models.DateTimeField(null=True)
    cosignature = models.BinaryField(null=True)
    # Why the vault refused a head; it contradicts what it had seen.
    refused = models.TextField(blank=True, default="", db_default="")

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}"


class KeptFile(models.Model):
    """The vault holds what has this SHA-256, sealed, and signed that it does."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    sealed_as = models.CharField(max_length=64)
    at = models.DateTimeField()
    signature = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256


class Unconfirmed(models.Model):
    """A promise that was not confirmed within minutes. Whoever holds it is told when that took more than an hour."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="unconfirmed")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], name="promises_waiting", condition=models.Q(confirmed_at=None))]

    def __str__(self) -> str:
        return f"{self.entry_id}"


class Walked(models.Model):
    """Up to this entry of a chain each was confirmed, or has its row in Unconfirmed."""

    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="walked")
    seq = models.PositiveBigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}"
