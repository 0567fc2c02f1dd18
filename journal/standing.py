"""May this database be written? Not when it was put back to an earlier state and its letter or key are not new.

Numbers and promises given after that state would be given again, to others. The database says what it knows (its
chains, and whether it was restored), a witness outside it says what it should know (witness.py). Whoever writes asks
here: each entry of the journal, and every other write at least once in RECHECK_SECONDS (core/db).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from . import agreement, keys, witness
from .entry import GENESIS
from .witness import Head, Witness

RECHECK_SECONDS = 30
# Letters that are not taken for one another, and no vowels, so that no word comes of them.
LOT_LETTERS = "BCDFGHJKMNPQRTVWXYZ"
LOT_LENGTH = 4
REMEDY = (
    "set JOURNAL_INCARNATION to a letter after {last} and JOURNAL_KEY (or JOURNAL_KEY_FILE) to a new key, then restart"
)


class Refused(OperationalError):
    """This database takes nothing. `str` says why and what to do, for operators."""


class KeyWithoutLetter(Refused, ValueError):
    """The key in the settings is not the key of this letter's chain."""


@dataclass(frozen=True)
class KnownChain:
    """A chain as the database has it."""

    incarnation: str
    lot: str
    public_key: bytes
    head: bytes
    length: int
    restorations: int
    witnessed: bool


@dataclass(frozen=True)
class ChainState:
    """What may be done: `chain` is the one to go on with; None: one is to be begun, with `lot` in its numbers."""

    chain: KnownChain | None
    lot: str = ""


def read_chain_state(using: BaseDatabaseWrapper | None = None) -> ChainState:
    """Go through everything that speaks against writing here; Refused with the first of it."""
    using = using or connection
    node, letter, key = settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION, keys.public_bytes()
    if not _has_tables(using):
        return ChainState(None)
    chains, restorations = _chains(using, node), _restorations(using)
    seen, is_alone = _witnesses(node, using)
    last = max([*chains, *seen], default="")
    chain = chains.get(letter)
    if chain and chain.public_key != key:
        raise KeyWithoutLetter(
            f"The key of chain {node}{letter} is not this node's key; a new key needs a new incarnation: "
            + REMEDY.format(last=last)
        )
    if why := _reason_against(chain, seen.get(letter), restorations, last, using) if chain else "":
        raise Refused(f"{why} Nothing is written until numbers cannot be given twice: {REMEDY.format(last=last)}.")
    if chain:
        _remember(chain, seen, using, is_alone=is_alone)
        return ChainState(chain, chain.lot)
    if is_alone:
        raise Refused("No chain is begun while the store of the journal's witness does not answer.")
    return _check_beginning(chains, seen, restorations, key, using)


def _witnesses(node: str, using: BaseDatabaseWrapper) -> tuple[dict[str, Witness], bool]:
    """What is remembered outside this database, and whether that is without the word of a store that is away."""
    try:
        return witness.read_all(node), False
    except witness.StoreAway as away:
        agreed = agreement.lasting(_key_of(using), away)
        if agreed is None:
            raise Refused(f"The witness of the journal cannot be read: {away}") from away
        if agreed.database != identity(using):
            raise Refused("This is another database than the one that was seen while the store answered.") from away
    except OSError as error:
        raise Refused(f"The witness of the journal cannot be read: {error}") from error
    try:
        return agreed.joined(witness.read_here(node)), True
    except OSError as error:
        raise Refused(f"The witness of the journal cannot be read: {error}") from error


def _remember(chain: KnownChain, seen: dict[str, Witness], using: BaseDatabaseWrapper, *, is_alone: bool) -> None:
    """How far all agreed, for the time the store may be away. What a transaction under way reads may be its own, and
    never come to be: then only what was seen outside counts.
    """
    place = _key_of(using)
    if not is_alone and chain.incarnation in seen:
        agreement.note_agreed(place, identity(using), seen)
    if not using.in_atomic_block:
        agreement.note_head(place, chain.incarnation, Head(chain.length, chain.head))


