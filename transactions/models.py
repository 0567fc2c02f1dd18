"""A transaction and everything that hangs on it. Only transactions.services writes these tables."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Authorisation, Language
from municipality.models import District, Office

from . import service_types
from .workflow import CLOCK_STOPPED, CLOSED, DECIDED_FOR, OPEN, Status

if TYPE_CHECKING:
    from accounts.models import User


class Channel(models.TextChoices):
    ONLINE = "online", _("Online")
    COUNTER = "counter", _("At a counter")
    API = "api", _("Through the API")


def person(verbose_name: Any, **kwargs: Any) -> models.ForeignKey[User, User]:
    return models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=verbose_name, on_delete=models.PROTECT, **kwargs)


class Draft(models.Model):
    """A request being written. It has no number; answers are kept as typed, so that nothing typed is lost."""

    class Stage(models.TextChoices):
        OPEN = "open", _("Draft")
        AWAITING_OWNER = "awaiting_owner", _("Awaiting owner approval")
        SUBMITTED = "submitted", _("Submitted")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    service = models.SlugField(_("service"), max_length=40)
    applicant = person(_("applicant"), related_name="drafts")
    created_by = person(_("written by"), related_name="+")
    authorisation = models.ForeignKey(
        Authorisation, verbose_name=_("authorisation"), null=True, blank=True, on_delete=models.PROTECT
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.ONLINE)
    centre = models.ForeignKey(
        Office, verbose_name=_("taken at"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answers = models.JSONField(default=dict)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage, default=Stage.OPEN)
    owner_note = models.TextField(_("owner's note"), blank=True)
    created_at = models.DateTimeField(_("begun at"))
    updated_at = models.DateTimeField(_("last saved at"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return f"{self.service} {self.key}"

    @property
    def service_type(self) -> service_types.ServiceType:
        return service_types.get(self.service)


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def open(self) -> TransactionQuerySet:
        return self.filter(status__in=OPEN)

    def late(self, now: datetime) -> TransactionQuerySet:
        """Open, its clock running, and the whole due date gone by."""
        return self.filter(status__in=OPEN, due_at__lt=now)

    def stage_late(self, now: datetime) -> TransactionQuerySet:
        return self.filter(status__in=OPEN, stage_due_at__lt=now)

    def for_pages(self) -> TransactionQuerySet:
        """With what every page about a transaction shows, so that rows cost no further query."""
        return self.select_related(
            "applicant", "district", "branch", "centre", "held_by", "assignee", "authorisation__office", "fee"
        )


class Transaction(models.Model):
    """A request under one number for life. `answers` are what the service's form accepted, in canonical form.

    While the clock is stopped (`paused_at`) there is no due date. `version` counts events: it is the number of
    the last one, and a page that acts says which version it showed.
    """

    reference = models.CharField(_("transaction number"), max_length=24, unique=True, editable=False)
    service = models.SlugField(_("service"), max_length=40)
    status = models.CharField(_("status"), max_length=24, choices=Status, default=Status.SUBMITTED)
    stage = models.CharField(_("stage"), max_length=30)
    version = models.PositiveIntegerField(default=1)
    applicant = person(_("applicant"), related_name="transactions")
    authorisation = models.ForeignKey(
        Authorisation, verbose_name=_("authorisation"), null=True, blank=True, on_delete=models.PROTECT
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    taken_by = person(_("taken by"), null=True, blank=True, related_name="+")
    taken_at = models.ForeignKey(
        Office, verbose_name=_("taken at"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ARABIC)
    answers = models.JSONField(_("answers"))
    mark_salt = models.CharField(max_length=32, editable=False)

    district = models.ForeignKey(District, verbose_name=_("district"), null=True, blank=True, on_delete=models.PROTECT)
    branch = models.ForeignKey(
        Office,
        verbose_name=_("deciding office"),
        null=True,
        on_delete=models.PROTECT,
        related_name="branch_cases",
    )
    centre = models.ForeignKey(
        Office,
        verbose_name=_("service centre"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="centre_cases",
    )
    held_by = models.ForeignKey(
        Office, verbose_name=_("held by"), null=True, on_delete=models.PROTECT, related_name="held_cases"
    )
    assignee = person(_("assigned to"), null=True, blank=True, related_name="assigned_cases")

    submitted_at = models.DateTimeField(_("submitted"))
    stage_started_at = models.DateTimeField(_("in this stage since"))
    paused_at = models.DateTimeField(_("clock stopped at"), null=True, blank=True)
    paused_days = models.PositiveIntegerField(_("working days stopped"), default=0)
    stage_paused_days = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    stage_due_at = models.DateTimeField(_("stage due"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    rejected_at = models.DateTimeField(_("rejected at"), null=True, blank=True)
    decision_reason = models.TextField(_("reason of the decision"), blank=True)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    filed_at = models.DateTimeField(_("filed at"), null=True, blank=True)

    objects = TransactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        ordering = ["-submitted_at"]
        indexes = [
            models.Index(fields=["held_by", "status", "stage_due_at"], name="queue_by_due"),
            models.Index(fields=["applicant", "-submitted_at"], name="my_requests"),
            models.Index(fields=["centre", "status"], name="centre_load"),
            models.Index(fields=["branch", "status", "due_at"], name="branch_late"),
            models.Index(fields=["assignee", "status"], name="my_files"),
        ]
        constraints = [
            models.CheckConstraint(
                name="status_is_known",
                condition=Q(status__in=[status.value for status in Status]),
            ),
            models.CheckConstraint(
                name="routed_unless_submitted",
                condition=Q(status__in=["submitted", "withdrawn", "filed"])
                | Q(branch__isnull=False, held_by__isnull=False),
            ),
            models.CheckConstraint(
                name="approved_has_its_date",
                condition=~Q(status__in=sorted(DECIDED_FOR)) | Q(approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="rejected_has_date_and_reason",
                condition=~Q(status="rejected") | (Q(rejected_at__isnull=False) & ~Q(decision_reason="")),
            ),
            models.CheckConstraint(
                name="issued_has_its_date",
                condition=~Q(status__in=["issued", "completed"]) | Q(issued_at__isnull=False),
            ),
            models.CheckConstraint(
                name="withdrawn_has_its_date",
                condition=~Q(status="withdrawn") | Q(withdrawn_at__isnull=False),
            ),
            models.CheckConstraint(name="filed_has_its_date", condition=~Q(status="filed") | Q(filed_at__isnull=False)),
            models.CheckConstraint(
                name="clock_stands_still_while_waiting_for_applicant",
                condition=Q(status__in=sorted(CLOCK_STOPPED), paused_at__isnull=False, due_at__isnull=True)
                | (~Q(status__in=sorted(CLOCK_STOPPED)) & Q(paused_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="closed_has_its_date",
                condition=Q(status__in=sorted(CLOSED), closed_at__isnull=False)
                | (~Q(status__in=sorted(CLOSED)) & Q(closed_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def service_type(self) -> service_types.ServiceType:
        return service_types.get(self.service)

    @property
    def current_stage(self) -> service_types.Stage:
        return self.service_type.stage(self.stage)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def is_late(self, now: datetime) -> bool:
        return self.is_open and self.due_at is not None and self.due_at < now

    def is_stage_late(self, now: datetime) -> bool:
        return self.is_open and self.stage_due_at is not None and self.stage_due_at < now


class Event(models.Model):
    """One thing that happened to a transaction. Written once, never changed."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(_("at"))
    move = models.SlugField(_("what"), max_length=24)
    actor = person(_("who"), null=True, blank=True, related_name="+")
    actor_role = models.CharField(_("as"), max_length=20)
    from_status = models.CharField(_("from"), max_length=24, blank=True)
    to_status = models.CharField(_("to"), max_length=24)
    from_stage = models.CharField(max_length=30, blank=True)
    to_stage = models.CharField(max_length=30)
    office = models.ForeignKey(Office, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"), blank=True)
    rule = models.CharField(_("rule"), max_length=80, blank=True)
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["transaction_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["transaction", "seq"], name="events_are_numbered")]

    def __str__(self) -> str:
        return f"{self.transaction_id}/{self.seq} {self.move}"


class Direction(models.TextChoices):
    INCOMING = "in", _("Incoming")
    OUTGOING = "out", _("Outgoing")


class Register(models.Model):
    """The last number given in one register of one office and Hijri year. Its row is the lock."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="registers")
    direction = models.CharField(max_length=3, choices=Direction)
    hijri_year = models.PositiveSmallIntegerField()
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("register")
        verbose_name_plural = _("registers")
        constraints = [
            models.UniqueConstraint(fields=["office", "direction", "hijri_year"], name="one_register_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.office_id}/{self.direction}/{self.hijri_year}"


class Movement(models.Model):
    """A transaction entered or left an office, under a number of that office and Hijri year."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="movements")
    office = models.ForeignKey(Office, verbose_name=_("office"), on_delete=models.PROTECT, related_name="movements")
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    hijri_year = models.PositiveSmallIntegerField(_("Hijri year"))
    number = models.PositiveIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    by = person(_("by"), null=True, blank=True, related_name="+")
    counterpart = models.ForeignKey(
        Office,
        verbose_name=_("from or to"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    recipient = models.CharField(_("body outside"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "direction", "hijri_year", "number"], name="register_numbers_never_repeat"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.hijri_year}"


class Deficiency(models.Model):
    """One thing the applicant was asked to complete, and the answer to it. Rounds count returns."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="deficiencies")
    round = models.PositiveSmallIntegerField()
    code = models.SlugField(_("code"), max_length=30)
    sentence = models.TextField(_("what is asked"))
    about = models.CharField(_("document or question"), max_length=40, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("deficiency")
        verbose_name_plural = _("deficiencies")
        ordering = ["round", "id"]

    def __str__(self) -> str:
        return self.code


class Attachment(models.Model):
    """A file, stored under a name of ours. It belongs to nobody's case until a draft or transaction takes it."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draft = models.ForeignKey(Draft, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments")
    transaction = models.ForeignKey(
        Transaction, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments"
    )
    deficiency = models.ForeignKey(
        Deficiency, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments"
    )
    document = models.SlugField(_("document"), max_length=40)
    original_name = models.CharField(_("file name"), max_length=255)
    content_type = models.CharField(_("type"), max_length=60)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    stored_as = models.CharField(max_length=60, unique=True, editable=False)
    uploaded_by = person(_("uploaded by"), related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["document", "id"]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_image(self) -> bool:
        return self.content_type in service_types.PHOTO

    @property
    def has_preview(self) -> bool:
        return self.is_image or self.content_type == "application/pdf"


class FeeDue(models.Model):
    """What the applicant owes for a transaction, how it was worked out, and that it was paid. SAR."""

    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="fee")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    basis = models.JSONField(_("how it was worked out"))
    worked_out_at = models.DateTimeField(_("worked out at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    payment_reference = models.CharField(_("payment reference"), max_length=40, blank=True)
    recorded_by = person(_("recorded by"), null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("fee")
        verbose_name_plural = _("fees")
        constraints = [
            models.CheckConstraint(
                name="paid_fee_has_its_reference",
                condition=Q(paid_at__isnull=True) | ~Q(payment_reference=""),
            ),
            models.UniqueConstraint(
                fields=["payment_reference"],
                condition=~Q(payment_reference=""),
                name="a_payment_is_recorded_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} SAR"


class IssuedDocument(models.Model):
    """A permit, minutes or letter that was issued; `token` is what its QR carries (journal.receipts)."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="issued_documents")
    kind = models.SlugField(_("kind"), max_length=40)
    number = models.CharField(_("number"), max_length=40, unique=True)
    issued_at = models.DateTimeField(_("issued at"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    token = models.TextField(editable=False)

    class Meta:
        verbose_name = _("issued document")
        verbose_name_plural = _("issued documents")
        constraints = [models.UniqueConstraint(fields=["transaction", "kind"], name="a_document_is_issued_once")]

    def __str__(self) -> str:
        return self.number


class Intake(models.Model):
    """A submission by its idempotency key: the same key and body give the same receipt, for ever."""

    by = person(_("by"), related_name="+")
    key = models.CharField(max_length=100)
    body_hash = models.CharField(max_length=64)
    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="intake")
    token = models.TextField()
    due_at = models.DateTimeField(_("due when received"))

    class Meta:
        verbose_name = _("intake")
        verbose_name_plural = _("intakes")
        constraints = [models.UniqueConstraint(fields=["by", "key"], name="a_key_is_used_once")]

    def __str__(self) -> str:
        return self.key


class Serial(models.Model):
    """The last serial given under one node, incarnation and Hijri year. Its row is the lock."""

    node = models.CharField(max_length=2)
    incarnation = models.CharField(max_length=1)
    hijri_year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "incarnation", "hijri_year"], name="one_serial_a_year")]

    def __str__(self) -> str:
        return f"{self.node}{self.incarnation}-{self.hijri_year}"


class Notification(models.Model):
    """Someone is told of an event. The row is the notice in the portal; words are made when it is shown or sent."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="notifications")
    recipient = person(_("recipient"), related_name="notifications")
    created_at = models.DateTimeField(_("at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["event", "recipient"], name="told_once")]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.recipient_id}"


class Delivery(models.Model):
    """A notice went out by one channel. The unique key is what makes sending happen once."""

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        EMAIL = "email", _("E-mail")

    notification = models.ForeignKey(Notification, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    sent_at = models.DateTimeField(_("sent at"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["notification", "channel"], name="sent_once")]

    def __str__(self) -> str:
        return f"{self.notification_id} {self.channel}"


class Outbox(models.Model):
    """Work owed. The row is the queue of record; a Celery message is only a doorbell."""

    class State(models.TextChoices):
        OWED = "owed", _("Owed")
        CLAIMED = "claimed", _("Being done")
        DONE = "done", _("Done")
        DEAD = "dead", _("Failed for good")

    kind = models.SlugField(_("kind"), max_length=20)
    subject = models.PositiveBigIntegerField(_("subject"))
    dedupe = models.CharField(max_length=80, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OWED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"))
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    created_at = models.DateTimeField(_("owed since"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("work owed")
        verbose_name_plural = _("work owed")
        ordering = ["id"]
        indexes = [models.Index(fields=["not_before"], name="outbox_due", condition=Q(state__in=["owed", "claimed"]))]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Try(models.Model):
    """Wrong tries at the inquiry, counted per bucket (a reference, an address) and hour."""

    bucket = models.CharField(max_length=80)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bucket", "hour"], name="one_count_an_hour")]

    def __str__(self) -> str:
        return f"{self.bucket} {self.count}"


class Heartbeat(models.Model):
    """When a worker or the beat was last alive."""

    name = models.SlugField(max_length=20, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


def incoming_number_of(office: Office, number: int, hijri_year: int) -> models.QuerySet[Movement]:
    """The movement people mean by "incoming number N of office O in year Y"."""
    return Movement.objects.filter(
        office=office, direction=Direction.INCOMING, number=number, hijri_year=hijri_year
    ).annotate(reference=F("transaction__reference"))
