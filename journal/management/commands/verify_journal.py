from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from journal import export
from journal.models import Chain
from journal.verify import GENESIS, Line, verify


class Command(BaseCommand):
    help = "Check every entry of the journal in the database; names the first bad one and fails."

    def handle(self, *args: Any, **options: Any) -> None:
        # The portal goes on writing meanwhile: the entries must reach what the chain said before they were read, and
        # may not go past what it says afterwards.
        before = {str(chain): (chain.length, bytes(chain.head_hash)) for chain in Chain.objects.all()}
        seen = {name for name, head in before.items() if head == (0, GENESIS)}

        def watched() -> Iterator[Line]:
            for line in export.lines():
                if before.get(line.chain) == (line.seq, line.hash):
                    seen.add(line.chain)
                yield line

        heads, bad = verify(watched())
        if bad:
            raise CommandError(str(bad))
        for chain in Chain.objects.order_by("node", "incarnation"):
            head = heads.get(str(chain))
            reached = head.seq if head else 0
            if (str(chain) in before and str(chain) not in seen) or reached > chain.length:
                raise CommandError(f"chain {chain}: the entries end at {reached}, the chain says {chain.length}")
            self.stdout.write(f"good: chain {chain}, {reached} entries, head {(head.hash if head else GENESIS).hex()}")
