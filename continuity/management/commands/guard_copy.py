"""`manage.py guard_copy`: at the second site, keep the late copy from applying what wiped the centre."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from continuity import second_site
from core.db import replica

EVERY_SECONDS = 2.0


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = (
        "At the second site: look at the hot copy every two seconds; when it lost what is only ever added to, stop the "
        "late copy where it is. Ends only when it is ended."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look twice, with two seconds between, and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if not settings.SECOND_SITE or replica.ALIAS not in settings.DATABASES:
            raise CommandError("this is for the second site: SECOND_SITE=1, DATABASE_URL and REPLICA_DATABASE_URL")
        counts, reported = second_site.look({})
        while True:
            time.sleep(EVERY_SECONDS)
            counts, lost = second_site.look(counts)
            if lost and second_site.stop_applying(lost) and lost != reported:
                reported = lost
                self.stderr.write(f"stopped at {second_site.applied_until()}: {lost}")
                self.stderr.write("the way back: manage.py rebuild --before, or promote (docs/operations.md)")
            if once:
                return
