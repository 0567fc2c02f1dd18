"""A box as the centre sees it: a key, a chain, and deliveries in the form of boxes/bundle.py. The real one, with its
own database, is started in test_office.py.
"""

from __future__ import annotations

import base64
import copy
import io
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boxes import bundle
from boxes.models import Box, Delivered
from journal.entry import GENESIS, body_of, link, person_mark, second_of
from journal.verify import Line
from municipality.models import Office
from transactions.answers.cleaning import clean_answers
from transactions.domain import service_types
from transactions.domain.content import answers_hash
from transactions.domain.references import Reference
from transactions.outbox import queue

from ..conftest import ANSWERS, NOW, national_id, pdf, picture

SERVICE = "electricity-connection"
NAME = "محمد سالم العتيبي"


def answered() -> dict[str, Any]:
    """As the form of a box accepts them."""
    return clean_answers(service_types.get(SERVICE), ANSWERS[SERVICE], NOW.date()).values


@dataclass
class Receipt:
    """What a visitor holds, and what the machine keeps of it."""

    reference: str
    hash: str
    text: bytes
    files: list[bytes]
    clear: dict[str, list[bytes]]
    content: dict[str, Any]


@dataclass
class Machine:
    node: str
    key: Ed25519PrivateKey
    recipient: str
    clerk: str
    office: str = "SC01"
    letter: str = "A"
    drawn: int = 1000
    seq: int = 0
    head: bytes = GENESIS
    heard: datetime | None = None
    receipts: list[Receipt] = field(default_factory=list)

    def clone(self) -> Machine:
        """A copy of its disk, started elsewhere: it draws other numbers."""
        other = copy.copy(self)
        other.receipts, other.drawn = list(self.receipts), self.drawn + 1
        return other

    def take(self, at: datetime = NOW, person: int = 500, **changed: Any) -> Receipt:
        """A visitor's request, with its files. `changed` spoils what is promised, sealed or signed."""
        number = changed.get("serial", self.seq + 1)
        reference = changed.get("reference") or str(
            Reference(self.node, self.letter, 1448, self.drawn * 100_000 + number)
        )
        answers, visitor = answered(), national_id(person)
        clear = {name: [pdf()] for name in ("ownership_doc", "id_copy", "croquis")} | {"facade_photo": [picture()] * 2}
        files, sealed = self._seal(clear)
        salt = f"{self.node}{number:030d}"
        facts: dict[str, Any] = {
            "service": SERVICE,
            "channel": "counter",
            "for": person_mark(salt, visitor),
            "content": answers_hash(salt, answers, [str(file["sha256"]) for file in files]),
            "files": len(files),
        }
        if self.heard:
            facts["heard"] = second_of(self.heard)
        content = {
            "service": SERVICE, "answers": answers, "language": "ar", "salt": salt, "key": f"draft:{number}",
            "clerk": self.clerk, "office": self.office, "files": files,
            "visitor": {"national_id": visitor, "full_name": NAME, "phone": "+966500000500", "email": ""},
        } | changed.get("content", {})  # fmt: skip
        text = self.enter("received", reference, facts, at, content, sealed)
        receipt = Receipt(reference, self.head.hex(), text, sealed, clear, content)
        self.receipts.append(receipt)
        return receipt

    def _seal(self, clear: dict[str, list[bytes]]) -> tuple[list[dict[str, str]], list[bytes]]:
        files, sealed = [], []
        for document, contents in clear.items():
            for which, content in enumerate(contents):
                hidden = bundle.seal(content, self.recipient)
                sealed.append(hidden)
                files.append({
                    "sealed": bundle.digest(hidden), "sha256": bundle.digest(content), "document": document,
                    "name": f"{document}-{which}", "content_type": "application/octet-stream",
                })  # fmt: skip
        return files, sealed

    def seal_anew(self, receipt: Receipt) -> Receipt:
        """The same entry, for one whose sealed files were lost on the second disk."""
        files, sealed = self._seal(receipt.clear)
        line = bundle.read_entry(receipt.text).line
        hidden = bundle.seal(json.dumps(receipt.content | {"files": files}).encode(), self.recipient)
        named = [bundle.SealedFile(bundle.digest(file), len(file)) for file in sealed]
        return replace(receipt, text=bundle.write_entry(line, hidden, named, self.key), files=sealed)

    def enter(
        self, kind: str, subject: str, facts: dict[str, Any], at: datetime, content: Any = None, sealed: Any = ()
    ) -> bytes:
        """The next entry of its chain, signed."""
        self.seq += 1
        body = body_of(
            kind=kind, subject=subject, facts=facts, node=self.node, incarnation=self.letter, seq=self.seq, at=at
        )
        previous, self.head = self.head, link(self.head, body)
        public = self.key.public_key().public_bytes_raw()
        line = Line(f"{self.node}{self.letter}", public, self.seq, previous, self.head, self.key.sign(self.head), body)
        hidden = bundle.seal(json.dumps(content, ensure_ascii=False).encode(), self.recipient) if content else b""
        named = [bundle.SealedFile(bundle.digest(file), len(file)) for file in sealed]
        return bundle.write_entry(line, hidden, named, self.key)


def file_frame(sealed: bytes) -> bytes:
    """A file as it is delivered."""
    file = bundle.SealedFile(bundle.digest(sealed), len(sealed))
    return b"".join(bundle.file_frame(file, io.BytesIO(sealed)))


def delivery(*receipts: Receipt) -> bytes:
    """As on a stick: each entry with its files."""
    out = io.BytesIO()
    for receipt in receipts:
        out.write(bundle.entry_frame(receipt.text))
        out.writelines(map(file_frame, receipt.files))
    return out.getvalue()


def machine_of(content: dict[str, Any], clerk: str) -> Machine:
    """The machine that was set up from what an enrolment holds."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(content["private"]["journal_key"]))
    return Machine(content["node"], key, content["centre_recipient"], clerk, office=content["office"])


def ready_made(cast: Any, node: str = "B0") -> Machine:
    """A box in use, without the enrolment file."""
    from boxes.centre import secrets

    key = Ed25519PrivateKey.generate()
    Box.objects.create(
        node=node,
        office=Office.objects.get(code="SC01"),
        name="Counter",
        created_at=NOW,
        created_by=cast.administrator,
        enrolled_at=NOW,
        public_key=key.public_key().public_bytes_raw(),
        recipient=secrets.recipient(),
    )
    return Machine(node, key, secrets.recipient(), cast.clerk.national_id)


def in_quarantine(cast: Any) -> Delivered:
    """A delivery that waits for a person, of a box in use, and a request that came from it."""
    from boxes.centre import receiving

    machine = ready_made(cast)
    content = delivery(machine.take(content={"clerk": "1000000008"}), machine.take(person=501))
    receiving.receive(io.BytesIO(content), by_stick=True, now=NOW)
    queue.process_kind(receiving.KIND, NOW + timedelta(seconds=1))
    return Delivered.objects.get(state=Delivered.State.QUARANTINED)
