"""The centre's side of the vault's door: things go in, and nothing comes out but a signed word that they are there.

A vault is a host (`https://portal:TOKEN@host:port`, run by bin/vault) or, for small installations, a folder of another
administration on another disk (`file:///…`), where nobody signs.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from .vault.words import head_bytes, taken_bytes

# For connecting, and for each answer of the network; the whole is bounded by the worker's own clock.
SECONDS = 5
# Its answers are a few lines: whoever stands in its place fills no memory.
MAX_ANSWER_BYTES = 64 << 10


class Refused(Exception):
    """The vault, or somebody in its place, does not say what it should. `answer` is what it replied."""

    def __init__(self, why: str, answer_body: dict[str, Any] | None = None) -> None:
        super().__init__(why)
        self.answer = answer_body or {}


class Disbelieved(Refused):
    """Somebody answers who is not the vault, or the vault contradicts itself."""


@dataclass(frozen=True)
class Taken:
    """The vault has it, under the SHA-256 of what it was given."""

    name: str
    sha256: str
    at: str
    signature: bytes


@dataclass(frozen=True)
class Cosigned:
    """The vault has this head, and it follows from all it has seen before."""

    chain: str
    seq: int
    hash: bytes
    at: str
    signature: bytes


def is_signed(signature: bytes, content: bytes) -> bool:
    """Is this the word of the vault of the settings? A folder signs nothing, and is believed."""
    if not settings.VAULT_PUBLIC_KEY:
        return True
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(settings.VAULT_PUBLIC_KEY, validate=True))
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


class Door(Protocol):
    def put(self, name: str, content: BinaryIO) -> Taken: ...

    def journal(self, lines: bytes) -> Cosigned: ...


def vault() -> Door:
    """The vault of the settings."""
    return _door(settings.VAULT_URL)


def _door(url: str) -> Door:
    place = urlsplit(url)
    if place.scheme == "file":
        return Folder(Path(unquote(place.path)))
    return Host(url)


class Host:
    """A vault behind bin/vault."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.base = f"{place.scheme}://{place.netloc.rpartition('@')[2]}"
        self.token = unquote(place.password or "")
        self.key = Ed25519PublicKey.from_public_bytes(base64.b64decode(settings.VAULT_PUBLIC_KEY, validate=True))
        self.tls = ssl.create_default_context(cafile=settings.VAULT_CA_FILE or None)

    def put(self, name: str, content: BinaryIO) -> Taken:
        """Hand over what `content` holds, to be kept as `name`. OSError when nobody answers, Refused when not taken."""
        from .files import digest

        sha256 = digest(content)
        answer_body = self._send(f"{name}/{sha256}", content, os.fstat(content.fileno()).st_size)
        taken = Taken(name, sha256, str(answer_body["at"]), base64.b64decode(answer_body["signature"]))
        self._check(taken.signature, taken_bytes(name, sha256, taken.at), "its word that it has a thing is not signed")
        return taken

    def journal(self, lines: bytes) -> Cosigned:
        """Hand over entries of the journal (lines of an export) that follow those it has."""
        answer_body = self._send("journal", lines, len(lines))
        head = Cosigned(
            str(answer_body["chain"]),
            int(answer_body["seq"]),
            bytes.fromhex(answer_body["hash"]),
            str(answer_body["at"]),
            base64.b64decode(answer_body["signature"]),
        )
        self._check(head.signature, head_bytes(head.chain, head.seq, head.hash, head.at), "its co-signature is not its")
        return head

    def _send(self, name: str, content: Any, size: int) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Length": str(size)}
        asked = urllib.request.Request(f"{self.base}/v1/{name}", content, headers, method="PUT")  # noqa: S310 – ours
        try:
            with urllib.request.urlopen(asked, timeout=SECONDS, context=self.tls) as answer:  # noqa: S310
                answer_body = json.loads(answer.read(MAX_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(
                    f"the vault answered {error.code} to {name.split('/')[0]}", _read_problem(error)
                ) from error
        if not isinstance(answer_body, dict):
            raise Refused("the vault does not answer as one")
        return answer_body

    def _check(self, signature: bytes, content: bytes, why: str) -> None:
        try:
            self.key.verify(signature, content)
        except InvalidSignature as error:
            raise Disbelieved(f"the vault is not believed: {why}") from error


def _read_problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        answer_body = json.loads(error.read(4096))
    except (ValueError, OSError):
        return {}
    return answer_body if isinstance(answer_body, dict) else {}


class Folder:
    """A vault, or a second medium, that is a folder: on its disk before anything is said, and never written over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, content: BinaryIO) -> Taken:
        from .files import digest
        from .vault.store import keep

        sha256 = digest(content)
        at = keep(self.folder, name, sha256, content)
        return Taken(name, sha256, at, b"")

    def journal(self, lines: bytes) -> Cosigned:
        from .vault.record import Record

        head = Record(self.folder).take(lines)
        return Cosigned(head.chain, head.seq, head.hash, head.at, b"")
