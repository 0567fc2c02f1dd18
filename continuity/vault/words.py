"""What the vault signs, byte for byte; the same on both sides of its door."""

from __future__ import annotations

ANOTHER_PAST = "another past"
"""The vault's answer to a head that does not follow from what it has seen."""


def taken_bytes(name: str, sha256: str, at: str) -> bytes:
    """That it has a thing on its disk, under this SHA-256 (of what it was given, which is sealed)."""
    return b"jeddah-portal vault has\x00" + f"{name}\n{sha256}\n{at}".encode()


def head_bytes(chain: str, seq: int, digest: bytes, at: str) -> bytes:
    """That a chain of the journal ended so when it was last shown, which follows from all it was shown before."""
    return b"jeddah-portal vault head\x00" + f"{chain}\n{seq}\n{digest.hex()}\n{at}".encode()
