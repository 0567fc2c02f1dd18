"""The daily check of the book: every hash and signature under keys that are known from outside the database, the end of
each chain against its witness, and what the entries say against the rows they speak of.

Nothing that the database says of itself is trusted: whoever can write there can write keys, heads and entries too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import OperationalError

from . import export, keys, nodes, standing, witness
from .models import Chain
from .node_list import EMPTY
from .verify import GENESIS, Line, verify
from .witness import Head, Witness

Body = Mapping[str, Any]
MANY = 500
_compare: list[Callable[[Sequence[Body]], Iterable[str]]] = []
_without_entry: list[Callable[[], Iterable[str]]] = []


def register(compare: Callable[[Sequence[Body]], Iterable[str]], without_entry: Callable[[], Iterable[str]]) -> None:
    """Give the check somebody who knows the rows: `compare` says of some entries' bodies what in the rows differs from
    them, `without_entry` names rows that were promised and have no entry. transactions does, at start.
    """
    _compare.append(compare)
    _without_entry.append(without_entry)


def book(*, say: Callable[[str], object], whole: bool = True) -> list[str]:
    """Everything that is wrong with the journal, each in a sentence; empty when it is good. `say` hears what is good.

    With `whole` off, as right after a restore, it is not asked whether this database may go on, and keys that nobody
    outside knows are taken from the table.
    """
    wrong = _may_go_on() if whole else []
    try:
        seen = witness.read_all(settings.JOURNAL_NODE)
    except OSError as error:
        return [*wrong, str(error)]
    trusted, untrusted = _trusted(seen, take=not whole)
    wrong += untrusted
    return wrong + _walk(trusted, seen, say) + [row for ask in _without_entry for row in ask()]


def _may_go_on() -> list[str]:
    try:
        standing.read_chain_state()
    except standing.Refused as refused:
        return [str(refused)]
    return []


def _trusted(seen: Mapping[str, Witness], *, take: bool) -> tuple[dict[str, bytes], list[str]]:
    """(the key of each chain by its name, what is wrong with the keys in the table)."""
    trusted, wrong = {}, []
    for chain in Chain.objects.order_by("node", "incarnation"):
        known, table = _key_of(chain, seen, own=not take), bytes(chain.public_key)
        if known is None and (take or not chain.witnessed):
            known = table
        if known is None:
            wrong.append(f"chain {chain}: nothing outside the database knows its key; set JOURNAL_PUBLIC_KEYS")
        elif known != table:
            wrong.append(f"chain {chain}: the key in the database is not its key")
        trusted[str(chain)] = known or table
    return trusted, wrong


def _key_of(chain: Chain, seen: Mapping[str, Witness], *, own: bool) -> bytes | None:
    """From the settings, else from the witness, else this portal's `own` key; never from the table.

    Where a chain was brought back, the key set here is for the chain that follows it, not for the one that was lost.
    """
    name = f"{chain.node}{chain.incarnation}"
    if configured := settings.JOURNAL_PUBLIC_KEYS.get(name):
        return base64.b64decode(configured)
    if listed := (nodes.current() or EMPTY).chains.get(str(chain)):
        return listed.raw_key
    if chain.node != settings.JOURNAL_NODE:
        return None
    if beside := seen.get(chain.incarnation):
        return beside.public_key
    return keys.public_bytes() if own and chain.incarnation == settings.JOURNAL_INCARNATION else None


def _walk(trusted: Mapping[str, bytes], seen: Mapping[str, Witness], say: Callable[[str], object]) -> list[str]:
    """Read the book once: chain by chain in order, and the rows beside it, many at a time.

    The portal goes on writing meanwhile: the entries must reach what the chain said before they were read, and may not
    go past what it says afterwards.
    """
    before = {str(chain): (chain.length, bytes(chain.head_hash)) for chain in Chain.objects.all()}
    reached = {name for name, head in before.items() if head == (0, GENESIS)}
    heads_seen = {f"{known_chain.name}{known_chain.lot}": known_chain.head for known_chain in seen.values()}
    wrong: list[str] = []
    bodies: list[Body] = []

    def watched() -> Iterator[Line]:
        for line in export.lines():
            if before.get(line.chain) == (line.seq, line.hash):
                reached.add(line.chain)
            if (head := heads_seen.get(line.chain)) and head.seq == line.seq and head.hash != line.hash:
                wrong.append(f"chain {line.chain}, entry {line.seq}: its witness has seen another one")
            bodies.append(json.loads(line.body))
            if len(bodies) == MANY:
                wrong.extend(_differences(bodies))
            yield replace(line, public_key=trusted.get(line.chain, line.public_key))

    try:
        heads, bad = verify(watched())
    except ValueError as error:
        return [*wrong, f"an entry cannot be read: {error}"]
    if bad:
        return [*wrong, str(bad)]
    wrong.extend(_differences(bodies))
    for chain in Chain.objects.order_by("node", "incarnation"):
        name, end = str(chain), Head()
        if name in heads:
            end = Head(heads[name].seq, heads[name].hash)
        if (name in before and name not in reached) or end.seq > chain.length:
            wrong.append(f"chain {name}: the entries end at {end.seq}, the chain says {chain.length}")
        else:
            say(f"good: chain {name}, {end.seq} entries, head {end.hash.hex()}")
    for known_chain in seen.values():
        if known_chain.lost_to:
            lost = f"entries {known_chain.head.seq + 1} to {known_chain.lost_to} were lost before another was begun"
            say(f"known: chain {known_chain.name}{known_chain.lot}, {lost}")
    return wrong + _cut_off(heads_seen, {name: head.seq for name, head in heads.items()}, trusted)


def _cut_off(seen: Mapping[str, Head], ends: Mapping[str, int], chains: Mapping[str, bytes]) -> list[str]:
    """What a witness has seen must be there still."""
    return [
        f"chain {name}: the entries end at {ends.get(name, 0)}, and its witness has seen entry {head.seq}: cut off"
        for name, head in seen.items()
        if ends.get(name, 0) < head.seq and (name in chains or head.seq)
    ]


def _differences(bodies: list[Body]) -> list[str]:
    differences = [what for compare in _compare for what in compare(bodies)]
    bodies.clear()
    return differences


def note_heads() -> None:
    """Bring what is noted beside us into the store, where there is one; for the worker's heartbeat."""
    try:
        for name in sorted(witness.read_all(settings.JOURNAL_NODE)):
            witness.mirror(f"{settings.JOURNAL_NODE}{name}")
    except (OSError, OperationalError):
        return
