"""What this box is, by its enrolment, and what it heard of the centre since. Only on a box."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from journal import node_list
from journal.node_list import ListRefused

from .. import enrolment, words
from ..models import Word


@lru_cache(maxsize=4)
def _read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


def enrolled() -> dict[str, Any]:
    """What the enrolment says of this box. FileNotFoundError before `bin/office setup`."""
    return _read(str(settings.OFFICE_FILE))


def age_identity() -> str:
    """Opens what the centre seals for this box."""
    return (Path(settings.OFFICE_KEYS) / enrolment.AGE_KEY).read_text(encoding="ascii").strip()


def trusted() -> dict[str, bytes]:
    """The keys of the centre's chains by name: those of the enrolment, and those a node list we trust named since."""
    content = enrolled()
    known = {chain: base64.b64decode(key) for chain, key in content["centre_keys"].items()}
    text = last_word(words.NEWS).get("node_list", "")
    if not (text and content["node_list_key"]):
        return known
    try:
        listed = node_list.read_signed(text, base64.b64decode(content["node_list_key"]))
    except ListRefused:
        return known
    nodes = {chain[:2] for chain in known}
    known |= {name: row.raw_key for name, row in listed.chains.items() if name[:2] in nodes}
    return {name: key for name, key in known.items() if not (name in listed.chains and listed.chains[name].ended)}


def last_word(kind: str) -> dict[str, Any]:
    """The last word of this kind that was believed; empty when there was none."""
    body: dict[str, Any] | None = Word.objects.filter(kind=kind).values_list("body", flat=True).first()
    return body or {}


def heard_at() -> datetime | None:
    """By the centre's clock: when it last said anything that we have."""
    moments = [parse_datetime(str(body.get("at", ""))) for body in Word.objects.values_list("body", flat=True)]
    return max((at for at in moments if at is not None), default=None)


def news_valid_until() -> datetime | None:
    """So long the clerks named in the last news may take requests here."""
    return parse_datetime(str(last_word(words.NEWS).get("valid_until", "")))


def is_news_too_old(now: datetime) -> bool:
    """Who works here, and which services are closed, is not known well enough any more."""
    until = news_valid_until()
    return until is not None and until < now


def ended_why() -> str:
    """Why the centre ended this box, as far as it was heard here; empty while it is in use."""
    state = str(last_word(words.ACKNOWLEDGED).get("state", "active"))
    return "" if state == "active" else state
