"""After a change of SECOND_FACTOR_KEYS: seal every second factor with the first key, so that the others can go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.sealed import reseal


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reseal()} second factors sealed anew")
