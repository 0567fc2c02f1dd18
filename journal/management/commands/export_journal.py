from typing import Any

from django.core.management.base import BaseCommand

from journal import export
from journal.verify import write


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Write the journal as JSON lines for journal/verify.py."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in export.lines():
            self.stdout.write(write(line))