def _reason_against(
    chain: KnownChain, seen: Witness | None, restorations: int, last: str, using: BaseDatabaseWrapper
) -> str:
    """Why the chain of these settings may not go on; empty when it may."""
    name = f"{settings.JOURNAL_NODE}{chain.incarnation}"
    if chain.restorations < restorations:
        return f"This database was restored from a backup, and chain {name} may have gone on after that was made."
    if chain.incarnation < last:
        return f"The letter {chain.incarnation} was used before {last}."
    if seen is None:
        if chain.witnessed and chain.length:
            return f"Nothing outside this database remembers chain {name} (no {_place(name)}): it may be an old copy."
        return ""
    return _explain_difference(chain, seen, using)


def _explain_difference(chain: KnownChain, seen: Witness, using: BaseDatabaseWrapper) -> str:
    """How a chain and its witness contradict each other; empty when they do not."""
    place = _place(seen.name)
    if (seen.public_key, seen.lot) != (chain.public_key, chain.lot):
        return f"Chain {seen.name} was begun elsewhere under another key or lot, as {place} says."
    if not seen.in_place:
        return f"{place} is a copy of a file from elsewhere; nothing here remembers chain {seen.name}."
    if seen.database != identity(using):
        return f"{place} was written for another database than this one: one of the two is a copy."
    if chain.length < seen.head.seq:
        return (
            f"Chain {seen.name} ends at entry {chain.length}, and {place} has seen entry {seen.head.seq}: "
            "this database was put back to an earlier state, or entries were cut off."
        )
    if seen.head.seq and _hash_at(using, seen, chain) != seen.head.hash:
        return f"Entry {seen.head.seq} of chain {seen.name} is another one than {place} has seen."
    return ""


def _check_beginning(
    chains: dict[str, KnownChain], seen: dict[str, Witness], restorations: int, key: bytes, using: BaseDatabaseWrapper
) -> ChainState:
    """A chain may be begun with a letter after all others and a key that none had."""
    letter, last = settings.JOURNAL_INCARNATION, max([*chains, *seen], default="")
    ours = seen.get(letter)
    if ours and ours.head.seq == 0 and (ours.public_key, ours.database) == (key, identity(using)) and letter == last:
        # We took it a moment ago and had not come to commit its first entry.
        return ChainState(None, ours.lot)
    if letter <= last:
        raise Refused(
            f"The letter {letter} was used before, by a chain that this database does not have: it was put back to an "
            f"earlier state. {REMEDY.format(last=last)}."
        )
    if key in {
        *(known.public_key for known in chains.values()),
        *(known_chain.public_key for known_chain in seen.values()),
    }:
        raise Refused(f"This key was used before, under another letter: {REMEDY.format(last=last)}.")
    return ChainState(None, "" if _is_only_database(chains, seen, restorations, using) else _draw_lot())


def _is_only_database(
    chains: dict[str, KnownChain], seen: dict[str, Witness], restorations: int, using: BaseDatabaseWrapper
) -> bool:
    """Is this certainly the one database that goes on, so that a letter alone tells its numbers from all others?

    Two copies of a backup may be started side by side and given the same letter, or even the same key. So everything
    that is not proved by its witness gets letters drawn by lot besides.
    """
    if not chains:
        return not restorations and not seen
    latest = chains[max(chains)]
    beside = seen.get(latest.incarnation)
    if latest.restorations < restorations or beside is None or max(seen) != latest.incarnation:
        return False
    return not _explain_difference(latest, beside, using)


def _draw_lot() -> str:
    return "".join(secrets.choice(LOT_LETTERS) for _ in range(LOT_LENGTH))


