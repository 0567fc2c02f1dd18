"""What a box delivers: frames, one behind the other, the same over the network and on a stick. No Django.

    frame = "jeddah-portal box 1 entry 1234\n", so many bytes, "\n"
          | "jeddah-portal box 1 file 1234 (their SHA-256)\n", so many bytes, "\n"

An entry is JSON: a line of the box's journal (journal/verify.py), the content of what it promises, sealed with age for
the centre, and the hashes of its files, sealed likewise; all under the signature of the box's key. A file is the sealed
bytes alone. What is cut off is good up to the cut. Nobody needs to hold a file in memory, or to read one that is not
wanted.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journal import verify
from journal.verify import Line

DOMAIN = b"jeddah-portal box entry v1\x00"
ENTRY, FILE = "entry", "file"
MAX_ENTRY_BYTES = 2 << 20
MAX_SEALED_BYTES = 60 << 20
MAX_FILES = 200
PIECE = 1 << 18
_HEAD = re.compile(rb"jeddah-portal box 1 (?:entry ([0-9]{1,9})|file ([0-9]{1,9}) ([0-9a-f]{64}))\n", re.ASCII)
MAX_HEAD_BYTES = 128
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# Node, letter, and the letters that may be drawn with it.
_CHAIN = re.compile(r"[A-Z][0-9A-Z][A-Z](?:[A-Z]{4})?", re.ASCII)
MAX_SEQ = 1 << 53


class BadBundle(ValueError):
    """This is nothing a box of ours delivers; `str` says why, for operators."""


class CutOff(BadBundle):
    """The delivery ends before the frame does."""

    def __init__(self) -> None:
        super().__init__("the delivery is cut off")


@dataclass(frozen=True)
class SealedFile:
    """A file as it is delivered: the SHA-256 and the length of its sealed bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class BoxEntry:
    """One entry as it was delivered."""

    line: Line
    content: bytes
    files: tuple[SealedFile, ...]
    signature: bytes

    @property
    def text(self) -> bytes:
        """The bytes it is written in: what else came in the same JSON is nobody's, and not kept."""
        item = {
            "line": json.loads(verify.write(self.line)),
            "content": base64.b64encode(self.content).decode(),
            "files": [{"sha256": file.sha256, "bytes": file.bytes} for file in self.files],
            "signature": base64.b64encode(self.signature).decode(),
        }
        return json.dumps(item, sort_keys=True).encode()

    def without_content(self) -> bytes:
        """The same bytes with nothing of what it promises: its line and its files are named as before."""
        return replace(self, content=b"").text

    @property
    def body(self) -> dict[str, Any]:
        """What the line of the journal says."""
        body: dict[str, Any] = json.loads(self.line.body)
        return body

    def is_signed_by(self, public_key: bytes) -> bool:
        """Did whoever holds this key sign the entry, the line of the journal and all that comes with it?"""
        if self.line.public_key != public_key or not _hangs_together(self.line):
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(public_key)
            key.verify(self.line.signature, self.line.hash)
            key.verify(self.signature, _signed(self.line.hash, self.content, self.files))
        except (InvalidSignature, ValueError):
            return False
        return True


def _hangs_together(line: Line) -> bool:
    try:
        body = json.loads(line.body.decode())
    except (ValueError, RecursionError):
        return False
    named = isinstance(body, dict) and f"{body.get('node')}{body.get('inc')}" == line.chain
    return (
        named
        and body.get("seq") == line.seq
        and hashlib.sha256(verify.DOMAIN + line.previous + line.body).digest() == line.hash
    )


def _signed(digest: bytes, content: bytes, files: Iterable[SealedFile]) -> bytes:
    named = json.dumps([[file.sha256, file.bytes] for file in files], separators=(",", ":"))
    return DOMAIN + digest + hashlib.sha256(content).digest() + named.encode()


def write_entry(line: Line, content: bytes, files: Iterable[SealedFile], key: Ed25519PrivateKey) -> bytes:
    """The bytes of an entry, signed. `content` is sealed already, and empty for what promises nothing."""
    files = tuple(files)
    return BoxEntry(line, content, files, key.sign(_signed(line.hash, content, files))).text


