"""The journal as lines that journal/verify.py reads."""

from __future__ import annotations

from collections.abc import Iterator

from .models import Chain, Entry
from .verify import Line


def lines() -> Iterator[Line]:
    """Every entry, chain by chain, in order; streamed, so memory stays flat."""
    for chain in Chain.objects.order_by("node", "incarnation"):
        for entry in Entry.objects.filter(chain=chain).order_by("seq").iterator(chunk_size=1000):
            yield line(chain, entry)


def line(chain: Chain, entry: Entry) -> Line:
    """One entry as it is exported."""
    return Line(
        chain=str(chain),
        public_key=bytes(chain.public_key),
        seq=entry.seq,
        previous=bytes(entry.previous_hash),
        hash=bytes(entry.hash),
        signature=bytes(entry.signature),
        body=bytes(entry.body),
    )
