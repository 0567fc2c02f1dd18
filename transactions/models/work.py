"""Background work and messages: outbox, notices, failed attempts, heartbeats."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .authorisation_events import AuthorisationEvent
from .history import Event
from .incidents import IncidentNotice
from .requests import person


class NotificationQuerySet(models.QuerySet["Notification"]):
    def for_reading(self) -> NotificationQuerySet:
        """With all that is needed to put notices into words."""
        return self.select_related(
            "event__transaction",
            "event__office",
            "authorisation_event__authorisation",
            "authorisation_event__draft",
            "incident_notice",
        )


class Notification(models.Model):
    """Someone is told of an event of a transaction, of an authorisation before there is one, or of an incident. The row
    is the notice in the portal; words are made when it is shown or sent.
    """

    event = models.ForeignKey(Event, null=True, on_delete=models.PROTECT, related_name="notifications", db_index=False)
    # Without an index: an authorisation event is never deleted, and nobody asks for its notices.
    authorisation_event = models.ForeignKey(
        AuthorisationEvent,
        null=True,
        on_delete=models.PROTECT,
        related_name="notifications",
        db_index=False,
        db_column="dealing_id",
    )
    incident_notice = models.ForeignKey(
        IncidentNotice, null=True, on_delete=models.PROTECT, related_name="notifications", db_index=False
    )
    recipient = person(_("recipient"), related_name="notifications", db_index=False)
    # Of an incident: how many open requests of the recipient, or filed by their office, it touched when it was told.
    touched = models.PositiveIntegerField(_("requests touched"), null=True, blank=True)
    created_at = models.DateTimeField(_("at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["recipient", "-created_at", "-id"], name="my_notices")]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "recipient"],
                name="told_once",
                violation_error_message=_("This person has already been notified of this."),
            ),
            models.UniqueConstraint(
                fields=["incident_notice", "recipient"],
                condition=Q(incident_notice__isnull=False),
                name="told_of_an_incident_once",
                violation_error_message=_("This person has already been notified of this."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id or self.authorisation_event_id or self.incident_notice_id} → {self.recipient_id}"


class Delivery(models.Model):
    """A notice went out by one channel. The unique key is what makes sending happen once."""

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        EMAIL = "email", _("Email")
        POST = "post", _("Letter")

    notification = models.ForeignKey(Notification, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    sent_at = models.DateTimeField(_("sent at"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel"],
                name="sent_once",
                violation_error_message=_("This notice has already been sent by this channel."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.notification_id} {self.channel}"


class Handover(models.Model):
    """A delivery that a gateway took under an id of its own, and what its reports say so far (handovers.py)."""

    class State(models.TextChoices):
        HANDED_OVER = "", _("Handed over")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Not delivered")
        EXPIRED = "expired", _("Expired before it was delivered")
        UNKNOWN = "unknown", _("Not known to the gateway")

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="handover")
    gateway_id = models.CharField(max_length=80, db_index=True)
    state = models.CharField(_("state"), max_length=10, choices=State, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("message at the gateway")
        verbose_name_plural = _("messages at the gateway")

    def __str__(self) -> str:
        return f"{self.gateway_id} {self.state}"


class DeliveryReport(models.Model):
    """What the gateway said of a message. Written once; `key` is its own for the report, `message` its id of the
    message, or our key. Of what is not on record, `handover` is empty: a code, a notice that has been deleted, or one
    that is being sent just now and finds its reports by `message` (notifications/handovers.py).
    """

    key = models.CharField(
        max_length=100, unique=True, error_messages={"unique": _("This report is already recorded.")}
    )
    message = models.CharField(max_length=80, default="", db_default="")
    handover = models.ForeignKey(Handover, null=True, on_delete=models.CASCADE, related_name="reports")
    state = models.CharField(_("state"), max_length=10, choices=Handover.State)
    happened_at = models.DateTimeField(_("at"))
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("delivery report")
        verbose_name_plural = _("delivery reports")
        indexes = [
            models.Index(fields=["received_at"], name="reports_by_age"),
            models.Index(fields=["message"], name="reports_not_placed", condition=models.Q(handover__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"


class Outbox(models.Model):
    """A background job. The row is the queue of record; a Celery message only wakes a worker."""

    class State(models.TextChoices):
        OWED = "owed", _("Waiting")
        CLAIMED = "claimed", _("Running")
        DONE = "done", _("Done")
        DEAD = "dead", _("Failed permanently")

    kind = models.SlugField(_("kind"), max_length=20, db_index=False)
    subject = models.PositiveBigIntegerField(_("subject"))
    dedupe = models.CharField(max_length=80)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OWED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not to run before"))
    lease_until = models.DateTimeField(_("reserved until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    done_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["kind", "id"], name="outbox_waiting", condition=Q(state__in=["owed", "claimed"])),
            models.Index(fields=["kind"], name="outbox_dead", condition=Q(state="dead")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe"], name="work_is_owed_once", violation_error_message=_("This job is already queued.")
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class FailedAttempt(models.Model):
    """Failed attempts at the inquiry, counted per bucket (a reference, an address) and hour."""

    bucket = models.CharField(max_length=80)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "transactions_try"
        constraints = [
            models.UniqueConstraint(
                fields=["bucket", "hour"],
                name="one_count_an_hour",
                violation_error_message=_("The attempts of this hour are already being counted."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.bucket} {self.count}"


class Heartbeat(models.Model):
    """When a worker was last alive, and when each piece of the day's upkeep was last done."""

    name = models.SlugField(max_length=20, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
