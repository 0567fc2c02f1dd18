"""Bring locale/*/LC_MESSAGES/django.po up to the texts of the code: `manage.py translations`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import makemessages


class Command(makemessages.Command):
    help = "Add new texts, drop unused ones, list what is not translated. Needs GNU gettext. Guesses nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--check", action="store_true", help="write nothing; fail when anything is not translated")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        self.only_check, self.problems = check, list[str]()
        options |= {
            "locale": [folder.name for folder in Path(settings.LOCALE_PATHS[0]).iterdir() if folder.is_dir()],
            "ignore_patterns": [".venv", "var", "tests"],
            "no_location": True,
            "verbosity": 0,
        }
        super().handle(*args, **options)
        if self.problems:
            raise CommandError("\n".join(self.problems))

    def write_po_file(self, potfile: str, locale: str) -> None:
        """Instead of msgmerge: exact matches only, in the order of the code, one line a text."""
        path = Path(settings.LOCALE_PATHS[0]) / locale / "LC_MESSAGES" / "django.po"
        po = polib.pofile(str(path), wrapwidth=0)
        known = {(entry.msgctxt, entry.msgid): entry for entry in po if not entry.obsolete}
        used = polib.POFile(wrapwidth=0)
        used.metadata, used.header = po.metadata, po.header
        for message in polib.pofile(potfile):
            entry = known.get((message.msgctxt, message.msgid)) or polib.POEntry(
                msgid=message.msgid, msgid_plural=message.msgid_plural, msgctxt=message.msgctxt
            )
            if not entry.translated():
                self.problems.append(f"{locale}: not translated: {entry.msgid}")
            used.append(entry)
        unused = set(known) - {(entry.msgctxt, entry.msgid) for entry in used}
        if self.only_check:
            self.problems += [f"{locale}: no longer used: {msgid}" for _context, msgid in sorted(unused, key=str)]
        else:
            used.save(str(path))
