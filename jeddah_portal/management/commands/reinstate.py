"""`manage.py reinstate`: give back what the last restore ended, after somebody has compared it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import restored
from accounts.models import Authorisation, User
from journal.models import Restoration

KINDS = {**restored.TERMS, "authorisations": Authorisation, "superusers": User}


class Command(BaseCommand):
    help = "List the posts, memberships, authorisations or superusers that the last restore ended, or give them back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("--only", type=int, nargs="*", metavar="NUMBER", help="give back these")
        parser.add_argument("--all-but", type=int, nargs="*", metavar="NUMBER", help="give back all but these")

    def handle(self, *args: Any, kind: str, only: list[int] | None, all_but: list[int] | None, **options: Any) -> None:
        last = Restoration.objects.order_by("pk").last()
        if last is None:
            raise CommandError("this database was never restored")
        ended = set(last.ended[kind])
        if only is None and all_but is None:
            for row in KINDS[kind].objects.filter(pk__in=ended).order_by("pk"):
                self.stdout.write(f"{row.pk:8}  {row}")
            return
        if unknown := {*(only or ()), *(all_but or ())} - ended:
            raise CommandError(f"not ended by the last restore: {', '.join(map(str, sorted(unknown)))}")
        keys = set(only) if only is not None else ended - set(all_but or ())
        self.stdout.write(f"{kind} given back: {restored.reinstate(kind, sorted(keys), timezone.now())}")
