"""`manage.py reconcile`: the daily reconciliation of the books at once, and what it found."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ...books.reconcile import reconcile


class Command(BaseCommand):
    help = "Reconcile the books now: receipts, journal, requests, registers, files, what is owed. Prints what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        figures = reconcile(timezone.now()).figures
        for node in figures["nodes"]:
            self.stdout.write("{node}: received {received}, difference {difference}".format(**node))
        for kind, count in figures["differences"].items():
            if count is None:
                self.stdout.write(f"{kind}: could not be asked")
            elif count["found"]:
                self.stdout.write("{}: {found} found, {explained} explained".format(kind, **count))
        self.stdout.write(f"done in {time.monotonic() - began:.1f} s")
