"""What programs outside send us by themselves: bounded, signed where they can sign, one JSON object we can keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from .signatures import BadSignature
from .text import is_storable

MAX_BYTES = 64 * 1024
# No message of any interface is nested deeper.
MAX_DEPTH = 12


class Why(StrEnum):
    """Why a message is not taken; each view has its own words and status for it."""

    TOO_LONG = "too_long"
    NOT_SIGNED = "not_signed"
    NOT_READABLE = "not_readable"


class NotTaken(Exception):
    """Nothing of the message counts. `why`, and a sentence for whoever wrote the program that sent it."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why, self.detail = why, detail


def read_object(
    request: HttpRequest, *, check: Callable[[bytes], None] = lambda content: None, most: int = MAX_BYTES
) -> dict[str, Any]:
    """The JSON object in a request, not read before `check` has found its bytes signed (BadSignature when not).

    NotTaken when it is longer than `most` bytes, not signed, no JSON object, or holds text that no database takes.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise NotTaken(Why.NOT_READABLE, "Content-Length is no number.")
    if int(length) > most:
        raise NotTaken(Why.TOO_LONG, f"A message has at most {most} bytes.")
    try:
        content = request.body
    except RequestDataTooBig:
        content = b" " * (most + 1)
    if len(content) > most:
        raise NotTaken(Why.TOO_LONG, f"A message has at most {most} bytes.")
    try:
        check(content)
    except BadSignature as bad:
        raise NotTaken(Why.NOT_SIGNED, f"The signature is not as it should be: {bad}.") from bad
    try:
        message = json.loads(content)
    except (ValueError, RecursionError):
        raise NotTaken(Why.NOT_READABLE, "The content is no JSON.") from None
    if not isinstance(message, dict):
        raise NotTaken(Why.NOT_READABLE, "The content is no JSON object.")
    if not _is_text(message, MAX_DEPTH):
        raise NotTaken(Why.NOT_READABLE, "It is nested too deeply, or holds a NUL or half a character.")
    return message


def _is_text(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, dict):
        return depth > 0 and all(is_storable(name) and _is_text(inner, depth - 1) for name, inner in value.items())
    if isinstance(value, list):
        return depth > 0 and all(_is_text(inner, depth - 1) for inner in value)
    return True
