"""What an owner and their engineering office do before there is a transaction."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Authorisation

from .requests import Draft, person


class AuthorisationEvent(models.Model):
    """One step between them. Written once, never changed; only a deleted draft is no longer named."""

    class Kind(models.TextChoices):
        AUTHORISED = "authorised", _("Authorisation given")
        ACCEPTED = "accepted", _("Authorisation accepted")
        DECLINED = "declined", _("Authorisation declined")
        REVOKED = "revoked", _("Authorisation revoked")
        SENT = "sent", _("Sent to the owner for approval")
        CHANGES = "changes", _("Changes requested by the owner")
        APPROVED = "approved", _("Approved by the owner")

    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    authorisation = models.ForeignKey(
        Authorisation, verbose_name=_("authorisation"), on_delete=models.PROTECT, related_name="events"
    )
    draft = models.ForeignKey(Draft, verbose_name=_("draft"), null=True, on_delete=models.SET_NULL, related_name="+")
    by = person(_("who"), related_name="+", db_index=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        db_table = "transactions_dealing"
        verbose_name = _("action with an owner")
        verbose_name_plural = _("actions with owners")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at"], name="dealings_lately")]

    def __str__(self) -> str:
        return f"{self.authorisation_id} {self.kind}"
