"""A request: being written, and under its number for life."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from accounts.models import Authorisation, Language
from municipality.models import District, Office

from ..domain import service_types
from ..domain.deadlines import IS_OPEN, Deadline, is_overdue, overdue
from ..domain.workflow import CLOCK_STOPPED, CLOSED, DECIDED_FOR, OPEN, Status

if TYPE_CHECKING:
    from accounts.models import User


class Channel(models.TextChoices):
    ONLINE = "online", _("Online")
    COUNTER = "counter", _("At a counter")
    API = "api", _("Through the API")
    PAPER = "paper", _("On a paper slip")


# Where a clerk takes the request of somebody whose ID was seen.
AT_COUNTER = (Channel.COUNTER, Channel.PAPER)


def person(verbose_name: Any, **kwargs: Any) -> models.ForeignKey[User, User]:
    return models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=verbose_name, on_delete=models.PROTECT, **kwargs)


class DraftQuerySet(models.QuerySet["Draft"]):
    def unsent(self) -> DraftQuerySet:
        return self.filter(UNSENT)

    def for_owner(self) -> DraftQuerySet:
        """What waits for the owner's approval first, then what was last touched."""
        return self._rows().order_by(_first(Q(stage=Draft.Stage.AWAITING_OWNER)), "-updated_at", "-pk")

    def for_office(self) -> DraftQuerySet:
        """What the owner gave back first, what waits for the owner last."""
        given_back = _first(~Q(owner_note=""))
        return self._rows().order_by(given_back, _first(Q(stage=Draft.Stage.OPEN)), "-updated_at", "-pk")

    def _rows(self) -> DraftQuerySet:
        """With what a line of a list shows."""
        return self.select_related("applicant", "authorisation__office").prefetch_related("attachments")


def _first(condition: Q) -> Case:
    return Case(When(condition, then=0), default=1)


class Draft(models.Model):
    """A request being written. It has no number; answers are kept as typed, so that nothing typed is lost."""

    class Stage(models.TextChoices):
        OPEN = "open", _("Draft")
        AWAITING_OWNER = "awaiting_owner", _("Awaiting owner approval")
        SUBMITTED = "submitted", _("Submitted")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    service = models.SlugField(_("service"), max_length=40, db_index=False)
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
    # The refused or withdrawn request whose answers and files it began with.
    repeats = models.ForeignKey(
        "Transaction", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # At a counter: what the clerk asked the visitor about and will change of them together with the request,
    # {field: {"from": …, "to": …}}; null where no original ID was seen.
    visitor_changes = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("started at"))
    updated_at = models.DateTimeField(_("last saved at"))

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return f"{self.service} {self.key}"

    @property
    def service_type(self) -> service_types.ServiceType:
        return service_types.get(self.service)


UNSENT = Q(stage__in=[Draft.Stage.AWAITING_OWNER.value, Draft.Stage.OPEN.value])


def stamp(version: int, due: datetime | None) -> str:
    return f"{version}-{int(due.timestamp()) if due else 0}"


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def open(self) -> TransactionQuerySet:
        return self.filter(IS_OPEN)

    def overdue(self, now: datetime, deadline: Deadline = Deadline.WHOLE) -> TransactionQuerySet:
        """Those that are late (deadlines.py says what that is)."""
        return self.filter(overdue(now, deadline))

    def for_pages(self) -> TransactionQuerySet:
        """With what every page about a transaction shows, so that rows cost no further query."""
        return self.select_related(
            "applicant", "district", "branch", "centre", "held_by", "assignee", "authorisation__office", "fee"
        )


