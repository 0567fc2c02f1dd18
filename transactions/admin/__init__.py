"""The staff workbench: a site of its own at /staff/, a skin over the services."""

from ..models import BroughtReceipt, Difference, Reconciliation
from . import access_log, brought, certificates, closures, differences, feedback, incidents, ledger, registrations
from .site import staff_site

certificates.register(staff_site)
closures.register(staff_site)
feedback.register(staff_site)
incidents.register(staff_site)
ledger.register(staff_site)
registrations.register(staff_site)
access_log.register(staff_site)
staff_site.register(BroughtReceipt, brought.BroughtReceiptAdmin)
staff_site.register(Difference, differences.DifferenceAdmin)
staff_site.register(Reconciliation, differences.ReconciliationAdmin)

__all__ = ["staff_site"]
