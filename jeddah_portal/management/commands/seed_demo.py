"""Build the demo city through the services: `manage.py seed_demo`."""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Authorisation, User
from jeddah_portal.demo.city import City, noon
from jeddah_portal.demo.names import national_id
from jeddah_portal.demo.people import SIGN_IN, gather
from municipality.services import load_reference_data
from permits.services import load_tariffs
from transactions.domain import pins
from transactions.domain.workflow import STUDY, Status
from transactions.models import Transaction
from transactions.selectors import figures, open_figures


class Command(BaseCommand):
    help = "Build a demo city through the services; the same seed and day give the same city."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--transactions", type=int, default=settings.DEMO_TRANSACTIONS)
        parser.add_argument("--seed", type=int, default=1448)
        parser.add_argument("--today", type=date.fromisoformat, help="pretend this is the last day (default: today)")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are transactions already")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This makes accounts with a known password; it runs with DEMO=1 only.")
        if options["if_empty"] and Transaction.objects.exists():
            self._move_to(options["base_url"])
            return
        if Transaction.objects.exists():
            raise CommandError("There are transactions already; the demo city needs an empty database.")
        started = time.monotonic()
        # Fourteen months of work done, a line each, would bury what the newcomer is told at the end.
        logging.disable(logging.INFO)
        password = f"demo-{secrets.token_hex(4)}"
        now = noon(options["today"]) if options["today"] else timezone.now()
        try:
            made = self._build(Random(options["seed"]), password, options["transactions"], now)  # noqa: S311
        finally:
            logging.disable(logging.NOTSET)
        self._write(password, options["base_url"])
        self._report(made, time.monotonic() - started)

    def _build(self, chance: Random, password: str, count: int, now: datetime) -> int:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Waits for the disk once instead of thousands of times; a city lost to a power cut is built anew.
                cursor.execute("SET synchronous_commit = off")
        with transaction.atomic():
            load_reference_data()
            load_tariffs()
            people = gather(chance, password=password, crowd=max(30, count // 5), now=now)
        # A city's worth of people is played by a few.
        settings.QUOTA_REQUESTS = settings.QUOTA_DRAFTS = settings.QUOTA_UPLOAD_MB = 0
        # Nobody listens yet, and messages of past days are none of a gateway's business.
        settings.SMS_BACKEND = "accounts.sms.to_file"
        made = City(people, chance, now).play(count)
        # What the scheduled jobs would have published in those months.
        figures.store_past_days(now)
        while open_figures.store_past_months(now):
            pass
        return made

    def _write(self, password: str, base_url: str) -> None:
        """What a newcomer needs to sign in and look around."""
        accounts = {}
        for role, (number, kind, _name) in SIGN_IN.items():
            user = User.objects.get(national_id=national_id(number, **kind))
            accounts[role] = {"national_id": user.national_id, "name": user.full_name, "password": password}
        self._save({"base_url": base_url, "accounts": accounts, "samples": self._samples()})

    def _samples(self) -> dict[str, dict[str, str]]:
        """Three requests to look up; where a small city lacks one of these kinds, the newest of another status."""
        newest = Transaction.objects.order_by("-submitted_at", "-pk")
        samples: dict[str, Transaction] = {}
        for name, statuses in (("under_study", STUDY), ("returned", {Status.RETURNED}), ("issued", {Status.ISSUED})):
            if case := newest.filter(status__in=statuses).first():
                samples[name] = case
        for case in newest.exclude(status__in=[*STUDY, *samples])[:50]:
            if len(samples) < 3:
                samples.setdefault(case.status, case)
        return {
            name: {"reference": sample.reference, "pin": pins.derive_pin(sample.reference)}
            for name, sample in samples.items()
        }

    def _move_to(self, base_url: str) -> None:
        """The city is there already; only its address may have changed."""
        path = Path(settings.VAR) / "demo.json"
        if path.exists():
            self._save(json.loads(path.read_text(encoding="utf-8")) | {"base_url": base_url})

    def _save(self, content: dict[str, Any]) -> None:
        """Readable by us alone: it holds passwords."""
        handle = os.open(Path(settings.VAR) / "demo.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)

    def _report(self, made: int, seconds: float) -> None:
        by_service = Counter(Transaction.objects.values_list("service", flat=True))
        by_status = Counter(Transaction.objects.values_list("status", flat=True))
        live = Authorisation.objects.filter(status="accepted").count()
        self.stdout.write(f"{made} transactions in {seconds:.0f} s, {live} live authorisations")
        for title, counts in (("service", by_service), ("status", by_status)):
            self.stdout.write(f"  by {title}: " + ", ".join(f"{name} {n}" for name, n in counts.most_common()))
