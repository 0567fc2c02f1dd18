"""`manage.py flush`: Django's own; emptying a database gives no number, whatever state it is in."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

from journal import standing


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        with standing.without_write_check():
            super().handle(**options)
