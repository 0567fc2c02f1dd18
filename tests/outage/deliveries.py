"""Sticks as they should not be, and by what each is noticed."""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boxes import bundle
from boxes.models import Box, Delivered, RefusedDelivery

if TYPE_CHECKING:
    from .boxes import BoxProcess
    from .centre import Centre
    from .truth import Truth

# In the order in which a stick is brought so.
SPOILT = ("cut", "damaged", "forged", "backwards")


def spoil(kind: str, content: bytes, centre: Centre, now: datetime, chance: Random, node: str) -> str:
    """Bring a stick spoilt in this way before the good one; by what it was noticed, empty when by nothing."""
    frames = split(content)
    if kind == "cut":
        whole = chance.randrange(len(frames))
        outcome = centre.receive(
            b"".join(frames[:whole]) + frames[whole][: len(frames[whole]) // 2], now, by_stick=True
        )
        return next((why for why in outcome.refused if "cut off" in why), "")
    if kind == "backwards":
        centre.receive(b"".join(reversed(frames)), now, by_stick=True)
        return ""  # whether it came to the same is seen when the stick comes as it was written
    entries = list(filter(_is_entry, frames))
    text = chance.choice(entries).split(b"\n", 1)[1][:-1]
    before = _refused(node)
    outcome = centre.receive(bundle.entry_frame(_forged(text) if kind == "forged" else _damaged(text)), now,
                             by_stick=True)  # fmt: skip
    return outcome.refused[0] if outcome.refused and not outcome.new and _refused(node) > before else ""


def split(content: bytes) -> list[bytes]:
    """The frames of a delivery, whole."""
    frames = []
    for frame in bundle.read_frames(io.BytesIO(content)):
        body = frame.whole()
        if frame.kind == bundle.ENTRY:
            frames.append(bundle.entry_frame(body))
        else:
            file = bundle.SealedFile(frame.sha256, len(body))
            frames.append(b"".join(bundle.file_frame(file, io.BytesIO(body))))
    return frames


def entries_in(content: bytes) -> int:
    """How many entries of a journal a delivery holds."""
    return sum(map(_is_entry, split(content)))


def _is_entry(frame: bytes) -> bool:
    return frame.startswith(b"jeddah-portal box 1 entry")


def _damaged(text: bytes) -> bytes:
    """One byte of what is sealed in it is another."""
    item = json.loads(text)
    sealed = bytearray(base64.b64decode(item["content"]))
    sealed[len(sealed) // 2] ^= 1
    item["content"] = base64.b64encode(bytes(sealed)).decode()
    return json.dumps(item).encode()


def _forged(text: bytes) -> bytes:
    """The same entry under the key of somebody else."""
    entry = bundle.read_entry(text)
    return bundle.write_entry(entry.line, entry.content, entry.files, Ed25519PrivateKey.generate())


def _refused(node: str) -> int:
    return sum(RefusedDelivery.objects.filter(node=node).values_list("many", flat=True))


def name_what_was_found(truth: Truth, boxes: list[BoxProcess], thief: BoxProcess | None, happened: set[str]) -> None:
    """What of the clock, the copy and the theft is in quarantine with its reason."""
    reasons = {reason: [ref for ref, why in truth.quarantine.items() if why == reason]
               for reason in ("clock", "forked", "ended")}  # fmt: skip
    for wanted in sorted(happened):
        kind, _day, name = wanted.split("/", 2)
        mine = [ref for ref in reasons["clock"] if truth.receipts[ref]["place"] == name]
        truth.wrong(kind, name, f"{len(mine)} in quarantine: clock" if mine else "")
    for box in boxes:
        if box.name.startswith("copy of"):
            ended = Box.objects.get(node=box.node).ended_why
            forked = Delivered.objects.filter(box__node=box.node, reason="forked").count()
            noticed = f"box ended: {ended}; {forked} in quarantine: forked"
            truth.wrong("clone", box.name, noticed if ended == "cloned" and forked else "")
    if thief is not None:
        waits = [ref for ref in reasons["ended"] if truth.receipts[ref]["place"] == "thief"]
        truth.wrong("stolen", thief.name, f"{len(waits)} of the thief's in quarantine: ended" if waits else "")
