"""What an entry of the journal is to people, by its kind."""

from django.utils.translation import gettext_lazy as _

KINDS = {
    "received": _("Receipt of a request"),
    "decided": _("Decision on a request"),
    "issued": _("Issued document"),
    "revoked": _("Revocation or replacement of a document"),
    "signed": _("Signed PDF of a document"),
    "paid": _("Payment"),
    "answered": _("Answer to a return"),
    "objection": _("Decision on an objection"),
    "slip": _("Slip of a paper booklet"),
    "reconciled": _("Daily reconciliation of the books"),
}
