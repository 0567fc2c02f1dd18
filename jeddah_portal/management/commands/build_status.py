"""Write the status site (jeddah_portal/status_site) into a folder or a bucket (s3://…, as ATTACHMENTS_URL); whoever
serves it needs nothing of ours.

build_status --to PLACE [--probes FILE]
build_status --to PLACE --from notice.json    with no database: a notice written by hand (docs/operations.md)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ...status_site import document as documents
from ...status_site import pages
from ...status_site.places import Place, find_place


class Command(BaseCommand):
    help = __doc__
    # It has to work with no database at all.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, help="the folder or bucket that is served")
        parser.add_argument("--from", dest="notice", type=Path, help="a notice written by hand")
        parser.add_argument("--probes", type=Path, help="what bin/probe wrote, from outside")

    def handle(self, *args: Any, to: str, notice: Path | None, probes: Path | None, **options: Any) -> None:
        now, place = timezone.now(), find_place(to)
        if notice is not None:
            made = self._by_hand(notice, place)
        else:
            made = documents.from_database(now, documents.read_probes(probes))
        try:
            made = documents.signed(made)
        except (ImproperlyConfigured, OSError) as error:
            if notice is None:
                raise CommandError(str(error)) from error
            self.stderr.write("no key here: the page says that it is not signed")
        try:
            pages.write(made, place)
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{len(made['components'])} components, {len(made['incidents'])} incidents, newer by {made['newer_by']}"
        )

    def _by_hand(self, notice: Path, place: Place) -> dict[str, Any]:
        try:
            content = json.loads(notice.read_text(encoding="utf-8"))
            return documents.from_notice(content, timezone.now(), self._before(place))
        except (OSError, ValueError) as error:
            raise CommandError(f"{notice}: {error}") from error

    def _before(self, place: Place) -> dict[str, Any] | None:
        """The document that is served there now, whose history goes on."""
        try:
            document_read: dict[str, Any] = json.loads(place.get(pages.DOCUMENT))
        except (OSError, ValueError):
            return None
        return document_read