def read_entry(text: bytes) -> BoxEntry:
    """The entry in these bytes, its signature not asked about yet. BadBundle."""
    if len(text) > MAX_ENTRY_BYTES:
        raise BadBundle("the entry is too long")
    try:
        item = json.loads(text.decode())
        line = next(iter(verify.read([json.dumps(item["line"])])))
        files = tuple(SealedFile(str(file["sha256"]), int(file["bytes"])) for file in item["files"])
        content, signature = (base64.b64decode(item[name], validate=True) for name in ("content", "signature"))
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        StopIteration,
        TypeError,
        ValueError,
    ) as error:
        raise BadBundle(f"no entry of a box ({type(error).__name__})") from error
    if not _CHAIN.fullmatch(line.chain) or not 0 < line.seq < MAX_SEQ:
        raise BadBundle("it has no place in the journal of a box")
    sound = all(_SHA256.fullmatch(file.sha256) and 0 < file.bytes <= MAX_SEALED_BYTES for file in files)
    if len(files) > MAX_FILES or not sound or len({file.sha256 for file in files}) < len(files):
        raise BadBundle("its files are not named as ours are")
    return BoxEntry(line, content, files, signature)


class Frame:
    """A frame while it is read, to its end at most once. `sha256` is empty for an entry."""

    def __init__(self, kind: str, size: int, sha256: str, stream: IO[bytes]) -> None:
        self.kind, self.size, self.sha256 = kind, size, sha256
        self._stream, self._left, self._is_closed = stream, size, False

    def chunks(self) -> Iterator[bytes]:
        """What has not been read of it yet. CutOff."""
        while self._left:
            piece = self._stream.read(min(self._left, PIECE))
            if not piece:
                raise CutOff
            self._left -= len(piece)
            yield piece
        if not self._is_closed:
            self._is_closed = True
            if self._stream.read(1) != b"\n":
                raise CutOff

    def whole(self) -> bytes:
        """All of it, for an entry. CutOff."""
        return b"".join(self.chunks())


def read_frames(stream: IO[bytes]) -> Iterator[Frame]:
    """Each frame; what nobody reads of it is passed over. BadBundle at the first that is cut off or is none."""
    while head := stream.readline(MAX_HEAD_BYTES):
        match = _HEAD.fullmatch(head)
        if match is None and len(head) < MAX_HEAD_BYTES and not head.endswith(b"\n"):
            raise CutOff
        if match is None:
            raise BadBundle("what follows is no frame of a box")
        kind, size = (ENTRY, int(match[1])) if match[1] else (FILE, int(match[2]))
        if size > (MAX_ENTRY_BYTES if kind == ENTRY else MAX_SEALED_BYTES):
            raise BadBundle(f"a frame of {size} bytes is too long")
        frame = Frame(kind, size, (match[3] or b"").decode(), stream)
        yield frame
        for _piece in frame.chunks():
            pass


def entry_frame(text: bytes) -> bytes:
    """An entry, to be delivered."""
    return b"jeddah-portal box 1 entry %d\n%s\n" % (len(text), text)


def file_frame(file: SealedFile, content: IO[bytes]) -> Iterator[bytes]:
    """A file, to be delivered, piece by piece."""
    yield b"jeddah-portal box 1 file %d %s\n" % (file.bytes, file.sha256.encode())
    while piece := content.read(PIECE):
        yield piece
    yield b"\n"


def length_of_frame(file: SealedFile) -> int:
    """How many bytes `file_frame` makes of it."""
    return sum(map(len, file_frame(file, io.BytesIO()))) + file.bytes


def seal(clear: bytes, recipient: str) -> bytes:
    """Encrypt with age for a recipient (age1…)."""
    return bytes(pyrage.encrypt(clear, [pyrage.x25519.Recipient.from_str(recipient)]))


def unseal(sealed: bytes, identity: str) -> bytes:
    """Open what was sealed for this identity. BadBundle when it was not, or was changed since."""
    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)]))
    except pyrage.DecryptError as error:
        raise BadBundle("it was not sealed for us, or was changed since") from error


def digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()
