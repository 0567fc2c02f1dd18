"""`manage.py migrate`: Django's own; tables may be brought up to date in a database that may not be written yet."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from journal import standing


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with standing.without_write_check():
            super().handle(*args, **options)
