"""Log lines carry the request's id and no personal data."""

from __future__ import annotations

import logging
import re
from typing import Any

from core.tracing import request_id

# What could name a person or open their file, wherever it turns up in a message.
_PERSONAL = re.compile(
    r"[^\s@<>\"']+@[^\s@<>\"']+\.\w+"  # addresses of e-mail; of servers, with their passwords
    r"|\+?\d{7,}|\d{4} \d{4}"  # IDs, mobiles, deeds, PINs, in any digits
    r"|[\u0600-\u06ff](?:[\s\u0600-\u06ff]*[\u0600-\u06ff])?"  # our messages are English
    r"|(?:%[0-9A-Fa-f]{2}|\\u[0-9a-f]{4})+"
    r"|(?<=/verify/)[A-Za-z0-9_-]{20,}"
    r"|(?<=\?)[^\s\"']+"
    r"|(?<=Error handling request )\S+"
)
# Values as errors quote them: 'x', "x", and PostgreSQL's (column)=(x).
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|(?<==)\(.*\)")
_REFERENCE = re.compile(r"[A-Z][0-9A-Z][A-Z]-1[0-9]{3}-[0-9]{6,9}-[0-9A-Z]")


class Context(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class NoPersonalData(logging.Filter):
    """Blanks what could name a person. The request object itself is dropped from the record."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if request := record.__dict__.pop("request", None):
            text = _with_route(text, request)
        if record.name.startswith("gunicorn"):
            text = _QUOTED.sub("…", text)
        elif record.name.startswith("waitress"):
            # It writes addresses as they were typed.
            text = text.partition(" serving ")[0]
        record.msg = _PERSONAL.sub("…", text)
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _without_values(record.exc_text)
            record.exc_info = None
        return True


def _with_route(text: str, request: Any) -> str:
    """The address as it is declared and the reference in it, since anything can be typed into an address."""
    path, match = getattr(request, "path", ""), getattr(request, "resolver_match", None)
    if len(path) < 2:
        return text
    route = f"/{match.route}" if match else "an unknown address"
    address = " ".join([route, *_REFERENCE.findall(path)])
    # Django writes what is not ASCII as escapes.
    return text.replace(path, address).replace(path.encode("unicode_escape").decode("ascii"), address)


def _without_values(trace: str) -> str:
    """Frames and lines of code stay; what the errors say loses the values they quote."""
    lines = trace.splitlines()
    redacted = [line if line.startswith(" ") else _QUOTED.sub("…", line) for line in lines]
    return _PERSONAL.sub("…", "\n".join(redacted))
