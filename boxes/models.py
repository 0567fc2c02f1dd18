"""The centre's rows about its boxes, and a box's own about what it delivers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from municipality.models import Office
from transactions.models import Transaction
from transactions.models.requests import person


class Box(models.Model):
    """An installation that takes requests at one office: its node letters are its own for ever."""

    class State(models.TextChoices):
        ACTIVE = "active", _("In use")
        ENDED = "ended", _("Ended")

    class End(models.TextChoices):
        LOST = "lost", _("Lost or stolen")
        RETIRED = "retired", _("Taken out of use")
        CLONED = "cloned", _("Copied: two machines sign as this box")

    node = models.CharField(_("box"), max_length=2, unique=True)
    letter = models.CharField(max_length=1, default="A")
    office = models.ForeignKey(Office, verbose_name=_("office"), on_delete=models.PROTECT, related_name="boxes")
    name = models.CharField(_("name"), max_length=60)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(_("created at"))
    created_by = person(_("proposed by"), null=True, related_name="+", db_index=False)
    confirmed_by = person(_("confirmed by"), null=True, related_name="+", db_index=False)
    # Empty until the enrolment file is made; the private halves are in that file alone.
    public_key = models.BinaryField(null=True)
    recipient = models.CharField(max_length=80, blank=True, default="")
    enrolled_at = models.DateTimeField(_("enrolment file made at"), null=True)
    # How far the chain of the box came here, entry by entry, and when its end arrived.
    head_seq = models.PositiveBigIntegerField(default=0)
    head_hash = models.BinaryField(null=True)
    head_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(_("last heard"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ended_by = person(_("ended by"), null=True, related_name="+", db_index=False)
    ended_why = models.CharField(_("reason"), max_length=10, choices=End, blank=True, default="")

    class Meta:
        verbose_name = _("office box")
        verbose_name_plural = _("office boxes")
        ordering = ["node"]
        constraints = [
            models.CheckConstraint(
                name="a_box_that_ended_says_when_and_why",
                condition=Q(state="active", ended_at__isnull=True, ended_why="")
                | (Q(state="ended", ended_at__isnull=False) & ~Q(ended_why="")),
                violation_error_message=_("A box that has ended must have the date and the reason."),
            )
        ]

    def __str__(self) -> str:
        return self.node


class Delivered(models.Model):
    """An entry of a box's journal as it arrived, and what became of it. Its signature was good, or it is not here."""

    class State(models.TextChoices):
        # Its files are on their way, or something before it is.
        INCOMPLETE = "incomplete", _("Waiting for the rest")
        ARRIVED = "arrived", pgettext_lazy("delivery", "Arrived")
        TAKEN = "taken", pgettext_lazy("delivery", "Accepted")
        QUARANTINED = "quarantined", _("In quarantine")
        REJECTED = "rejected", _("Not accepted")

    box = models.ForeignKey(
        Box, verbose_name=_("box"), on_delete=models.PROTECT, related_name="delivered", db_index=False
    )
    seq = models.PositiveBigIntegerField(pgettext_lazy("delivery", "entry"))
    hash = models.BinaryField()
    # Part of the one chain that is followed here; another at the same place is of a copy.
    in_chain = models.BooleanField(default=False)
    reference = models.CharField(_("number"), max_length=40, blank=True)
    document = models.TextField()
    arrived_at = models.DateTimeField(_("arrived"))
    by_stick = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.INCOMPLETE)
    reason = models.SlugField(_("reason"), max_length=20, blank=True, db_index=False)
    detail = models.TextField(blank=True)
    # What is otherwise on file of the person; nothing was changed there.
    known_otherwise = models.JSONField(default=dict)
    transaction = models.ForeignKey(Transaction, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    decided_by = person(_("decided by"), null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decision = models.TextField(_("reason given"), blank=True)

    class Meta:
        verbose_name = _("delivery of a box")
        verbose_name_plural = _("deliveries of boxes")
        ordering = ["-arrived_at", "-id"]
        indexes = [
            models.Index(fields=["box", "seq"], name="delivered_by_place"),
            models.Index(
                fields=["id"], name="delivered_quarantined", condition=Q(state__in=["quarantined", "incomplete"])
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["box", "hash"],
                name="an_entry_of_a_box_arrives_once",
                violation_error_message=_("This entry has already arrived."),
            ),
            models.UniqueConstraint(
                fields=["box", "seq"],
                condition=Q(in_chain=True),
                name="one_entry_at_each_place_of_a_chain",
                violation_error_message=_("Another entry already has this place in the chain."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.box_id}/{self.seq}"


class DeliveredFile(models.Model):
    """A sealed file that a delivered entry names; kept in the store until its request has it."""

    entry = models.ForeignKey(Delivered, on_delete=models.CASCADE, related_name="files")
    sha256 = models.CharField(max_length=64, db_index=True)
    bytes = models.PositiveBigIntegerField()
    arrived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "sha256"],
                name="a_file_of_an_entry_is_named_once",
                violation_error_message=_("This file is already named."),
            )
        ]

    def __str__(self) -> str:
        return self.sha256


class RefusedDelivery(models.Model):
    """What came in the name of a box and was not signed by it: counted by day, never kept."""

    day = models.DateField(_("day"))
    node = models.CharField(_("box"), max_length=2)
    why = models.CharField(_("reason"), max_length=100)
    many = models.PositiveIntegerField(_("times"), default=0)
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("refused delivery")
        verbose_name_plural = _("refused deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "node", "why"],
                name="refused_deliveries_are_counted",
                violation_error_message=_("These are counted already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.node} {self.day}"


class Outgoing(models.Model):
    """On a box: an entry of its journal, whether it lies on the second medium, and the centre's word that it has it."""

    seq = models.PositiveBigIntegerField(unique=True)
    hash = models.BinaryField()
    stored_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["seq"], name="outgoing_unconfirmed", condition=Q(confirmed_at=None))]

    def __str__(self) -> str:
        return str(self.seq)


class Word(models.Model):
    """On a box: the last signed word of each kind that it believed, and when."""

    kind = models.CharField(max_length=20, unique=True)
    body = models.JSONField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.kind


class Summary(models.Model):
    """On a box: what the centre said of a request there, without any name, as of the news it came with."""

    reference = models.CharField(max_length=24, unique=True)
    service = models.SlugField(max_length=40, db_index=False)
    status = models.CharField(max_length=24)
    stage = models.CharField(max_length=30)
    since = models.DateTimeField()
    due = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.reference
