"""The node list: whose signatures count, from when, and which keys have ended and why.

Papers outlive databases. Where the journal that signed one is gone, or is another node's, this list still names its
key. It is a signed file with a version, made with a key of its own that no node holds; every installation carries it,
and a version that does not follow from the one before is refused. Needs no database; `nodes.py` keeps it in ours.

file = JSON {"list": base64(canonical JSON), "signature": base64, "public_key": base64}; the signature is Ed25519 over
DOMAIN ‖ list.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .entry import second_of

DOMAIN = b"jeddah-portal node list v1\x00"
FORMAT = 1
MAX_BYTES = 1_000_000
# Node, incarnation and the letters drawn with it, as in the numbers of transactions.
CHAIN = re.compile(r"[A-Z][0-9A-Z][A-Z](?:[A-Z]{4})?")
RETIRED, STOLEN, CLONED = "retired", "stolen", "cloned"
REASONS = (RETIRED, STOLEN, CLONED)


class ListRefused(ValueError):
    """This is no node list that may be used; `str` says why, for operators."""


@dataclass(frozen=True)
class ListedChain:
    """One chain of a node. `since` and `ended` are moments in UTC (ISO 8601, to the second); `ended` may be empty."""

    chain: str
    public_key: str
    since: str
    ended: str = ""
    reason: str = ""

    @property
    def raw_key(self) -> bytes:
        return base64.b64decode(self.public_key)

    @property
    def is_compromised(self) -> bool:
        """Somebody else may have signed with this key."""
        return self.reason in {STOLEN, CLONED}


@dataclass(frozen=True)
class NodeList:
    version: int
    issued_at: str
    chains: Mapping[str, ListedChain] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Canonical bytes: the same list is the same bytes everywhere."""
        rows = [asdict(self.chains[name]) for name in sorted(self.chains)]
        content = {"v": FORMAT, "version": self.version, "issued_at": self.issued_at, "chains": rows}
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def next_version(self, added: Iterable[ListedChain], at: datetime) -> NodeList:
        """With these chains added, or put in the place of the ones with their name."""
        chains = {**self.chains, **{chain.chain: chain for chain in added}}
        return NodeList(self.version + 1, second_of(at), chains)


EMPTY = NodeList(0, "")


def decode(raw: bytes) -> NodeList:
    """Read the bytes of `encode`; ListRefused when they are no list."""
    try:
        content = json.loads(raw)
        if content["v"] != FORMAT:
            raise ListRefused(f"the list has format {content['v']!r}; this program reads format {FORMAT}")
        chains = [_chain(row) for row in content["chains"]]
        parsed = NodeList(content["version"], content["issued_at"], {chain.chain: chain for chain in chains})
        _moment(parsed.issued_at)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ListRefused(f"this is no node list: {error}") from error
    if not isinstance(parsed.version, int) or isinstance(parsed.version, bool) or parsed.version < 1:
        raise ListRefused("the version of a list is a whole number from 1")
    if len(parsed.chains) != len(chains):
        raise ListRefused("a chain stands in the list twice")
    return parsed


def _chain(row: Mapping[str, Any]) -> ListedChain:
    chain = ListedChain(**row)
    if not CHAIN.fullmatch(chain.chain):
        raise ListRefused(f"{chain.chain!r} is no name of a chain")
    if len(base64.b64decode(chain.public_key, validate=True)) != 32:
        raise ListRefused(f"the key of {chain.chain} is not 32 bytes")
    _moment(chain.since)
    if chain.ended:
        _moment(chain.ended)
    if bool(chain.ended) != (chain.reason in REASONS):
        raise ListRefused(f"{chain.chain} ends with one of {', '.join(REASONS)}, or does not end")
    return chain


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def sign(content: NodeList, key: Ed25519PrivateKey) -> str:
    """The file that is published."""
    raw = content.encode()
    parts = {
        "list": raw,
        "signature": key.sign(DOMAIN + raw),
        "public_key": key.public_key().public_bytes_raw(),
    }
    return json.dumps({name: base64.b64encode(part).decode() for name, part in parts.items()}, indent=1) + "\n"


def read_signed(text: str, trusted: bytes) -> NodeList:
    """The list in a signed file, if `trusted` (32 bytes) signed it; ListRefused otherwise."""
    if len(text) > MAX_BYTES:
        raise ListRefused(f"the file is longer than {MAX_BYTES} characters")
    try:
        item = json.loads(text)
        raw, signature = (base64.b64decode(item[name], validate=True) for name in ("list", "signature"))
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise ListRefused(f"this is no signed node list: {error}") from error
    try:
        Ed25519PublicKey.from_public_bytes(trusted).verify(signature, DOMAIN + raw)
    except (InvalidSignature, ValueError) as error:
        raise ListRefused("the list is not signed with the key this installation trusts") from error
    return decode(raw)


def refuse_unless_follows(new: NodeList, old: NodeList) -> None:
    """ListRefused unless `new` may take the place of `old`: nothing is forgotten and no ended key comes back."""
    if new.version <= old.version:
        raise ListRefused(f"version {new.version} does not follow version {old.version}")
    for name, before in old.chains.items():
        after = new.chains.get(name)
        if after is None:
            raise ListRefused(f"chain {name} is missing: a chain that was listed once is listed for ever")
        if after.public_key != before.public_key:
            raise ListRefused(f"chain {name} has another key than in version {old.version}")
        if before.ended and not after.ended:
            raise ListRefused(f"chain {name} had ended, and a chain that has ended stays so")
        if before.is_compromised and not after.is_compromised:
            raise ListRefused(f"the key of chain {name} was reported {before.reason}, and that stays so")
