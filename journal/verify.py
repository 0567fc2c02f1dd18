#!/usr/bin/env python
"""Check an exported journal, alone: needs Python and `cryptography`, nothing of the portal.

    python journal/verify.py EXPORT.jsonl [--public-key BASE64 | --nodes nodes.json --nodes-key BASE64]

Each line of an export is one entry: {"chain", "public_key", "seq", "previous", "hash", "signature", "body"}, the
byte strings in base64. With the published node list, each chain is held to the key it has there; --nodes-key is the
public key that signs the list. The first bad entry is named.
Exit status: 0 all good, 1 a bad entry, 2 unreadable input.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# The same bytes as in journal/entry.py, written again on purpose: a checker that imports what it checks proves less.
DOMAIN = b"jeddah-portal journal entry v1\x00"
NODES_DOMAIN = b"jeddah-portal node list v1\x00"
GENESIS = bytes(32)


@dataclass(frozen=True)
class Line:
    """One entry as exported; hashes, signature and body are bytes."""

    chain: str
    public_key: bytes
    seq: int
    previous: bytes
    hash: bytes
    signature: bytes
    body: bytes


@dataclass
class Head:
    """The end of one chain as far as it was read."""

    public_key: bytes
    seq: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True)
class Bad:
    chain: str
    seq: int
    why: str

    def __str__(self) -> str:
        return f"chain {self.chain}, entry {self.seq}: {self.why}"


def verify(
    lines: Iterable[Line],
    public_key: bytes | None = None,
    keys: Mapping[str, bytes] | None = None,
    after: Mapping[str, Head] | None = None,
) -> tuple[dict[str, Head], Bad | None]:
    """Walk the entries in order; return the heads reached and the first bad entry, if any.

    `public_key` (32 bytes) is the key the reader trusts, `keys` the keys by chain; with neither each chain is held to
    the key of its first line. `after`: where chains ended that were checked before; the lines go on from there.
    """
    heads = {name: Head(head.public_key, head.seq, head.hash) for name, head in (after or {}).items()}
    for line in lines:
        if keys is not None and line.chain not in keys:
            return heads, Bad(line.chain, line.seq, "is of a chain that is not on the node list")
        trusted = keys[line.chain] if keys is not None else public_key or line.public_key
        head = heads.setdefault(line.chain, Head(trusted))
        if why := _wrong(line, head):
            return heads, Bad(line.chain, line.seq, why)
        head.seq, head.hash = line.seq, line.hash
    return heads, None


def _wrong(line: Line, head: Head) -> str:
    if line.public_key != head.public_key:
        return "is signed under another key"
    if line.seq != head.seq + 1:
        return f"does not follow entry {head.seq}: something is missing, repeated or out of order"
    if line.previous != head.hash:
        return "does not link to the entry before it"
    if hashlib.sha256(DOMAIN + line.previous + line.body).digest() != line.hash:
        return "its content is not what was hashed"
    try:
        Ed25519PublicKey.from_public_bytes(line.public_key).verify(line.signature, line.hash)
    except (InvalidSignature, ValueError):
        return "its signature is not good"
    body = json.loads(line.body)
    if f"{body.get('node')}{body.get('inc')}" != line.chain or body.get("seq") != line.seq:
        return "its content names another place in the journal"
    return ""


def read(text: Iterable[str]) -> Iterable[Line]:
    """Parse an export, line by line; ValueError or KeyError when it is not one."""
    for row in text:
        if not row.strip():
            continue
        item = json.loads(row)
        raw = {
            name: base64.b64decode(item[name], validate=True)
            for name in ("public_key", "previous", "hash", "signature", "body")
        }
        yield Line(chain=str(item["chain"]), seq=int(item["seq"]), **raw)


def listed_keys(text: str, trusted: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    """The keys by chain of a signed node list, and how the chains that ended did; ValueError when it is not signed."""
    item = json.loads(text)
    raw = base64.b64decode(item["list"], validate=True)
    try:
        signature = base64.b64decode(item["signature"], validate=True)
        Ed25519PublicKey.from_public_bytes(trusted).verify(signature, NODES_DOMAIN + raw)
    except InvalidSignature as error:
        raise ValueError("the node list is not signed with the key given") from error
    rows = json.loads(raw)["chains"]
    keys = {row["chain"]: base64.b64decode(row["public_key"], validate=True) for row in rows}
    return keys, {row["chain"]: f"{row['reason']} {row['ended']}" for row in rows if row["ended"]}


def write(line: Line) -> str:
    """One line of an export."""
    item = {"chain": line.chain, "seq": line.seq}
    for name in ("public_key", "previous", "hash", "signature", "body"):
        item[name] = base64.b64encode(getattr(line, name)).decode()
    return json.dumps(item, sort_keys=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", help="file of JSON lines, or - for standard input")
    parser.add_argument("--public-key", help="the node's public key, base64, if you know it from elsewhere")
    parser.add_argument("--nodes", help="the published node list")
    parser.add_argument("--nodes-key", help="the public key that signs the list, base64")
    options = parser.parse_args()
    if bool(options.nodes) != bool(options.nodes_key):
        parser.error("--nodes and --nodes-key go together")
    trusted = base64.b64decode(options.public_key) if options.public_key else None
    keys, ended = None, dict[str, str]()
    try:
        if options.nodes:
            with open(options.nodes, encoding="utf-8") as file:
                keys, ended = listed_keys(file.read(), base64.b64decode(options.nodes_key))
        with sys.stdin if options.export == "-" else open(options.export, encoding="utf-8") as file:
            heads, bad = verify(read(file), trusted, keys)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        sys.stderr.write(f"not a journal export or node list: {error!r}\n")
        return 2
    if bad:
        sys.stdout.write(f"BAD: {bad}\n")
        return 1
    for chain, head in sorted(heads.items()):
        note = f", key {ended[chain]}" if chain in ended else ""
        sys.stdout.write(f"good: chain {chain}, {head.seq} entries, head {head.hash.hex()}{note}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
