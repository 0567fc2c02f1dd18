"""Who asked to be told of every incident, without an account: an address, and what was sent to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from .incidents import IncidentNotice


class StatusSubscription(models.Model):
    """An address somebody typed on the status page. Nothing but one link goes there before its owner has confirmed it;
    ending a subscription deletes the row.
    """

    email = models.EmailField(_("email"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    requested_at = models.DateTimeField(_("requested at"))
    links_sent = models.PositiveSmallIntegerField(_("confirmation links sent"), default=1)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("status subscription")
        verbose_name_plural = _("status subscriptions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_subscription_an_address",
                violation_error_message=_("This address is already subscribed."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class StatusMessage(models.Model):
    """A notice of an incident to one subscriber: owed from the moment the row is there, sent once."""

    subscription = models.ForeignKey(
        StatusSubscription, verbose_name=_("status subscription"), on_delete=models.CASCADE
    )
    notice = models.ForeignKey(
        IncidentNotice, verbose_name=_("incident notice"), on_delete=models.PROTECT, related_name="to_subscribers"
    )
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message to a subscriber")
        verbose_name_plural = _("messages to subscribers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "notice"],
                name="one_message_a_subscriber",
                violation_error_message=_("This subscriber has already been notified of this."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
