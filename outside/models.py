"""What was asked of bodies outside, every message of theirs, and every exchange with them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from transactions.domain import service_types
from transactions.domain.outside import Referral as Declared
from transactions.models import Transaction
from transactions.models.requests import person


class State(models.TextChoices):
    """How far a body has a matter; each stands for what is known, and never for what is hoped."""

    WAITING = "waiting", _("Not sent yet")
    SENT = "sent", _("Sent, not acknowledged")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    CONCLUDED = "concluded", _("Concluded")


class Referral(models.Model):
    """A request before an outside body. What is known of it follows from its messages (progress.py), whatever order
    they came in; the columns repeat that for lists. `key` is the same however often it is sent.
    """

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="referrals", db_index=False)
    code = models.SlugField(_("matter"), max_length=20, db_index=False)
    body = models.SlugField(_("body"), max_length=20, db_index=False)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("due to be sent since"))
    # As it was first sent, but for the person: who that is stands with the request alone. Empty until then.
    content = models.JSONField(null=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    # The body answered that it will not take it as it is; it goes by letter.
    rejected = models.TextField(_("not taken"), blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    sent_at = models.DateTimeField(_("sent"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    number = models.CharField(_("number of the body"), max_length=60, blank=True)
    outcome = models.SlugField(_("outcome"), max_length=20, blank=True, db_index=False)
    reason = models.TextField(_("reason"), blank=True)
    given = models.JSONField(default=list)
    concluded_at = models.DateTimeField(_("concluded"), null=True)

    class Meta:
        verbose_name = _("matter before a body")
        verbose_name_plural = _("matters before outside bodies")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "code"],
                name="referred_once",
                violation_error_message=_("This has already been referred to the body."),
            ),
            models.CheckConstraint(
                name="concluded_has_its_outcome",
                condition=Q(state="concluded", concluded_at__isnull=False) & ~Q(outcome="")
                | ~Q(state="concluded") & Q(concluded_at__isnull=True, outcome=""),
                violation_error_message=_("A concluded matter has its outcome and its day."),
            ),
        ]
        indexes = [
            models.Index(fields=["body", "created_at"], name="before_a_body", condition=~Q(state="concluded")),
            models.Index(fields=["-created_at", "-id"], name="referred_lately"),
        ]

    def __str__(self) -> str:
        return f"{self.transaction} {self.code}"

    @property
    def declared(self) -> Declared | None:
        """What the catalogue says of it; None once it no longer does."""
        return service_types.get(self.transaction.service).referral(self.code)


class Channel(models.TextChoices):
    """By which way we know."""

    ANSWER = "answer", _("Its answer when it was asked")
    WEBHOOK = "webhook", _("Its own message")
    LIST = "list", _("A list it sent")
    PAPER = "paper", _("Paper, entered by an employee")


class BodyMessage(models.Model):
    """Something a body said, or that was sent to it. Written once, never changed: a correction is another message.

    `kind` is "sent", "acknowledged" or an outcome of the referral. `referral` is empty for what fits none (`about` is
    what it named). `key` is the body's own for this message, and makes its second coming harmless.
    """

    body = models.SlugField(_("body"), max_length=20, db_index=False)
    key = models.CharField(max_length=100)
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="messages")
    about = models.CharField(_("about"), max_length=60)
    kind = models.SlugField(_("what"), max_length=20, db_index=False)
    number = models.CharField(_("number of the body"), max_length=60, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    given = models.JSONField(default=list)
    happened_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"))
    channel = models.CharField(_("by"), max_length=10, choices=Channel)
    by = person(_("entered by"), null=True, blank=True, related_name="+", db_index=False)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("message of a body")
        verbose_name_plural = _("messages of bodies")
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["body", "key"],
                name="a_message_counts_once",
                violation_error_message=_("This message has already been recorded."),
            )
        ]
        indexes = [
            models.Index(fields=["-received_at"], name="fits_no_referral", condition=Q(referral__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.body} {self.kind} {self.about}"


class Exchange(models.Model):
    """One exchange with a body over HTTP (core/outside_http.py): sizes and hashes, no content."""

    at = models.DateTimeField(_("at"))
    body = models.SlugField(_("body"), max_length=20, db_index=False)
    what = models.CharField(_("what"), max_length=40)
    method = models.CharField(_("method"), max_length=8)
    address = models.CharField(_("address"), max_length=300)
    key = models.CharField(_("deduplication key"), max_length=100, blank=True)
    outcome = models.SlugField(_("outcome"), max_length=20, db_index=False)
    status = models.PositiveSmallIntegerField(_("status code"), null=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    sent_bytes = models.PositiveIntegerField(_("bytes of the question"))
    sent_sha256 = models.CharField(_("SHA-256 of the question"), max_length=64, blank=True)
    answer_bytes = models.PositiveIntegerField(_("bytes of the answer"))
    answer_sha256 = models.CharField(_("SHA-256 of the answer"), max_length=64, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("exchange")
        verbose_name_plural = _("exchanges")
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="exchanges_by_age")]

    def __str__(self) -> str:
        return f"{self.body} {self.what} {self.outcome}"


class Contact(models.Model):
    """When a body last answered, and when and how it last failed: one row a body, written at most every few seconds."""

    body = models.SlugField(max_length=20, unique=True)
    answered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.SlugField(max_length=20, blank=True, db_index=False)

    def __str__(self) -> str:
        return self.body
