from typing import Any

from django.core.management.base import BaseCommand, CommandError

from journal import export
from journal.models import Chain
from journal.verify import verify


class Command(BaseCommand):
    help = "Check every entry of the journal in the database; names the first bad one and fails."

    def handle(self, *args: Any, **options: Any) -> None:
        heads, bad = verify(export.lines())
        if bad:
            raise CommandError(str(bad))
        for chain in Chain.objects.order_by("node", "incarnation"):
            head = heads.get(str(chain))
            reached = (head.seq, head.hash) if head else (0, bytes(32))
            if reached != (chain.length, bytes(chain.head_hash)):
                raise CommandError(f"chain {chain}: the entries end at {reached[0]}, the chain says {chain.length}")
            self.stdout.write(f"good: chain {chain}, {chain.length} entries, head {bytes(chain.head_hash).hex()}")
