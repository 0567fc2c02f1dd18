"""Take away files that no row speaks of: uploads cut off between disk and database."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from transactions.models import Attachment


class Command(BaseCommand):
    help = "Delete stored files older than a day that belong to no attachment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=int, default=86_400, help="seconds (default: one day)")

    def handle(self, *args: Any, older_than: int, **options: Any) -> None:
        root = Path(settings.MEDIA_ROOT)
        before = time.time() - older_than
        removed = 0
        for path in root.glob("??/*"):
            stored_as = str(path.relative_to(root))
            if path.stat().st_mtime < before and not Attachment.objects.filter(stored_as=stored_as).exists():
                path.unlink()
                removed += 1
        self.stdout.write(f"{removed} files removed")
