"""Short messages through whatever SMS_BACKEND names: a callable (phone, text, key) that returns once it is taken.

A message that is sent again after a crash carries the same `key`, so that the gateway may drop the second one.
"""

from __future__ import annotations

import itertools
import time
import uuid
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from core.text import without_marks

_count = itertools.count()


class MessageRefused(Exception):
    """Raised by a backend, or for mail by a server's answer: this message will never be taken, however often it is sent
    (the number does not exist, the address is unknown). Anything else a backend raises is tried again for a month."""


def send_sms(phone: str, text: str, *, key: str = "") -> str:
    """Send one message; returns what the gateway calls it, if it says so. Backends must bound every outside call by a
    timeout and raise when it was not taken: `MessageRefused` when it never will be.
    """
    return str(import_string(settings.SMS_BACKEND)(phone, gsm_text(text), key or uuid.uuid4().hex) or "")


def gsm_text(text: str) -> str:
    """A message as it goes out: nothing invisible, and, where its letters allow, nothing that GSM-7 lacks.

    One such sign makes every character cost double, so a long dash is sent as a short one rather.
    """
    text = without_marks(text)
    simple = text.translate(_SIMPLER)
    return simple if set(simple) <= GSM_7 else text


def count_parts(text: str) -> int:
    """In how many parts a message goes out, each of which is paid for: 160 characters of GSM-7 or 70 of UCS-2 fit into
    one; of several each holds seven or three fewer. What GSM-7 has only in its extension counts double.
    """
    sent = gsm_text(text)
    if set(sent) <= GSM_7:
        length, alone, joined = sum(2 if sign in GSM_7_EXTENSION else 1 for sign in sent), 160, 153
    else:
        length, alone, joined = len(sent.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= alone else -(-length // joined)


# 3GPP TS 23.038, with its extension; a message of other characters is sent as UCS-2.
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
GSM_7_EXTENSION = frozenset("^{}\\[~]|€")
_SIMPLER = str.maketrans(
    {"–": "-", "—": "-", "‑": "-", "“": '"', "”": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "…": "...", "²": "2"}
    | dict.fromkeys("\u00a0\u202f\u2009", " ")
)


def can_reach(phone: str) -> bool:
    """Is SMS sent to this mobile? Whoever has another is told by e-mail."""
    return phone.startswith(tuple(settings.SMS_PREFIXES))


def folder_shown() -> str:
    """Where `to_file` puts messages, as one writes it standing in the folder of the project."""
    folder, project = Path(settings.SMS_DIR), Path(settings.BASE_DIR)
    return str(folder.relative_to(project) if folder.is_relative_to(project) else folder)


def to_file(phone: str, text: str, key: str) -> None:
    """For demo and development: one file a message under SMS_DIR."""
    folder = Path(settings.SMS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns()}-{next(_count)}-{phone}.txt"
    (folder / name).write_text(f"{phone}\n{text}\n", encoding="utf-8")
