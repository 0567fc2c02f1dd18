"""The id that follows one request through web, outbox and task. Set at the edges, read by logs and the outbox."""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
