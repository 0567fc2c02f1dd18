"""The box brings the centre what it took, and asks for news. Nothing here is lost by trying again."""

from __future__ import annotations

import http.client
import logging
import ssl
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from core.outside_http import ON_THIS_MACHINE
from core.outside_link import Deadline, open_link
from journal import keys

from .. import bundle, words
from ..models import Word
from . import outgoing, state, taking_news

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 3.0
# A file of 50 MB over a poor line; the answer itself takes the centre a moment.
ANSWER_SECONDS = 300.0
AT_ONCE = 50
DELIVERIES = "/boxes/deliveries/"


class CentreUnavailable(Exception):
    """The centre does not answer, or something in its place does that is not the centre."""


class NotKept(CentreUnavailable):
    """The centre answers, and does not take this entry."""


def deliver(now: datetime) -> int:
    """Bring some of what is unconfirmed; returns how many entries were confirmed. One that the centre does not take
    holds up none behind it. CentreUnavailable; OSError.
    """
    done, kept_back = 0, None
    for number, place in enumerate(outgoing.unconfirmed()):
        if number == AT_ONCE:
            break
        try:
            done += _bring(place.read_bytes(), now)
        except NotKept as error:
            logger.critical("the centre does not take an entry: %s", error, extra={"entry": place.name})
            outgoing.rewrite_damaged(place, now)
            kept_back = error
    if kept_back:
        raise kept_back
    return done


def _bring(text: bytes, now: datetime) -> int:
    answer = take_acknowledgement(_post(DELIVERIES, bundle.entry_frame(text)), now)
    done = outgoing.confirm(answer["kept"], now)
    wanted = set(answer["wanted"])
    for file in bundle.read_entry(text).files:
        if file.sha256 in wanted:
            done += outgoing.confirm(take_acknowledgement(_post_file(file), now)["kept"], now)
    return done


def _post_file(file: bundle.SealedFile) -> bytes:
    place = outgoing.file_of(file.sha256)
    try:
        content = place.open("rb")
    except FileNotFoundError:
        raise NotKept(f"its file {file.sha256} is not on the second disk") from None
    with content:
        return _post(DELIVERIES, bundle.file_frame(file, content), bundle.length_of_frame(file))


def take_acknowledgement(text: bytes | str, now: datetime) -> dict[str, Any]:
    """The centre's signed word of what it has, over the network or on a stick. CentreUnavailable
    when it is not the centre's.
    """
    try:
        body = words.read(words.ACKNOWLEDGED, text, state.trusted())
        message: dict[str, Any] = {
            "kept": list(map(str, body["kept"])),
            "wanted": list(map(str, body["wanted"])),
            "at": str(body["at"]),
        }
        ours = body["box"] == _name()
        hashes = [bytes.fromhex(digest) for digest in message["kept"]]
    except (words.NotBelieved, KeyError, TypeError, ValueError) as error:
        raise CentreUnavailable(f"no word of the centre's: {error}") from error
    if not ours or any(len(digest) != 32 for digest in hashes):
        raise CentreUnavailable("a word to another box")
    with transaction.atomic():
        before = state.last_word(words.ACKNOWLEDGED)
        # A box that was ended stays so, whatever older word is brought later.
        kept_state = before.get("state", "active")
        word = {"at": max(message["at"], str(before.get("at", ""))), "seq": body["seq"], "refused": body["refused"]}
        word["state"] = kept_state if kept_state != "active" else str(body["state"])
        Word.objects.update_or_create(kind=words.ACKNOWLEDGED, defaults={"body": word, "at": now})
    if body["refused"]:
        logger.error("the centre refused a delivery", extra={"why": body["refused"]})
    return message


def fetch_news(now: datetime) -> bool:
    """Ask the centre for news; True when there was something newer. CentreUnavailable."""
    asked = words.sign(words.ASKED, {"box": _name()}, _name(), keys.signing_key())
    return taking_news.take(_post("/boxes/news/", asked.encode()), now)


def _name() -> str:
    content = state.enrolled()
    return f"{content['node']}{content['letter']}"


def _post(path: str, content: bytes | Iterator[bytes], length: int = 0) -> bytes:
    url = urlsplit(state.enrolled()["centre"])
    if url.scheme != "https" and url.hostname not in ON_THIS_MACHINE:
        raise ImproperlyConfigured("the centre of this box is asked without TLS; its address must begin with https://")
    tls = ssl.create_default_context(cafile=settings.OFFICE_CA_FILE or None) if url.scheme == "https" else None
    headers = {"Content-Type": "application/octet-stream", "Connection": "close", "User-Agent": "jeddah-portal box"}
    headers["Content-Length"] = str(len(content) if isinstance(content, bytes) else length)
    try:
        link = open_link(url, tls, CONNECT_SECONDS)
        try:
            with Deadline(link, ANSWER_SECONDS):
                link.request("POST", path, content, headers)
                answer = link.getresponse()
                text = answer.read(words.MAX_BYTES)
        finally:
            link.close()
    except (OSError, http.client.HTTPException) as error:
        raise CentreUnavailable(f"no answer ({type(error).__name__})") from error
    if answer.status in (400, 413):
        raise NotKept(f"it answered {answer.status}")
    if answer.status != 200:
        raise CentreUnavailable(f"it answered {answer.status}")
    return text
