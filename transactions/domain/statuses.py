"""The states of a request, and what they have in common. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(TextChoices):
    SUBMITTED = "submitted", pgettext_lazy("status", "Submitted")
    INCOMING = "incoming", _("Incoming, awaiting registration")
    UNDER_ADMIN_AUDIT = "under_admin_audit", _("Under administrative audit")
    UNDER_STUDY = "under_study", _("Under study")
    UNDER_TECH_AUDIT = "under_tech_audit", _("Under technical audit")
    AWAITING_SUPERVISOR = "awaiting_supervisor", _("Awaiting supervisor approval")
    RETURNED = "returned", _("Returned for completion")
    AWAITING_PAYMENT = "awaiting_payment", _("Awaiting payment")
    APPROVED = "approved", _("Approved")
    ISSUED = "issued", _("Issued")
    COMPLETED = "completed", _("Completed")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Cancelled by applicant")
    FILED = "filed", _("Closed and archived")


STUDY = frozenset({Status.UNDER_ADMIN_AUDIT, Status.UNDER_STUDY, Status.UNDER_TECH_AUDIT})
IN_HAND = STUDY | {Status.INCOMING, Status.AWAITING_SUPERVISOR, Status.APPROVED}
# The file waits for the applicant, so the clock of the municipality stands still.
CLOCK_STOPPED = frozenset({Status.RETURNED, Status.AWAITING_PAYMENT})
# What waits for the decision of the municipality.
UNDECIDED = (IN_HAND - {Status.APPROVED}) | {Status.SUBMITTED}
OPEN = IN_HAND | CLOCK_STOPPED | {Status.SUBMITTED}
CLOSED = frozenset(Status) - OPEN
DECIDED_FOR = frozenset({Status.AWAITING_PAYMENT, Status.APPROVED, Status.ISSUED, Status.COMPLETED})
