from typing import Any

from django.core.management.base import BaseCommand, CommandError

from journal import check


class Command(BaseCommand):
    # It says itself what is wrong, also in a database that may not be written.
    requires_system_checks: list[str] = []
    help = "Check the journal in the database against its keys, its witness and the rows it speaks of; fails by name."

    def handle(self, *args: Any, **options: Any) -> None:
        if wrong := check.book(say=self.stdout.write):
            raise CommandError("; ".join(wrong[:20]) + (f"; and {len(wrong) - 20} more" if len(wrong) > 20 else ""))
