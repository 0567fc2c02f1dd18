"""People, and for whom they may act."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import plausible
from core.text import compact, name_key, written_code
from municipality.models import Office

from .absent import Absence as Absence
from .assurance import Level
from .delegated import Delegation as Delegation
from .id_kinds import IdKind, kind_of
from .identity import validate_mobile, validate_national_id
from .imported import Import as Import
from .records import AccessRecord as AccessRecord
from .records import Act as Act
from .records import EmailChange as EmailChange
from .records import NameChange as NameChange
from .records import PhoneChange as PhoneChange
from .records import Program as Program
from .records import Proposal as Proposal
from .records import Scope as Scope
from .roles import DECIDING_ROLES as DECIDING_ROLES
from .roles import HELD_IN as HELD_IN
from .roles import NO_CASE_ROLES as NO_CASE_ROLES
from .roles import Role as Role
from .sign_on.models import SignOnRequest as SignOnRequest
from .signals import superuser_made
from .terms import MAX_TERM_YEARS
from .terms import Term as Term
from .terms import TermQuerySet as TermQuerySet

# What lies further off is a slip.
MAX_LICENCE_YEARS = 20


class Language(models.TextChoices):
    ARABIC = "ar", "العربية"
    ENGLISH = "en", "English"


class UserManager(BaseUserManager["User"]):
    def create_user(self, national_id: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(national_id=national_id, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, national_id: str, password: str | None = None, **fields: object) -> "User":
        """From the command line only: an administrator whom nobody confirmed, on record as one."""
        with transaction.atomic():
            user = self.create_user(national_id, password, is_staff=True, is_superuser=True, **fields)
            superuser_made.send(User, user=user)
        return user


# What the number of a person who was erased begins with.
ERASED = "E"


class User(AbstractBaseUser, PermissionsMixin):
    """A person or establishment, keyed by an ID of one of the kinds of `id_kinds`: a national ID most often."""

    national_id = models.CharField(
        _("national ID or iqama"),
        max_length=20,
        unique=True,
        validators=[validate_national_id],
        error_messages={"unique": _("This ID number already has an account.")},
    )
    full_name = models.CharField(_("full name"), max_length=150)
    # The name as it is looked up (core.text.name_key); kept by save().
    name_key = models.CharField(max_length=300, editable=False, default="", db_default="")
    phone = models.CharField(_("mobile"), max_length=16, validators=[validate_mobile])
    # The one in use: its owner confirmed it. One that was typed waits in EmailChange.
    email = models.EmailField(_("email"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ARABIC)
    sms_notices = models.BooleanField(_("notices by SMS"), default=True)
    email_notices = models.BooleanField(_("notices by email"), default=True)
    assurance = models.PositiveSmallIntegerField(
        _("identity"), choices=Level, default=Level.PHONE, db_default=Level.PHONE.value
    )
    # When a clerk last saw the original ID, or a trusted sign-on vouched for it; and the clerk.
    identity_verified_at = models.DateTimeField(_("identity verified at"), null=True, blank=True)
    identity_verified_by = models.ForeignKey(
        "self",
        verbose_name=_("original ID seen by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # After a restore neither the password nor the mobile that the backup knew opens the account alone (restored.py).
    to_renew = models.BooleanField(default=False, db_default=False, editable=False)
    # Somebody acts for them, or they for somebody, or once did: only of these are delegations asked for.
    has_delegations = models.BooleanField(default=False, db_default=False, editable=False)
    is_staff = models.BooleanField(_("works for the municipality"), default=False)
    is_active = models.BooleanField(_("account"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()
    USERNAME_FIELD = "national_id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name", "phone"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [models.Index(fields=["phone"], name="people_by_phone")]
        constraints = [
            models.CheckConstraint(
                name="identity_seen_has_its_date",
                condition=Q(assurance__lt=Level.COUNTER.value) | Q(identity_verified_at__isnull=False),
                violation_error_message=_("A verified identity must have the date it was verified."),
            ),
        ]

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.name_key = name_key(self.full_name)[:300]
        if update_fields is not None and "full_name" in update_fields:
            update_fields = {*update_fields, "name_key"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def is_erased(self) -> bool:
        """The row stays for what points to it, and tells of nobody who they were (services.personal_data)."""
        return self.national_id.startswith(ERASED)

    def __str__(self) -> str:
        return self.full_name

    @property
    def id_kind(self) -> IdKind:
        return kind_of(self.national_id)


class EngineeringOfficeQuerySet(models.QuerySet["EngineeringOffice"]):
    def practising(self, on: date) -> "EngineeringOfficeQuerySet":
        return self.filter(active=True, licence_expires_on__gte=on)


class EngineeringOffice(models.Model):
    licence_number = models.CharField(
        _("licence number"),
        max_length=20,
        unique=True,
        error_messages={"unique": _("Another office already has this licence number.")},
    )
    name_ar = models.CharField(_("Arabic name"), max_length=150)
    name_en = models.CharField(_("English name"), max_length=150)
    establishment_number = models.CharField(_("unified establishment number"), max_length=10, blank=True)
    licence_expires_on = models.DateField(_("licence expires on"))
    active = models.BooleanField(_("active"), default=True)
    history = HistoricalRecords()

    objects = EngineeringOfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("engineering office")
        verbose_name_plural = _("engineering offices")
        ordering = ["licence_number"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_en if get_language() == "en" else self.name_ar

    def clean(self) -> None:
        """ValidationError for a licence of another century, and for what is no unified number. What stands stays."""
        self.licence_number = written_code(self.licence_number).upper()
        self.establishment_number = compact(self.establishment_number)
        for name in plausible.changed_fields(self, "establishment_number", "licence_expires_on"):
            if name == "licence_expires_on" and self.licence_expires_on:
                plausible.validate_near(self.licence_expires_on, name, years=MAX_LICENCE_YEARS, ago=MAX_TERM_YEARS)
            elif self.establishment_number and not re.fullmatch("7[0-9]{9}", self.establishment_number):
                message = _("A unified number has ten digits and starts with 7.")
                raise ValidationError({"establishment_number": message})

    def may_practise(self, on: date) -> bool:
        return self.active and self.licence_expires_on >= on


class OfficeMembership(Term):
    class Role(models.TextChoices):
        MANAGER = "manager", _("Manager")
        ENGINEER = "engineer", _("Engineer")

    office = models.ForeignKey(
        EngineeringOffice, verbose_name=_("engineering office"), on_delete=models.PROTECT, related_name="memberships"
    )
    user = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.ENGINEER)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("office membership")
        verbose_name_plural = _("office memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["office", "user"],
                condition=Q(ends_on__isnull=True),
                name="one_current_membership",
                violation_error_message=_("This person is already a member of this office."),
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_begins",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message=_("The end date is before the start date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.office}"


class Authorisation(models.Model):
    """An owner's authorisation of one engineering office for one plot."""

    class Status(models.TextChoices):
        GIVEN = "given", _("Awaiting engineering office acceptance")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        REVOKED = "revoked", _("Revoked")

    owner = models.ForeignKey(User, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="authorisations")
    office = models.ForeignKey(
        EngineeringOffice, verbose_name=_("engineering office"), on_delete=models.PROTECT, related_name="authorisations"
    )
    plan_number = models.CharField(_("plan number"), max_length=30)
    parcel_number = models.CharField(_("parcel number"), max_length=30)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.GIVEN)
    given_at = models.DateTimeField(_("given at"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        ordering = ["-given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "office", "plan_number", "parcel_number"],
                condition=Q(status__in=["given", "accepted"]),
                name="one_live_authorisation_per_plot",
                violation_error_message=_("This office is already authorised for this plot."),
            ),
            models.CheckConstraint(
                name="authorisation_status_has_its_date",
                condition=Q(status="given", answered_at__isnull=True, revoked_at__isnull=True)
                | Q(status__in=["accepted", "declined"], answered_at__isnull=False, revoked_at__isnull=True)
                | Q(status="revoked", revoked_at__isnull=False),
                violation_error_message=_("An answered or revoked authorisation must have its date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} → {self.office} ({self.plan_number}/{self.parcel_number})"


class StaffPost(Term):
    """A person holds a role in an office from one day to another."""

    user = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.PROTECT, related_name="posts")
    office = models.ForeignKey(Office, verbose_name=_("office"), on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("staff post")
        verbose_name_plural = _("staff posts")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "office", "role"],
                condition=Q(ends_on__isnull=True),
                name="one_current_post",
                violation_error_message=_("This person already holds this post."),
            ),
            models.CheckConstraint(
                name="post_ends_after_it_begins",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message=_("The end date is before the start date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.get_role_display()} – {self.office}"

    def clean(self) -> None:
        """ValidationError for a role that offices of this kind do not have. Posts given before this rule stay."""
        super().clean()
        known = self._state.adding and self.office_id and self.role in Role.values
        if known and self.office.kind not in HELD_IN[Role(self.role)]:
            message = _("An office of this kind has no such role: %(role)s, in %(office)s.")
            raise ValidationError({"role": message % {"role": self.get_role_display(), "office": self.office.name}})


class OneTimeCode(models.Model):
    """A code sent by SMS to prove that a phone is at hand. Only its HMAC is kept; it opens one account once."""

    national_id = models.CharField(max_length=20, db_index=True)
    full_name = models.CharField(max_length=150)
    phone = models.CharField(max_length=16)
    # Where the code went instead, to whom no SMS is sent.
    email = models.EmailField(blank=True, db_default="")
    language = models.CharField(max_length=2, choices=Language)
    address = models.CharField(max_length=45, blank=True)
    code_hmac = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    # Whoever asked for it had typed the password of the account, and that was right.
    proved = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [models.Index(fields=["address", "created_at"], name="codes_by_address")]

    def __str__(self) -> str:
        return f"{self.pk}"
