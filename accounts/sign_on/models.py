"""What is stored of the national sign-on: one row a request, for a day after it is over."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SignOnRequest(models.Model):
    """One question to the provider whether somebody is at hand, bound to the browser that began it.

    `browser` is the hash of a secret in its session. `number` is what the person picks in the app. `name` is what the
    register says, once COMPLETED; `used_at` when the browser has gone on with it, which it does once.
    """

    class State(models.TextChoices):
        STARTING = "starting", _("Starting")
        WAITING = "waiting", _("Waiting for the app")
        COMPLETED = "completed", _("Confirmed in the app")
        REJECTED = "rejected", _("Rejected in the app")
        EXPIRED = "expired", _("Not answered in time")
        REFUSED = "refused", _("Answer not accepted")
        UNREACHABLE = "unreachable", _("No answer from the provider")
        ENDED = "ended", _("Ended")

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", _("Sign in")
        CONFIRM = "confirm", _("Confirm it is you")

    national_id = models.CharField(max_length=10, db_index=True)
    # Of a request to confirm: whoever is signed in already.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose)
    browser = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=45, blank=True)
    key = models.UUIDField(unique=True)
    transaction_id = models.CharField(max_length=100, blank=True)
    number = models.CharField(max_length=4, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.STARTING)
    # Why it did not end with COMPLETED, as a code.
    reason = models.CharField(max_length=30, blank=True)
    token_id = models.CharField(max_length=100, null=True, unique=True)  # noqa: DJ001 – none is unlike any
    name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # When the provider was last asked, and since when it has not answered.
    asked_at = models.DateTimeField(null=True)
    away_since = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transaction_id"],
                condition=models.Q(transaction_id__gt=""),
                name="one_sign_on_a_transaction",
                violation_error_message=_("The national sign-on gave this number twice."),
            ),
            models.CheckConstraint(
                name="sign_on_completed_by_a_token",
                condition=~models.Q(state="completed") | models.Q(token_id__isnull=False, answered_at__isnull=False),
                violation_error_message=_("A confirmed sign-on must have the token that confirmed it."),
            ),
        ]
        indexes = [models.Index(fields=["address", "created_at"], name="sign_ons_by_address")]

    def __str__(self) -> str:
        return f"{self.pk}"

    def is_open(self, now: datetime) -> bool:
        return self.state in (self.State.STARTING, self.State.WAITING) and now < self.expires_at
