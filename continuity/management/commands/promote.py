"""`manage.py promote`: the second site's standby becomes the portal. Run there, with DATABASE_URL leading to it.

The same safety as after a rebuild: nothing is written until the key is new. What the old centre took and never sent
here is not here; when it comes back it is another node, and the vault takes nothing of it any more (bin/vault end).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from continuity import after_loss
from core.cache import SHARED
from journal import standing

SECONDS = 60
DONE = """\
promoted; this is the portal as of {at}
ended, because nobody knows what was ended since:
{ended}
to do before people are let in (until then nothing can be written here):
  unset SECOND_SITE and REPLICA_DATABASE_URL; DATABASE_URL leads to this database
  the letter is {letter} from the next start on; give it a new JOURNAL_KEY (or JOURNAL_KEY_FILE)
  fence the old centre: bin/vault end FOLDER {old}, end its chain in the node list, keep its network off
  manage.py web_role and vault_role here, and a vault that follows this place
  manage.py reinstate posts (memberships, authorisations, superusers): list them, and give back those that still hold
  look at the {held} notices under “Background jobs” that may have been sent since, and retry them or leave them"""


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Make this standby the portal: promote it, end what was given, take the next letter."

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("only a standby of PostgreSQL can be promoted")
        with standing.without_write_check():
            at = self._promote()
            old = settings.JOURNAL_NODE + (after_loss.last_letter() or "A")
            ended, held = after_loss.put_away(timezone.now(), at)
            letter = after_loss.take_next_letter()
            SHARED.forget_all()
        words = after_loss.ended_words(ended)
        facts = {"ended": words, "letter": f"{settings.JOURNAL_NODE}{letter}", "old": old, "held": held}
        self.stdout.write(DONE.format(at=at.isoformat(timespec="seconds"), **facts))

    def _promote(self) -> datetime:
        """Returns the moment of the last change that had come from the centre."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery(), pg_last_xact_replay_timestamp()")
            standby, last = cursor.fetchone()
            if not standby:
                raise CommandError("this database is no standby: there is nothing to promote")
            cursor.execute("SELECT pg_promote(true, %s)", [SECONDS])
            if not cursor.fetchone()[0]:
                raise CommandError(f"the standby was not promoted within {SECONDS} s; its log says why")
        return last or timezone.now()
