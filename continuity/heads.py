"""The vault's own record of the journal: each entry is shown to it, and it signs the head that follows from the last.

So nobody can later show another past: the vault refuses a head that does not extend what it has seen, and says so.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from journal import export
from journal.models import Chain, Entry
from journal.verify import write
from transactions.books import look
from transactions.books.look import Head
from transactions.models import Outbox
from transactions.outbox import queue

from . import door
from .models import Reached
from .vault.words import ANOTHER_PAST, head_bytes

logger = logging.getLogger(__name__)
KIND = "vault_heads"
MANY = 1000


def owe_if_behind(now: datetime) -> None:
    """One row for each chain of which the vault has not signed the end."""
    for chain in Chain.objects.order_by("pk"):
        reached = Reached.objects.filter(chain=chain).first()
        signed = _signed_seq(reached) if reached else 0
        waits = Outbox.objects.filter(kind=KIND, subject=chain.pk, state__in=queue.PENDING_STATES)
        if signed < chain.length and not waits.exists():
            queue.enqueue(KIND, chain.pk, dedupe=f"{KIND}:{chain.pk}:{chain.length}:{now.timestamp():.0f}", now=now)


def _signed_seq(reached: Reached) -> int:
    """How far the vault has signed; what a vault that signs nothing had, one that has a key is shown again."""
    unsigned = settings.VAULT_PUBLIC_KEY and not reached.cosignature
    return 0 if unsigned else reached.cosigned_seq


@queue.register_handler(KIND, outside=True)
def show(chain_id: int, now: datetime) -> None:
    """Show the vault what was entered since; done when it has signed the end."""
    chain = Chain.objects.get(pk=chain_id)
    reached, _made = Reached.objects.get_or_create(chain=chain)
    signed = _signed_seq(reached)
    while signed < chain.length:
        entries = Entry.objects.filter(chain=chain, seq__gt=signed).order_by("seq")[:MANY]
        lines = "".join(f"{write(export.line(chain, entry))}\n" for entry in entries)
        try:
            head = door.vault().journal(lines.encode())
        except door.Refused as refused:
            _note_refusal(reached, refused)
            raise
        ours = Entry.objects.filter(chain=chain, seq=head.seq).values_list("hash", flat=True).first()
        if head.chain != str(chain) or head.seq <= signed or ours is None or bytes(ours) != head.hash:
            message = f"the vault signs entry {head.seq} of {head.chain}, which is not what it was shown"
            disbelieved = door.Disbelieved(message)
            _note_refusal(reached, disbelieved)
            raise disbelieved
        _note(reached, head)
        signed = head.seq


def _note(reached: Reached, head: door.Cosigned) -> None:
    """What another worker has noted of a later entry stays; a word that is not signed makes way for one that is."""
    fields: dict[str, Any] = {"cosigned_at": parse_datetime(head.at), "cosignature": head.signature, "refused": ""}
    further = Q(cosigned_seq__lt=head.seq) | Q(cosignature=None) | Q(cosignature=b"")
    Reached.objects.filter(further, pk=reached.pk).update(cosigned_seq=head.seq, **fields)


def _note_refusal(reached: Reached, refused: door.Refused) -> None:
    """Contradiction, not absence: from here on nothing of this chain is called confirmed anew."""
    if refused.answer.get("error") == ANOTHER_PAST or isinstance(refused, door.Disbelieved):
        logger.critical("the vault has another journal than this: %s", refused, extra=dict(refused.answer))
        Reached.objects.filter(pk=reached.pk).update(refused=f"{refused} {refused.answer.get('why', '')}".strip()[:500])


def held() -> dict[str, Head] | None:
    """What the vault signed of each chain, for the daily books; None without a vault. A head it refused, or whose
    co-signature no longer fits the entry that is here, has no hash that could be ours.
    """
    if not settings.VAULT_URL:
        return None
    rows = Reached.objects.select_related("chain")
    return {str(reached.chain): Head(reached.cosigned_seq, _hash_signed(reached)) for reached in rows}


def _hash_signed(reached: Reached) -> bytes:
    entry = Entry.objects.filter(chain=reached.chain, seq=reached.cosigned_seq).first()
    if entry is None or reached.refused or reached.cosigned_at is None:
        return b""
    at = reached.cosigned_at.astimezone(UTC).isoformat(timespec="seconds")
    signed = head_bytes(str(reached.chain), reached.cosigned_seq, bytes(entry.hash), at)
    # Without the key of a vault nobody signs; with it, what bears no signature is nobody's word.
    fits = door.is_signed(bytes(reached.cosignature or b""), signed)
    return bytes(entry.hash) if fits else b""


def signed_with(node: str, letters: str, seq: int) -> datetime | None:
    """When the vault last signed this chain, if with this entry in it; None if not yet, or if it signed another one."""
    lot = {"chain__node": node, "chain__incarnation": letters[:1], "chain__lot": letters[1:]}
    reached = Reached.objects.select_related("chain").filter(cosigned_seq__gte=seq, **lot).first()
    return reached.cosigned_at if reached is not None and _hash_signed(reached) else None


look.register_vault(held)
