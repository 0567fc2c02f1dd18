"""Make an installation ready to serve: `manage.py prepare`. Every step is harmless the second time."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from journal import nodes
from permits.services import load_tariffs


class Command(BaseCommand):
    help = "Translations, fonts, static files, tables, reference data; with --demo, the demo city."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="build the demo city when there is none")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", help="where the demo is served")

    def handle(self, *args: Any, demo: bool, base_url: str, **options: Any) -> None:
        call_command("compile_translations")
        self._static_files()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("load_reference_data", stdout=self.stdout)
        load_tariffs()
        if demo:
            call_command("seed_demo", if_empty=True, base_url=base_url, stdout=self.stdout)
            nodes.publish_for_demo(timezone.now())

    def _static_files(self) -> None:
        """Collected anew only when one of them changed: compressing them takes seconds."""
        call_command("build_fonts", stdout=self.stdout)
        call_command("build_icons", stdout=self.stdout)
        digest = hashlib.sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
        for folder in map(Path, settings.STATICFILES_DIRS):
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest.hexdigest())
