"""Take in deliveries of office boxes from files, as the page for sticks does: manage.py take_deliveries FILE…"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ...centre import receiving


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--word", type=Path, help="write the centre's word here, to be carried back to the box")

    def handle(self, *args: Any, files: list[Path], word: Path | None, **options: Any) -> None:
        refused = 0
        for path in files:
            with path.open("rb") as stream:
                outcome = receiving.receive(stream, by_stick=True, now=timezone.now())
            self.stdout.write(f"{path.name}: {len(outcome.complete)} entries are here, {outcome.new} of them new")
            for why in outcome.refused:
                self.stderr.write(f"{path.name}: {why}")
            refused += len(outcome.refused)
            if word and (text := receiving.acknowledge(outcome, timezone.now())):
                word.write_text(text, encoding="ascii")
        if refused:
            raise CommandError(f"{refused} parts were not read; the lines above say why")
