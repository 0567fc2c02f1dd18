"""A gateway of SMS over HTTPS: SMS_BACKEND=accounts.sms_gateway.send, with SMS_GATEWAY_URL. In the demo its simulator.

We send POST ADDRESS/messages, signed like all messages with bodies outside (core/signatures.py): `key` (the same
message may come again under it), `to`, `text`, `parts`. It answers 2xx with `{"id": …}`: what it calls the message in
its reports.
"""

from __future__ import annotations

import json
import time

from django.conf import settings

from core import outside_http, signatures
from core.outside_http import Answer, Refused
from core.text import is_storable

from . import sms

BODY = "sms"
# The gateway says that this message is wrong; anything else may be mended at either side.
REJECTED = frozenset({400, 410, 413, 422})
MAX_ID = 80


def is_set() -> bool:
    """Do the settings lead to a gateway?"""
    return bool(settings.SMS_GATEWAY.url)


def send(phone: str, text: str, key: str) -> str:
    """Hand one message over; returns the gateway's id. MessageRefused, or outside_http.OutsideError to try again."""
    message = {"key": key, "to": phone, "text": text, "parts": sms.count_parts(text)}
    content = json.dumps(message, ensure_ascii=False).encode()
    place = settings.SMS_GATEWAY
    try:
        return outside_http.ask(
            BODY,
            "message",
            f"{place.url}/messages",
            understand=_id,
            content=content,
            headers={
                "Content-Type": "application/json",
                signatures.HEADER: signatures.sign(place.secret, signatures.TO_BODY, content, time.time()),
            },
            key=key,
            ca_file=settings.OUTSIDE_CA_FILE,
            client_certificate=settings.OUTSIDE_CERTIFICATE,
        )
    except Refused as refused:
        if refused.answer.status in REJECTED:
            raise sms.MessageRefused(f"HTTP {refused.answer.status}") from refused
        raise


def send_in_demo(phone: str, text: str, key: str) -> str:
    """Through the simulator, and into the folder where the demo shows its messages."""
    given = send(phone, text, key)
    sms.to_file(phone, text, key)
    return given


def _id(answer: Answer) -> str:
    given = answer.mapping()["id"]
    if not isinstance(given, str) or not 0 < len(given) <= MAX_ID or not is_storable(given):
        raise ValueError("no id")
    return given
