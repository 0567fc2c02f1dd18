from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from continuity import runbook
from jeddah_portal import __version__


class Command(BaseCommand):
    help = "Write the runbook for people as an HTML file of two A4 sheets, to be printed and filled in by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("output", type=Path)
        parser.add_argument("--language", choices=runbook.LANGUAGES, default="ar")

    def handle(self, *args: Any, output: Path, language: str, **options: Any) -> None:
        output.write_text(runbook.build(language, timezone.localtime(), __version__), encoding="utf-8")
        self.stdout.write(f"{output}: print it on two sheets of A4, fill in names, keys and telephone numbers")
