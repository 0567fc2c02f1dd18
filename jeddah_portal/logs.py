"""Log lines carry the request's id and no personal data."""

from __future__ import annotations

import logging
import re

from transactions.tracing import request_id

# IDs, mobiles, tokens of receipts and the query part of a URL, wherever they turn up in a message.
_PERSONAL = re.compile(
    r"(?<![0-9])[12][0-9]{9}(?![0-9])"
    r"|(?:\+?966|00966|0)5[0-9]{8}"
    r"|(?<=/verify/)[A-Za-z0-9_-]{20,}"
    r"|(?<=\?)[^\s\"']+"
)


class Context(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class NoPersonalData(logging.Filter):
    """Blanks what could name a person. The request object itself is dropped from the record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _PERSONAL.sub("…", record.getMessage())
        record.args = ()
        record.__dict__.pop("request", None)
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _PERSONAL.sub("…", record.exc_text)
            record.exc_info = None
        return True
