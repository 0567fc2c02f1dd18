"""Write what the centre does not have yet into files of a folder (a stick): manage.py office_stick FOLDER [--all]"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from ...office import outgoing, state


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--all", action="store_true", help="what the centre has confirmed too, after a loss there")

    def handle(self, *args: Any, folder: Path, all: bool, **options: Any) -> None:
        stamp, node = f"{timezone.localtime():%Y%m%d-%H%M%S}", state.enrolled()["node"]
        parts = outgoing.parts(all_there_are=all)
        for number, part in enumerate(parts, start=1):
            path = folder / f"box-{node}-{stamp}-{number}.delivery"
            with path.open("xb") as out:
                outgoing.write_part(part, out)
            self.stdout.write(f"{path.name}: {len(part)} entries")
        if not parts:
            self.stdout.write("nothing was taken here yet" if all else "the centre has everything that was taken here")