class Transaction(models.Model):
    """A request under one number for life. `answers` are what the service's form accepted, in canonical form: the
    version in force, `answers_version`, of those in AnswersVersion.

    While the clock is stopped (`paused_at`) there is no due date. `version` counts events: it is the number of
    the last one, and a page that acts says which version it showed.
    """

    reference = models.CharField(_("transaction number"), max_length=24, editable=False)
    service = models.SlugField(_("service"), max_length=40, db_index=False)
    status = models.CharField(_("status"), max_length=24, choices=Status, default=Status.SUBMITTED)
    stage = models.CharField(_("stage"), max_length=30)
    version = models.PositiveIntegerField(default=1)
    applicant = person(_("applicant"), related_name="transactions", db_index=False)
    authorisation = models.ForeignKey(
        Authorisation,
        verbose_name=_("authorisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    taken_by = person(_("taken by"), null=True, blank=True, related_name="+", db_index=False)
    taken_at = models.ForeignKey(
        Office,
        verbose_name=_("taken at"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ARABIC)
    answers = models.JSONField(_("answers"))
    answers_version = models.SmallIntegerField(_("version of the answers"), default=1, db_default=1)
    mark_salt = models.CharField(max_length=32, editable=False)
    # How often its owner has renewed the PIN, and when last: only the newest counts.
    pin_serial = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    pin_renewed_at = models.DateTimeField(null=True, blank=True, editable=False)

    district = models.ForeignKey(
        District, verbose_name=_("district"), null=True, blank=True, on_delete=models.PROTECT, db_index=False
    )
    branch = models.ForeignKey(
        Office,
        verbose_name=_("deciding office"),
        null=True,
        on_delete=models.PROTECT,
        related_name="branch_cases",
        db_index=False,
    )
    centre = models.ForeignKey(
        Office,
        verbose_name=_("service centre"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="centre_cases",
        db_index=False,
    )
    held_by = models.ForeignKey(
        Office,
        verbose_name=_("held by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="held_cases",
        db_index=False,
    )
    assignee = person(_("assigned to"), null=True, blank=True, related_name="assigned_cases", db_index=False)

    submitted_at = models.DateTimeField(_("submitted"))
    stage_started_at = models.DateTimeField(_("in this stage since"))
    paused_at = models.DateTimeField(_("clock stopped at"), null=True, blank=True)
    paused_days = models.PositiveIntegerField(_("working days stopped"), default=0)
    stage_paused_days = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    stage_due_at = models.DateTimeField(_("stage due"), null=True, blank=True)
    # Since when a declared incident, with whatever else stopped it before, keeps its clock stopped.
    halted_at = models.DateTimeField(_("clock stopped by an incident since"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    rejected_at = models.DateTimeField(_("rejected at"), null=True, blank=True)
    decision_reason = models.TextField(_("reason for the decision"), blank=True)
    # The same by language; none of what was decided before that was noted.
    decision_own_words = models.JSONField(null=True, blank=True, editable=False)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    filed_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    # Since when an objection or a complaint of its applicant waits for an answer (models.Objection).
    objected_at = models.DateTimeField(_("objection waiting since"), null=True, blank=True, editable=False)
    # Since when answers to a return wait for somebody to act on them.
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True, editable=False)

    objects = TransactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        ordering = ["-submitted_at"]
        indexes = [
            # For the one search (search.py): by what stands in the answers, without columns that could fall behind.
            models.Index(KT("answers__deed_number"), name="by_deed"),
            models.Index(KT("answers__plan_number"), KT("answers__parcel_number"), name="by_plot"),
            models.Index(KT("answers__parcel_number"), name="by_parcel"),
            models.Index(fields=["-submitted_at", "-id"], name="newest_first"),
            models.Index(fields=["applicant", "-submitted_at"], name="my_requests"),
            # What is looked at again and again is open, and open files are few however large the archive grows.
            models.Index(fields=["held_by", "stage_due_at"], name="queue_by_due", condition=IS_OPEN),
            models.Index(fields=["branch", "due_at"], name="branch_late", condition=IS_OPEN),
            models.Index(fields=["centre"], name="centre_load", condition=IS_OPEN),
            models.Index(fields=["assignee"], name="my_files", condition=IS_OPEN & Q(assignee__isnull=False)),
            models.Index(fields=["authorisation"], name="of_office", condition=Q(authorisation__isnull=False)),
            models.Index(
                fields=["authorisation"], name="open_of_office", condition=IS_OPEN & Q(authorisation__isnull=False)
            ),
            models.Index(fields=["taken_by", "-submitted_at"], name="at_counter", condition=Q(taken_by__isnull=False)),
            models.Index(fields=["approved_at"], name="approved_lately", condition=Q(approved_at__isnull=False)),
            models.Index(fields=["rejected_at"], name="rejected_lately", condition=Q(rejected_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                name="a_reference_is_given_once",
                violation_error_message=_("Another request already has this number."),
            ),
            models.CheckConstraint(
                name="status_is_known",
                condition=Q(status__in=[status.value for status in Status]),
                violation_error_message=_("A request must have one of the states of its lifecycle."),
            ),
            models.CheckConstraint(
                name="routed_unless_submitted",
                condition=Q(status__in=["submitted", "withdrawn", "filed"])
                | Q(branch__isnull=False, held_by__isnull=False),
                violation_error_message=_("A request past its submission must be with an office."),
            ),
            models.CheckConstraint(
                name="approved_has_its_date",
                condition=~Q(status__in=sorted(DECIDED_FOR)) | Q(approved_at__isnull=False),
                violation_error_message=_("An approved request must have the date of its approval."),
            ),
            models.CheckConstraint(
                name="rejected_has_date_and_reason",
                condition=~Q(status="rejected") | (Q(rejected_at__isnull=False) & ~Q(decision_reason="")),
                violation_error_message=_("A refused request must have the date and the reason of its refusal."),
            ),
            models.CheckConstraint(
                name="issued_has_its_date",
                condition=~Q(status__in=["issued", "completed"]) | Q(issued_at__isnull=False),
                violation_error_message=_("An issued request must have the date of its issue."),
            ),
            models.CheckConstraint(
                name="withdrawn_has_its_date",
                condition=~Q(status="withdrawn") | Q(withdrawn_at__isnull=False),
                violation_error_message=_("A withdrawn request must have the date of its withdrawal."),
            ),
            models.CheckConstraint(
                name="filed_has_its_date",
                condition=~Q(status="filed") | Q(filed_at__isnull=False),
                violation_error_message=_("An archived request must have the date it was archived."),
            ),
            models.CheckConstraint(
                name="clock_stands_still_while_waiting_for_applicant",
                condition=Q(status__in=sorted(CLOCK_STOPPED), paused_at__isnull=False, due_at__isnull=True)
                | (~Q(status__in=sorted(CLOCK_STOPPED)) & Q(paused_at__isnull=True)),
                violation_error_message=_("The clock is paused only while a request is waiting for its applicant."),
            ),
            models.CheckConstraint(
                name="closed_has_its_date",
                condition=Q(status__in=sorted(CLOSED), closed_at__isnull=False)
                | (~Q(status__in=sorted(CLOSED)) & Q(closed_at__isnull=True)),
                violation_error_message=_(
                    "A closed request must have the date it was closed, and an open one must not."
                ),
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

    @property
    def outcome(self) -> Status | None:
        """How a closed request ended, also once it is filed; None while it is open."""
        if self.status != Status.FILED:
            return None if self.is_open else Status(self.status)
        if self.withdrawn_at:
            return Status.WITHDRAWN
        if self.rejected_at:
            return Status.REJECTED
        return Status.COMPLETED if self.service_type.output.recipient else Status.ISSUED

    def is_late(self, now: datetime, deadline: Deadline = Deadline.WHOLE) -> bool:
        return is_overdue(self.status, getattr(self, deadline), now)

    @property
    def stamp(self) -> str:
        """What a page that was shown before compares: it changes with every event and with the due date."""
        return stamp(self.version, self.due_at)
