from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from journal import nodes, verifier


class Command(BaseCommand):
    help = "Write the stand-alone verifier: one HTML file that checks papers without a network, in both languages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("output", type=Path, help="the file to write, for example verifier.html")
        parser.add_argument("--verify-url", required=True, help="where the portal verifies: https://…/verify/")

    def handle(self, *args: Any, output: Path, verify_url: str, **options: Any) -> None:
        content = nodes.current()
        if content is None:
            raise CommandError("There is no node list here to put into it: see `manage.py node_list`.")
        output.write_text(verifier.build(content, verify_url), encoding="utf-8")
        self.stdout.write(f"{output}: key list version {content.version}, {len(content.chains)} chains")
