"""Sending what bodies are asked, by the outbox: again and again with one key, until it is taken or went by letter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.sms import MessageRefused
from core import outside_http, signatures
from core.outside_http import Refused
from core.text import is_storable
from transactions.domain.gates import Operation
from transactions.incidents import gates
from transactions.outbox import queue

from .answers import record_message
from .bodies import Place, place_of
from .messages import canonical, message_of, person_of, sha256
from .models import Channel, Referral
from .progress import ACKNOWLEDGED, SENT
from .referrals import KIND, is_dropped

# The body says that this message is wrong. Anything else (a secret that was changed, say) may be mended meanwhile.
REJECTED = frozenset({400, 409, 410, 413, 415, 422})
MAX_NUMBER = 60


@queue.register_handler(KIND, attempts=queue.MAX_ATTEMPTS_IN_A_MONTH, outside=True)
def send(referral_id: int, now: datetime) -> Exception | None:
    """Send a referral that was not sent yet. While its body rests, the job waits and does not count as failed.

    What was taken is recorded after the answer: whoever dies between sends it again under the same key.
    """
    referral = Referral.objects.select_related("transaction__applicant").get(pk=referral_id)
    if referral.sent_at is not None or referral.rejected or is_dropped(referral):
        return None
    place = place_of(referral.body)
    if not place.url:
        return None  # it stands in the list of letters
    gates.refuse_if_closed(Operation.MESSAGES, now=now)
    content = _frozen(referral)
    try:
        number = _ask(referral, place, canonical(content | {"person": person_of(referral.transaction)}), now)
    except Refused as refused:
        if refused.answer.status not in REJECTED:
            raise
        Referral.objects.filter(pk=referral.pk).update(rejected=f"HTTP {refused.answer.status}")
        raise MessageRefused(str(refused)) from refused
    _record_answer(referral, number, now)
    return None


def _frozen(referral: Referral) -> dict[str, Any]:
    """The message as it was first made: a second try says the same, whatever was changed since."""
    if referral.content is None:
        content = message_of(referral)
        digest = sha256(canonical(content))
        if not Referral.objects.filter(pk=referral.pk, content__isnull=True).update(
            content=content, content_sha256=digest
        ):
            referral.refresh_from_db(fields=["content"])
            return dict(referral.content or {})
        return content
    return dict(referral.content)


def _ask(referral: Referral, place: Place, content: bytes, now: datetime) -> str:
    """The body's own number where it gives one at once; empty where it only took the message."""

    def understand(answer: outside_http.Answer) -> str:
        answered = answer.mapping()
        if answered["message"] != str(referral.key):
            raise ValueError("it speaks of another message")
        number = str(answered.get("number") or "")
        if not is_storable(number):
            raise ValueError("its number is none")
        return number[:MAX_NUMBER]

    return outside_http.ask(
        referral.body,
        referral.code,
        f"{place.url}/messages",
        understand=understand,
        content=content,
        headers={
            "Content-Type": "application/json",
            signatures.HEADER: signatures.sign(place.secret, signatures.TO_BODY, content, now.timestamp()),
        },
        key=str(referral.key),
        ca_file=settings.OUTSIDE_CA_FILE,
        client_certificate=settings.OUTSIDE_CERTIFICATE,
    )


def _record_answer(referral: Referral, number: str, now: datetime) -> None:
    _record(referral, f"sent:{referral.key}", SENT, "", now)
    if number:
        _record(referral, f"taken:{referral.key}", ACKNOWLEDGED, number, now)


def _record(referral: Referral, key: str, kind: str, number: str, now: datetime) -> None:
    record_message(
        body=referral.body,
        key=key,
        about=referral.transaction.reference,
        kind=kind,
        number=number,
        happened_at=now,
        now=now,
        channel=Channel.ANSWER,
        referral=referral,
    )
