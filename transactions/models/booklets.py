"""Booklets of numbered slips, on which a centre takes requests while no system works, and what became of each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Proposal
from municipality.models import Office

from .papers import Attachment
from .requests import Draft, Transaction, person


class Booklet(models.Model):
    """So many slips with numbers in a row. They were given with the printing and are never given again."""

    # `C1A` or, after a restore, `C1BKRTW`, as in the numbers.
    place = models.CharField(max_length=7)
    hijri_year = models.PositiveSmallIntegerField()
    first_serial = models.PositiveIntegerField(_("first number"))
    size = models.PositiveSmallIntegerField(_("slips"))
    office = models.ForeignKey(
        Office, verbose_name=_("centre"), on_delete=models.PROTECT, related_name="booklets", db_index=False
    )
    # The order of two administrators it came from; none where it was taken back on record.
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    printed_at = models.DateTimeField(_("printed at"))
    handed_at = models.DateTimeField(_("handed out at"), null=True)
    holder = person(_("handed to"), null=True, related_name="+", db_index=False)
    opened_at = models.DateTimeField(_("opened at"), null=True)

    class Meta:
        verbose_name = _("booklet")
        verbose_name_plural = _("booklets")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["office", "-id"], name="booklets_of_office")]
        constraints = [
            models.UniqueConstraint(
                fields=["place", "hijri_year", "first_serial"],
                name="a_booklet_is_printed_once",
                violation_error_message=_("A booklet with these numbers is on record already."),
            ),
            models.CheckConstraint(
                name="booklet_out_before_opened",
                condition=Q(opened_at=None) | Q(handed_at__isnull=False),
                violation_error_message=_("A booklet is handed out before it is opened."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}-{self.hijri_year}-{self.first_serial}"

    @property
    def last_serial(self) -> int:
        return self.first_serial + self.size - 1


class Slip(models.Model):
    """One slip. Its number is that of the request entered from it."""

    booklet = models.ForeignKey(Booklet, on_delete=models.PROTECT, related_name="slips", db_index=False)
    # From 1 on, as printed.
    index = models.PositiveSmallIntegerField(_("slip"))
    number = models.CharField(_("number"), max_length=24, unique=True)
    voided_at = models.DateTimeField(_("void since"), null=True)
    void_reason = models.TextField(_("why it is void"), blank=True, default="")
    revoked_at = models.DateTimeField(_("reported lost at"), null=True)
    # Reported lost, and here it is: somebody has to look at it, and say that it may be entered, or that it is void.
    held_at = models.DateTimeField(_("turned up at"), null=True)
    held_note = models.TextField(_("how it turned up"), blank=True, default="")
    released_at = models.DateTimeField(_("released at"), null=True)
    # What is being entered from it, and the time that stands on it where the request is to count from then.
    draft = models.OneToOneField(Draft, null=True, on_delete=models.SET_NULL, related_name="slip")
    written_at = models.DateTimeField(_("time on the slip"), null=True)
    scan = models.OneToOneField(Attachment, null=True, on_delete=models.SET_NULL, related_name="slip")
    asked_at = models.DateTimeField(_("second person asked at"), null=True)
    second_by = person(_("confirmed by"), null=True, related_name="+", db_index=False)
    second_at = models.DateTimeField(_("confirmed at"), null=True)
    transaction = models.OneToOneField(Transaction, null=True, on_delete=models.PROTECT, related_name="slip")
    entered_at = models.DateTimeField(_("entered at"), null=True)

    class Meta:
        verbose_name = _("slip")
        verbose_name_plural = _("slips")
        ordering = ["booklet", "index"]
        indexes = [
            models.Index(fields=["asked_at"], name="slips_for_second_person", condition=Q(asked_at__isnull=False))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["booklet", "index"],
                name="slips_are_numbered",
                violation_error_message=_("The booklet already has this slip."),
            ),
            models.CheckConstraint(
                name="a_slip_is_entered_or_void",
                condition=Q(transaction=None) | Q(voided_at=None),
                violation_error_message=_("A slip that was entered is not void."),
            ),
            models.CheckConstraint(
                name="a_void_slip_says_why",
                condition=Q(voided_at=None) | ~Q(void_reason=""),
                violation_error_message=_("Say why the slip is void."),
            ),
            models.CheckConstraint(
                name="an_entered_slip_has_its_time",
                condition=Q(transaction=None, entered_at=None) | Q(transaction__isnull=False, entered_at__isnull=False),
                violation_error_message=_("A slip that was entered has the time of it."),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class BookletEvent(models.Model):
    """What happened to a booklet or to one of its slips. Written once."""

    class What(models.TextChoices):
        PRINTED = "printed", _("Printed")
        FETCHED = "fetched", _("PDF downloaded")
        HANDED = "handed", _("Handed out")
        OPENED = "opened", _("Opened")
        ENTERED = "entered", _("Slip entered")
        SPOILT = "spoilt", _("Slip void")
        LOST = "lost", _("Reported lost")
        TURNED_UP = "turned_up", _("Lost slip turned up")
        RELEASED = "released", _("Lost slip released")
        TAKEN_BACK = "taken_back", _("Taken back on record")

    booklet = models.ForeignKey(Booklet, on_delete=models.PROTECT, related_name="events")
    slip = models.ForeignKey(Slip, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(_("what"), max_length=12, choices=What)
    at = models.DateTimeField(_("at"))
    by = person(_("by"), null=True, related_name="+", db_index=False)
    # The reason somebody gave, or who got it.
    words = models.TextField(_("reason"), blank=True, default="")

    class Meta:
        verbose_name = _("event of a booklet")
        verbose_name_plural = _("events of booklets")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.booklet_id} {self.what}"
