"""The node list of this installation: the newest one its database or its file holds, and who is on it."""

from __future__ import annotations

import base64
import logging
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

from core.db.locks import take_lock

from . import keys, node_list
from .entry import second_of
from .models import Chain, Entry, NodeListVersion
from .node_list import EMPTY, ListedChain, ListRefused, NodeList

logger = logging.getLogger(__name__)


def trusted_key() -> bytes | None:
    """The key that signs the list (32 bytes); None when this installation uses no list."""
    if settings.NODE_LIST_KEY:
        return base64.b64decode(settings.NODE_LIST_KEY, validate=True)
    if settings.DEMO and Path(settings.NODE_LIST_DEMO_KEY_FILE).exists():
        return demo_key().public_key().public_bytes_raw()
    return None


def demo_key() -> Ed25519PrivateKey:
    """The demo signs its list itself; elsewhere this key is kept by people, away from every node."""
    return keys.load("", str(settings.NODE_LIST_DEMO_KEY_FILE), True)


def current() -> NodeList | None:
    """The newest list with a good signature; None when there is none, or none is used here."""
    lists = _newest()
    return lists[0] if lists else None


def current_signed() -> str | None:
    """The file of `current`, as it was signed."""
    lists = _newest()
    return lists[1] if lists else None


def _newest() -> tuple[NodeList, str] | None:
    trusted = trusted_key()
    if trusted is None:
        return None
    lists = [(content, text) for text in _held() if (content := _read(text, trusted))]
    return max(lists, key=lambda pair: pair[0].version, default=None)


def _held() -> list[str]:
    """The list of the database, and of the file that was carried here: after a loss only that may be left."""
    texts = list(NodeListVersion.objects.order_by("-version").values_list("document", flat=True)[:1])
    carried = Path(settings.NODE_LIST_FILE)
    if carried.is_file() and carried.stat().st_size <= node_list.MAX_BYTES:
        texts.append(carried.read_text(encoding="utf-8", errors="replace"))
    return texts


def _read(text: str, trusted: bytes) -> NodeList | None:
    try:
        return node_list.read_signed(text, trusted)
    except ListRefused as refused:
        logger.error("a node list was left aside: %s", refused)
        return None


def take(text: str, now: datetime) -> NodeList:
    """Use this signed list from now on. The same one again changes nothing; ListRefused when it may not be used."""
    trusted = trusted_key()
    if trusted is None:
        raise ListRefused("NODE_LIST_KEY is not set: this installation does not know who signs its list")
    new = node_list.read_signed(text, trusted)
    with transaction.atomic():
        take_lock("node list")
        old = current() or EMPTY
        if new == old:
            return old
        node_list.refuse_unless_follows(new, old)
        NodeListVersion.objects.create(version=new.version, document=text, taken_at=now)
    return new


def draft(now: datetime) -> NodeList:
    """The next version: the list as it is, and this database's chains that are not on it yet."""
    listed = current() or EMPTY
    added = [_listed(chain) for chain in Chain.objects.order_by("pk") if str(chain) not in listed.chains]
    return listed.next_version(added, now)


def _listed(chain: Chain) -> ListedChain:
    """From its first entry: a chain is begun with it."""
    first = Entry.objects.filter(chain=chain, seq=1).values_list("at", flat=True).first()
    since = second_of(first) if first else "1970-01-01T00:00:00Z"
    return ListedChain(str(chain), base64.b64encode(bytes(chain.public_key)).decode(), since)


def publish_for_demo(now: datetime) -> NodeList:
    """Put the chains of a demo on its list; nothing when they are there."""
    key = demo_key()
    listed, new = current() or EMPTY, draft(now)
    return listed if new.chains == listed.chains else take(node_list.sign(new, key), now)
