"""Money in the staff admin: bills and the ledger to read, open items and refunds to settle, the bank's files."""

from __future__ import annotations

from core.admin.guarded import AdministeredSite

from ..models import Bill, LedgerEntry, OpenItem, Refund, Settlement
from .books import BillAdmin, LedgerAdmin, SettlementAdmin
from .settling import OpenItemAdmin, RefundAdmin


def register(site: AdministeredSite) -> None:
    site.register(OpenItem, OpenItemAdmin)
    site.register(Refund, RefundAdmin)
    site.register(LedgerEntry, LedgerAdmin)
    site.register(Bill, BillAdmin)
    site.register(Settlement, SettlementAdmin)
