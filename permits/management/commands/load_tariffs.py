from typing import Any

from django.core.management.base import BaseCommand

from permits.services import load_tariffs


class Command(BaseCommand):
    help = "Enter the seed tariffs where none is entered yet."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{load_tariffs()} tariffs created")