def _place(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / witness.FOLDER / name


# -- asked by whoever writes -----------------------------------------------------------------------------------

_exempt: ContextVar[bool] = ContextVar("journal_standing_exempt", default=False)
_good_until: dict[tuple[Any, ...], float] = {}


def ensure_writable(using: BaseDatabaseWrapper) -> None:
    """Refused unless this database may be written; asks again after RECHECK_SECONDS."""
    if _exempt.get():
        return
    if settings.SECOND_SITE:
        raise Refused("This is the second site, which takes nothing until it is promoted (manage.py promote).")
    place = _key_of(using)
    if _good_until.get(place, 0) > time.monotonic():
        return
    with without_write_check():
        read_chain_state(using)
    _good_until[place] = time.monotonic() + RECHECK_SECONDS


def reason_not_to_write() -> str:
    """Why nothing may be written here; empty when it may, or when the database does not answer."""
    try:
        ensure_writable(connection)
    except Refused as refused:
        return str(refused)
    except Error:
        return ""
    return ""


def clear_cache() -> None:
    """Ask anew at the next write."""
    _good_until.clear()


@contextmanager
def without_write_check() -> Iterator[None]:
    """What is written in here is not asked about: tables of a new version, and the restore itself."""
    token = _exempt.set(True)
    try:
        yield
    finally:
        _exempt.reset(token)


def _key_of(using: BaseDatabaseWrapper) -> tuple[Any, ...]:
    place = using.settings_dict
    return (
        *(place[name] for name in ("NAME", "HOST", "PORT")),
        settings.JOURNAL_NODE,
        settings.JOURNAL_INCARNATION,
        settings.JOURNAL_KEY,
        str(settings.JOURNAL_KEY_FILE),
    )


# -- what the database knows -----------------------------------------------------------------------------------

_CHAINS = """SELECT incarnation, lot, public_key, head_hash, length, restorations, witnessed
    FROM journal_chain WHERE node = %s"""


def _chains(using: BaseDatabaseWrapper, node: str) -> dict[str, KnownChain]:
    known = [KnownChain(row[0], row[1], bytes(row[2]), bytes(row[3]), *row[4:]) for row in _query(using, _CHAINS, node)]
    return {chain.incarnation: chain for chain in known}


def _restorations(using: BaseDatabaseWrapper) -> int:
    return int(_query(using, "SELECT COUNT(*) FROM journal_restoration")[0][0])


def _has_tables(using: BaseDatabaseWrapper) -> bool:
    """Before they are there nothing was promised, or only `migrate` can go on."""
    if using.vendor == "postgresql":
        asked = "SELECT to_regclass('journal_restoration') IS NOT NULL"
    else:
        asked = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'journal_restoration')"
    return bool(_query(using, asked)[0][0])


def _hash_at(using: BaseDatabaseWrapper, seen: Witness, chain: KnownChain) -> bytes:
    if seen.head.seq == chain.length:
        return chain.head
    rows = _query(using, _ENTRY, seen.node, seen.incarnation, seen.head.seq)
    return bytes(rows[0][0]) if rows else GENESIS


_ENTRY = """SELECT entry.hash FROM journal_entry AS entry JOIN journal_chain AS chain ON chain.id = entry.chain_id
    WHERE chain.node = %s AND chain.incarnation = %s AND entry.seq = %s"""
_IDENTITY = """SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
    || '/' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) FROM pg_control_system()"""


def _query(using: BaseDatabaseWrapper, sql: str, *params: Any) -> list[Any]:
    """Straight from the driver: whoever counts or watches statements is not to find these among their own."""
    using.ensure_connection()
    with using.wrap_database_errors, closing(using.connection.cursor()) as cursor:
        cursor.execute(sql if using.vendor == "postgresql" else sql.replace("%s", "?"), params)
        return list(cursor.fetchall())


def identity(using: BaseDatabaseWrapper) -> str:
    """Names this very database: its server, itself, and its history of promotions; on SQLite its file."""
    if using.vendor == "postgresql":
        return str(_query(using, _IDENTITY)[0][0])
    file = Path(str(using.settings_dict["NAME"])).resolve()
    return f"{file}/{file.stat().st_ino}"
