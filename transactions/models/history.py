"""What happened to a transaction, its numbers in the registers, what was asked of the applicant."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from .requests import Transaction, person

# What figures of past weeks are counted from (selectors/figures.py): a later move adds events and changes none.
IS_DECISION = Q(move__in=["approve", "reject"])
IS_ARRIVAL = Q(move__in=["refer", "route"])


class Event(models.Model):
    """One thing that happened to a transaction. Written once, never changed."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(_("at"))
    move = models.SlugField(_("what"), max_length=24, db_index=False)
    actor = person(_("who"), null=True, blank=True, related_name="+", db_index=False)
    actor_role = models.CharField(_("as"), max_length=20)
    from_status = models.CharField(_("from"), max_length=24, blank=True)
    to_status = models.CharField(_("to"), max_length=24)
    from_stage = models.CharField(max_length=30, blank=True)
    to_stage = models.CharField(max_length=30)
    office = models.ForeignKey(Office, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField(_("reason"), blank=True)
    rule = models.CharField(_("rule"), max_length=80, blank=True)
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["transaction_id", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "seq"],
                name="events_are_numbered",
                violation_error_message=_("Someone else acted on this case a moment ago."),
            )
        ]
        indexes = [
            models.Index(fields=["at"], name="decided_lately", condition=IS_DECISION),
            models.Index(fields=["at"], name="arrived_lately", condition=IS_ARRIVAL),
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id}/{self.seq} {self.move}"


class Direction(models.TextChoices):
    INCOMING = "in", _("Incoming")
    OUTGOING = "out", _("Outgoing")


class Register(models.Model):
    """The last number given in one register of one office and Hijri year. Its row is the lock."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="registers", db_index=False)
    direction = models.CharField(max_length=3, choices=Direction)
    hijri_year = models.PositiveSmallIntegerField()
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("register")
        verbose_name_plural = _("registers")
        constraints = [
            models.UniqueConstraint(
                fields=["office", "direction", "hijri_year"],
                name="one_register_a_year",
                violation_error_message=_("This office already has this register for the year."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.office_id}/{self.direction}/{self.hijri_year}"


class Movement(models.Model):
    """A transaction entered or left an office, under a number of that office and Hijri year."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="movements")
    office = models.ForeignKey(
        Office, verbose_name=_("office"), on_delete=models.PROTECT, related_name="movements", db_index=False
    )
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    hijri_year = models.PositiveSmallIntegerField(_("Hijri year"))
    number = models.PositiveIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    by = person(_("by"), null=True, blank=True, related_name="+", db_index=False)
    counterpart = models.ForeignKey(
        Office,
        verbose_name=_("from or to"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    recipient = models.CharField(_("body outside"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "direction", "hijri_year", "number"],
                name="register_numbers_never_repeat",
                violation_error_message=_("This number of the register has already been given."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.hijri_year}"


class DeficiencyQuerySet(models.QuerySet["Deficiency"]):
    def open(self) -> DeficiencyQuerySet:
        """What waits for an answer. A request withdrawn while it waited and taken up again leaves rounds behind that
        nobody answers any more: only the latest counts.
        """
        later = Deficiency.objects.filter(transaction=OuterRef("transaction"), round__gt=OuterRef("round"))
        return self.filter(~Exists(later), answered_at=None, withdrawn_at=None)


class Deficiency(models.Model):
    """One thing the applicant was asked to complete, and the answer to it. Rounds count returns."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="deficiencies")
    round = models.PositiveSmallIntegerField()
    code = models.SlugField(_("code"), max_length=30, db_index=False)
    sentence = models.TextField(_("what is asked"))
    # Where somebody wrote it themselves: by language, and `sentence` is that in the language of the request.
    own_words = models.JSONField(_("own words, by language"), null=True)
    about = models.CharField(_("document or question"), max_length=40, blank=True)
    # Every question and document it opens for change; rows from before there were versions have `about` alone.
    opens = models.JSONField(_("opens for change"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    # Taken back, because an objection to the return was upheld.
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    objects = DeficiencyQuerySet.as_manager()

    class Meta:
        verbose_name = _("deficiency")
        verbose_name_plural = _("deficiencies")
        ordering = ["round", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "round", "code"],
                name="asked_once_a_round",
                violation_error_message=_("This was already asked in the same return."),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def in_other_words(self) -> str:
        """What was written in the other language than the request's, if anything was."""
        return next((text for text in (self.own_words or {}).values() if text != self.sentence), "")

    @property
    def names(self) -> tuple[str, ...]:
        """The questions and documents it is about, which its answer may change."""
        if self.opens is not None:
            return tuple(self.opens)
        return (self.about,) if self.about else ()


class Serial(models.Model):
    """The last serial given under one node, incarnation and Hijri year. Its row is the lock."""

    node = models.CharField(max_length=2)
    incarnation = models.CharField(max_length=1)
    hijri_year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "incarnation", "hijri_year"],
                name="one_serial_a_year",
                violation_error_message=_("The numbers of this year are already being counted."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.node}{self.incarnation}-{self.hijri_year}"
