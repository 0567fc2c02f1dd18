"""The lists of rows of the workbench."""

from __future__ import annotations

from core.admin.guarded import AdministeredSite

from ..models import BroughtReceipt, Difference, Reconciliation
from . import access_log, brought, certificates, closures, differences, feedback, incidents, ledger, registrations


def register(site: AdministeredSite) -> None:
    """Every list, in the order in which the site shows them."""
    certificates.register(site)
    closures.register(site)
    feedback.register(site)
    incidents.register(site)
    ledger.register(site)
    registrations.register(site)
    access_log.register(site)
    site.register(BroughtReceipt, brought.BroughtReceiptAdmin)
    site.register(Difference, differences.DifferenceAdmin)
    site.register(Reconciliation, differences.ReconciliationAdmin)
