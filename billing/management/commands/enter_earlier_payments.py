from typing import Any

from django.core.management import BaseCommand

from billing.earlier import enter_earlier_payments
from billing.models import LedgerEntry
from transactions.models import FeeDue


class Command(BaseCommand):
    help = "Enter in the ledger what an earlier version recorded as paid while this one was put in its place."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{enter_earlier_payments(FeeDue, LedgerEntry)} payments entered in the ledger")
