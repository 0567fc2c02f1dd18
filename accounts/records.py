"""What is kept of power over people: proposals for a second administrator, who looked, what was changed of whom."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.text import isolated
from municipality.models import Office


def new_salt() -> str:
    return secrets.token_hex(16)


class Proposal(models.Model):
    """One administrator proposes what gives somebody power; another confirms or refuses it before it ends."""

    class Kind(models.TextChoices):
        POST = "post", _("Assign a post")
        TERM = "term", _("Extend a post")
        PHONE = "phone", _("Change a staff member's mobile")
        SECOND_FACTOR = "second_factor", _("Remove a staff member's two-step verification")
        ACCOUNT = "account", _("Reopen a staff member's closed account")
        INCIDENT = "incident", _("Announce something about an incident")
        GATE = "gate", _("Open a gate further")
        CERTIFICATE = "certificate", _("End a signing certificate")
        PEOPLE = "people", _("Add people and their posts")
        LEND = "lend", _("Lend a person to another office")
        BOX = "box", _("Enrol an office box")
        CHECKLIST = "checklist", _("Change a point of a checklist")
        BOOKLETS = "booklets", _("Print paper booklets")

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second administrator")
        CONFIRMED = "confirmed", _("Confirmed and carried out")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        LAPSED = "lapsed", _("Expired without an answer")
        FORCED = "forced", _("Carried out from the command line, without a second administrator")

    kind = models.CharField(_("what is proposed"), max_length=20, choices=Kind)
    # Whom it is about; nobody where another room proposed it, which keeps all it needs in `facts`.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        on_delete=models.PROTECT,
        related_name="proposals",
    )
    facts = models.JSONField(null=True)
    post = models.ForeignKey("accounts.StaffPost", null=True, on_delete=models.PROTECT, related_name="proposals")
    office = models.ForeignKey(
        Office, verbose_name=_("office"), null=True, on_delete=models.PROTECT, related_name="proposals"
    )
    role = models.CharField(_("role"), max_length=20, blank=True)
    starts_on = models.DateField(_("from"), null=True)
    ends_on = models.DateField(_("to"), null=True)
    phone = models.CharField(_("new mobile"), max_length=16, blank=True)
    reason = models.TextField(_("reason"))
    # None: proposed from the command line, where nobody is signed in.
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("proposed by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    expires_at = models.DateTimeField(_("can be answered until"))
    outcome = models.CharField(_("state"), max_length=10, choices=Outcome, default=Outcome.WAITING)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("answered by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answer_reason = models.TextField(_("reason given with the answer"), blank=True)
    # The same thing proposed twice is one proposal.
    same = models.CharField(max_length=120)
    # Journal entries name people only by a mark made with this.
    salt = models.CharField(max_length=32, default=new_salt)

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["same"],
                condition=Q(outcome="waiting"),
                name="proposed_once",
                violation_error_message=_("This has already been proposed and is waiting for a second administrator."),
            ),
            models.CheckConstraint(
                name="confirmed_by_a_second_person",
                condition=~Q(outcome="confirmed")
                | (
                    Q(answered_by__isnull=False, proposed_by__isnull=False)
                    & ~Q(answered_by=F("proposed_by"))
                    & ~Q(answered_by=F("person"))
                ),
                violation_error_message=_("Whoever proposed this cannot confirm it as well."),
            ),
            models.CheckConstraint(
                name="proposal_answered_has_its_date",
                condition=Q(outcome="waiting", answered_at__isnull=True)
                | (~Q(outcome="waiting") & Q(answered_at__isnull=False)),
                violation_error_message=_(
                    "An answered proposal must have the date of its answer, and a waiting one must not."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} – {isolated(self.person.full_name) if self.person else self.pk}"

    def is_pending(self, now: datetime) -> bool:
        return self.outcome == self.Outcome.WAITING and now < self.expires_at


class Scope(models.TextChoices):
    """What a token lets a program do. Nothing else of what its owner may."""

    READ = "read", _("View requests, files and their status")
    SEND = "send", _("Send files and requests, and answer returns")
    MOVE = "move", _("Withdraw requests and take other steps on the owner's behalf")


class Program(models.Model):
    """What is known of a token of the API: whom it was made for, what it lets them do, when it was last used."""

    token = models.OneToOneField("knox.AuthToken", on_delete=models.CASCADE, related_name="program")
    name = models.CharField(_("name of the program"), max_length=60, blank=True)
    scopes = models.CharField(max_length=60, default=",".join(Scope.values))
    last_used_on = models.DateField(_("last used"), null=True)

    class Meta:
        verbose_name = _("token of a program")
        verbose_name_plural = _("tokens of programs")

    def __str__(self) -> str:
        return self.name or f"{self.pk}"

    @property
    def granted_scopes(self) -> list[Scope]:
        return [Scope(scope) for scope in self.scopes.split(",") if scope in Scope.values]


class Act(models.TextChoices):
    """What is kept of who did what: looking, getting in, and power over others."""

    READ_CASE = "read_case", _("Viewed a case")
    READ_FILE = "read_file", _("Opened a file")
    READ_PERSON = "read_person", _("Viewed a person")
    SEARCH = "search", _("Searched")
    READ_LIST = "read_list", _("Viewed a list")
    INQUIRY = "inquiry", _("Inquired by number")
    INQUIRY_REFUSED = "inquiry_refused", _("Inquired by number, without success")
    EXPORT = "export", _("Exported data")
    READ_LOG = "read_log", _("Viewed this log")
    SIGN_IN = "sign_in", _("Signed in")
    SIGN_OUT = "sign_out", _("Signed out")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    LOCKED_OUT = "locked_out", _("Too many attempts")
    IDENTITY_VERIFIED = "identity_verified", _("Verified by national sign-on")
    STEPPED_UP = "stepped_up", _("Confirmed who they are again")
    FACTOR_USED = "factor_used", _("Passed two-step verification")
    FACTOR_FAILED = "factor_failed", _("Wrong verification code")
    FACTOR_ADDED = "factor_added", _("Turned on two-step verification")
    FACTOR_REMOVED = "factor_removed", _("Two-step verification removed")
    PASSWORD_SET = "password_set", _("Set a password")
    TOKEN_MADE = "token_made", _("Created a token for a program")
    TOKEN_ENDED = "token_ended", _("Ended a token")
    PHONE_CHANGED = "phone_changed", _("Mobile changed")
    POST_GIVEN = "post_given", _("Post assigned")
    POST_ENDED = "post_ended", _("Post ended")
    PROPOSED = "power_proposed", _("Proposed to a second administrator")
    CONFIRMED = "power_confirmed", _("Confirmed as the second administrator")
    REFUSED = "power_refused", _("Refused or withdrew a proposal")
    FORCED = "power_forced", _("Carried out from the command line")
    DELEGATED = "delegated", _("Recorded a delegation")
    DELEGATION_ENDED = "delegation_ended", _("Ended a delegation")
    ERASED = "erased", _("Erased a person's data")
    ABSENCE_ENTERED = "absence_entered", _("Entered an absence")
    ABSENCE_ENDED = "absence_ended", _("Ended an absence")
    IMPORTED = "imported", _("Imported a list")
    BOX_ENROLLED = "box_enrolled", _("Made the enrolment file of an office box")
    BOX_ENDED = "box_ended", _("Ended an office box")
    BOX_DECIDED = "box_decided", _("Decided on a delivery in quarantine")


# What /metrics counts and somebody may have to be woken for; the others are kept and looked up.
SECURITY = frozenset(Act) - {
    Act.READ_CASE,
    Act.READ_FILE,
    Act.READ_PERSON,
    Act.SEARCH,
    Act.READ_LIST,
    Act.INQUIRY,
    Act.READ_LOG,
    Act.SIGN_OUT,
    Act.ABSENCE_ENTERED,
    Act.ABSENCE_ENDED,
}


class AccessRecord(models.Model):
    """Who did or looked at what, when, from where and why. Written once; the database refuses to change it, and to
    delete it before it is a year old."""

    at = models.DateTimeField(_("when"))
    act = models.CharField(_("what"), max_length=20, choices=Act)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    # The reference of a case, the key of a file, what was searched for; never a secret.
    subject = models.CharField(_("about"), max_length=80, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("data subject"), null=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    office = models.ForeignKey(
        Office, verbose_name=_("for the office"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    why = models.CharField(_("why"), max_length=200, blank=True)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("access record")
        verbose_name_plural = _("access log")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at"], name="access_by_time"),
            models.Index(fields=["subject", "at"], name="access_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} – {self.subject or self.pk}"


class EmailChange(models.Model):
    """An address that was typed waits, while `closed_at` is empty, for its owner to confirm it (emails.py)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="emails_asked")
    email = models.EmailField()
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # Where the address opens the account and somebody else typed another: who is told, and the end of the hold.
    old = models.EmailField(blank=True, default="", db_default="")
    opens_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_emailasked"
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(closed_at=None),
                name="one_address_waits",
                violation_error_message=_("This person already has an address waiting for confirmation."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class PhoneChange(models.Model):
    """The mobile of somebody we know was changed; the old one is told, in case it was not them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="phone_changes")
    old = models.CharField(max_length=16)
    new = models.CharField(max_length=16)
    changed_at = models.DateTimeField()
    # From when the new one may set the password; at once where two administrators agreed.
    opens_at = models.DateTimeField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    def __str__(self) -> str:
        return f"{self.pk}"


class NameChange(models.Model):
    """The name of somebody we know was put right; the mobile on file then is told, in case it was not them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="name_changes")
    old = models.CharField(max_length=150)
    new = models.CharField(max_length=150)
    phone = models.CharField(max_length=16, blank=True)
    changed_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.pk}"
