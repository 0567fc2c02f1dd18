"""Compile locale/*/LC_MESSAGES/*.po without GNU gettext: `manage.py compile_translations`."""

from __future__ import annotations

from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Write the .mo file of every .po file that is newer than it."

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
                target = source.with_suffix(".mo")
                if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
                    temporary = target.with_suffix(".tmp")
                    polib.pofile(str(source)).save_as_mofile(str(temporary))
                    temporary.replace(target)
