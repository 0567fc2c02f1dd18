"""What the provider of the national sign-on is asked, and what it says. Every call ends within seconds (outside_http).

`POST …/mfa/request` begins one, `POST …/mfa/request/status` asks how it stands, `GET …/mfa/jwk` gives the keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings

from core import outside_http
from core.outside_http import Answer, NotUnderstood, OutsideError, Refused
from core.text import is_storable

from .keys import KeyRing

BODY: Final = "sign_on"
PATH = "/api/v1/mfa"
STATES = frozenset({"WAITING", "COMPLETED", "REJECTED", "EXPIRED"})


@dataclass(frozen=True)
class Begun:
    """The provider's own number of a request, and what the person picks in the app."""

    transaction_id: str
    number: str


@dataclass(frozen=True)
class ProviderStatus:
    """How a request stands: one of STATES, and the token once there is one."""

    state: str
    token: str = ""


class ActiveTransaction(Exception):
    """The person has a question open in the app already."""


class Declined(Exception):
    """The provider says no, for another reason than an open question: it does not know the person, or us."""


def is_configured() -> bool:
    """Is there a provider at all? Without one no page speaks of it."""
    return bool(settings.SIGN_ON_URL)


def is_simulated() -> bool:
    return bool(settings.SIGN_ON_URL) and settings.SIGN_ON_SIMULATED


def app_address() -> str:
    """Where the simulator plays the app; the real one is on a phone."""
    return f"{settings.SIGN_ON_URL}/" if is_simulated() else ""


def is_away() -> bool:
    """Has it failed so often that it is left alone just now?"""
    return is_configured() and outside_http.open_circuit(BODY) is not None


def begin(national_id: str, key: UUID, *, language: str) -> Begun:
    """Have the app ask this person. OutsideError while it is away, ActiveTransaction, Declined."""
    place = urlencode({"local": language, "requestId": str(key)})
    body = {"nationalId": national_id, "service": settings.SIGN_ON_SERVICE}
    try:
        return _ask("begin", f"/request?{place}", body, _begun, key=str(key))
    except Refused as refused:
        if refused.answer.status == 400 and b"active transaction" in refused.answer.content.lower():
            raise ActiveTransaction from refused
        raise Declined from refused


def ask_status(national_id: str, transaction_id: str, number: str) -> ProviderStatus:
    """How a request stands. OutsideError while the provider is away, Declined when it knows no such request."""
    body = {"nationalId": national_id, "transId": transaction_id, "random": number}
    try:
        return _ask("status", "/request/status", body, _read_status)
    except Refused as refused:
        raise Declined from refused


def fetch_keys() -> list[Any]:
    """The members of the provider's JWK set. OutsideError."""
    return _ask("keys", "/jwk", None, _members)


KEYS = KeyRing(fetch_keys, (OutsideError,))


def _ask(what: str, path: str, body: dict[str, str] | None, understand: Any, *, key: str = "") -> Any:
    headers = {"APP-ID": settings.SIGN_ON_APP_ID, "APP-KEY": settings.SIGN_ON_APP_KEY}
    return outside_http.ask(
        BODY,
        what,
        f"{settings.SIGN_ON_URL}{PATH}{path}",
        understand=understand,
        method="GET" if body is None else "POST",
        content=body,
        headers=headers,
        key=key,
        ca_file=settings.SIGN_ON_CA_FILE,
    )


def _begun(answer: Answer) -> Begun:
    content = answer.mapping()
    transaction_id, number = content["transId"], str(content["random"])
    if not isinstance(transaction_id, str) or not 1 <= len(transaction_id) <= 100 or not is_storable(transaction_id):
        raise NotUnderstood(BODY, "its transId is none")
    if not (number.isascii() and number.isdecimal() and len(number) <= 4):
        raise NotUnderstood(BODY, "its random number is none")
    return Begun(transaction_id, number.zfill(2))


def _read_status(answer: Answer) -> ProviderStatus:
    content = answer.mapping()
    state, token = content["status"], content.get("token") or ""
    if state not in STATES or not isinstance(token, str):
        raise NotUnderstood(BODY, "its status is none")
    return ProviderStatus(state, token)


def _members(answer: Answer) -> list[Any]:
    members = answer.mapping()["keys"]
    if not isinstance(members, list):
        raise NotUnderstood(BODY, "its keys are none")
    return members
