"""Receipt tokens: what a QR carries. A token holds the whole entry, so paper alone can prove itself.

token = base64url(previous hash (32) ‖ signature (64) ‖ body), without padding. Whoever has the node's public key
can check the signature offline; this site can also say whether the journal has the entry, and how things stand.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature

from . import keys, nodes
from .entry import link
from .models import Chain, Entry
from .node_list import ListedChain, NodeList
from .pasted import find_tokens

MAX_CHARACTERS = 4000
# Node, incarnation and the letters drawn with it, as in the numbers of transactions.
_CHAIN = re.compile(r"[A-Z][0-9A-Z]/[A-Z](?:[A-Z]{4})?")
_doubt: Callable[[Callable[[], bool]], bool] | None = None
_elsewhere: Callable[[str, str], tuple[ListedChain, bool] | None] | None = None
_numbers: Callable[[str], LookupResult | None] | None = None
_status: Callable[[str, Mapping[str, Any]], str | None] | None = None
_details: Callable[[str, Mapping[str, Any]], Sequence[tuple[str, object]]] | None = None


def register_status(say: Callable[[str, Mapping[str, Any]], str | None]) -> None:
    """Give the verify page somebody to ask how a subject stands now (transactions does at start)."""
    global _status
    _status = say


def register_details(say: Callable[[str, Mapping[str, Any]], Sequence[tuple[str, object]]]) -> None:
    """Give the verify page somebody who knows what a paper says, to compare it with (transactions does at start)."""
    global _details
    _details = say


def register_elsewhere(key_of: Callable[[str, str], tuple[ListedChain, bool] | None]) -> None:
    """Give the verify page somebody who knows the keys of places whose journals are not here (boxes does at start):
    asked with the name of a chain and the hash of an entry, says whose key it is and whether that was taken in.
    """
    global _elsewhere
    _elsewhere = key_of


def register_doubt(ask_again: Callable[[Callable[[], bool]], bool]) -> None:
    """Give the verify page somebody to ask again who reads from where entries are written (transactions does)."""
    global _doubt
    _doubt = ask_again


@dataclass(frozen=True)
class LookupResult:
    """What the verify page says of a number typed there: a notice (`kind`, `title`, `text`), facts, a way on."""

    kind: str
    title: str
    text: str
    rows: Sequence[tuple[str, object]] = ()
    link: str = ""
    link_text: str = ""


def register_numbers(look: Callable[[str], LookupResult | None]) -> None:
    """Give the verify page somebody who knows the numbers of papers and registers (transactions does at start)."""
    global _numbers
    _numbers = look


def look_up(text: str) -> LookupResult | None:
    """What a number that is no token stands for; None when it is no number of ours."""
    return _numbers(text) if _numbers else None


def current_status(subject: str, body: Mapping[str, Any]) -> str | None:
    return _status(subject, body) if _status else None


def details(subject: str, body: Mapping[str, Any]) -> Sequence[tuple[str, object]]:
    """What whoever holds the paper of this entry compares it with."""
    return _details(subject, body) if _details else ()


def encode_token(entry: Entry) -> str:
    packed = bytes(entry.previous_hash) + bytes(entry.signature) + bytes(entry.body)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def body_of(entry: Entry) -> dict[str, Any]:
    """What an entry of the journal says."""
    body: dict[str, Any] = json.loads(bytes(entry.body))
    return body


@dataclass(frozen=True)
class Check:
    """What can be said of a token. `body` is None when it cannot be read at all.

    `readable` says that it is one of ours by its shape, whole: only then is a signature that is not good false.
    """

    signature_good: bool
    in_journal: bool
    body: dict[str, Any] | None
    readable: bool = field(default=False, compare=False)
    # The chain as the node list has it, where there is a list and it is on it.
    listed: ListedChain | None = field(default=None, compare=False)

    @property
    def subject(self) -> str:
        return str((self.body or {}).get("ref", ""))


def check_token(text: str) -> Check:
    """Check a token, as it is or in what was pasted: is the signature that of one of our nodes, and is the entry in
    the journal?
    """
    best, known = Check(False, False, None), nodes.current()
    for candidate in find_tokens(text):
        result = _check(candidate, known)
        if result.signature_good:
            return result
        if result.readable and not best.readable:
            best = result
    return best


def decode_body(token: str) -> dict[str, Any] | None:
    """What a token of ours says, its signature not asked about; None when it cannot be read."""
    packed = _unpack(token)
    return _body(packed[96:]) if packed else None


def extract_token(text: str) -> str:
    """The token in what was pasted that our signature is good for; empty when there is none."""
    known = nodes.current()
    return next((candidate for candidate in find_tokens(text) if _check(candidate, known).signature_good), "")


def _check(token: str, known: NodeList | None) -> Check:
    packed = _unpack(token)
    if packed is None:
        return Check(False, False, None)
    previous, signature, raw = packed[:32], packed[32:96], _first_object(packed[96:])
    body = _body(raw)
    if body is None:
        return Check(False, False, None, readable=raw.startswith(b"{") and not _cut_short(raw))
    digest = link(previous, raw)
    chain = Chain.objects.filter(node=body["node"], incarnation=body["inc"][0], lot=body["inc"][1:]).first()
    if chain is None and (place := _elsewhere(f"{body['node']}{body['inc']}", digest.hex()) if _elsewhere else None):
        signed = _signed(place[0].raw_key, signature, digest)
        return Check(signed, signed and place[1], body, readable=True, listed=place[0])
    listed = known.chains.get(f"{body['node']}{body['inc']}") if known else None
    # The list is signed and the table is not: where both name a key, the list's counts.
    key = listed.raw_key if listed else bytes(chain.public_key) if chain else None
    if key is None or not _signed(key, signature, digest):
        return Check(False, False, body, readable=True)
    return Check(True, _in_journal(chain, body.get("seq"), digest), body, readable=True, listed=listed)


def _in_journal(chain: Chain | None, seq: object, digest: bytes) -> bool:
    if chain is None or not isinstance(seq, int):
        return False
    held = Entry.objects.filter(chain=chain, seq=seq, hash=digest)
    return held.exists() or bool(_doubt and _doubt(held.all().exists))


def _unpack(token: str) -> bytes | None:
    if len(token) > MAX_CHARACTERS:
        return None
    if len(token) % 4 == 1:
        token = token[:-1]  # a sign by itself says nothing: it is of what stands behind, or of what was cut off
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return packed if len(packed) > 96 else None


def _first_object(raw: bytes) -> bytes:
    """The body alone: words that were pasted behind a token, or the token once more, are no part of it."""
    text = raw.decode(errors="replace")
    try:
        return text[: json.JSONDecoder().raw_decode(text)[1]].encode()
    except (ValueError, RecursionError):
        return raw


def _body(raw: bytes) -> dict[str, Any] | None:
    """Nobody has signed this yet, so it may hold anything, also what no database takes."""
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None
    known = isinstance(body, dict) and _CHAIN.fullmatch(f"{body.get('node')}/{body.get('inc')}")
    return body if known else None


def _cut_short(raw: bytes) -> bool:
    """Is this the beginning of a text of ours, without its end?"""
    text = raw.decode(errors="replace").rstrip("\ufffd")
    return text.isprintable() and not text.endswith("}")


def _signed(public: bytes, signature: bytes, digest: bytes) -> bool:
    try:
        keys.public_key(public).verify(signature, digest)
    except InvalidSignature:
        return False
    return True
