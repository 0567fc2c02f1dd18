"""gunicorn's worker of ours: nobody who dawdles takes a thread (ADR 16).

Requests are read to their last byte, and answers written, by waitress in one loop that waits for nobody; only what has
come whole is given to one of the few threads that run the portal. gunicorn stays what it was: it binds, starts, counts
and ends processes. What waitress leaves to others is here: how long a request may take to come, and who has to go when
too many are open.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import socket
import time
from http import HTTPStatus
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import Error

from core.units import MIB
from transactions.domain.limits import MAX_BODY_BYTES

logger = logging.getLogger(__name__)
MAX_HEADERS = 64 * 1024
MAX_CONNECTIONS = 2000
SPARE_FILES = 300
"""File descriptors left for databases, files, and bodies that outgrew memory."""
MAX_UNFINISHED = 1024 * MIB
"""Bytes of bodies on their way, all together."""
HEADER_SECONDS = 15
BODY_SECONDS, BODY_BYTES_A_SECOND = 60, 500
"""A body may take a minute, and longer as long as it comes at this pace: a bad line is no attack."""
STOP_SECONDS = 5
"""So long a worker that is to stop waits for requests of which only a part has come."""


# Said before there is a request to read a language from; code and words for programs as in api/errors.py.
WORDS = {
    400: ("bad_request", "ما وصل ناقص أو تالف.", "The data received is incomplete or damaged."),
    413: ("too_long", "حجم ما أُرسل أكبر من المسموح. لم يُحفظ منه شيء.", "This is too large. Nothing was kept of it."),
    431: ("too_long", "العنوان أو ترويسة الطلب أطول من المسموح.", "The address or a header is too long."),
    501: ("bad_request", "طريقة الإرسال غير مدعومة.", "What was sent is in a form we do not read."),
    503: (
        "no_room",
        "تعذّر حفظ ما أُرسل الآن، ولم يُحفظ منه شيء. حاول لاحقًا.",
        "What was sent could not be kept just now. Nothing was kept of it; try again later.",
    ),
}


class Refusal(Error):
    """An answer of the server itself, in words of ours."""

    def __init__(self, code: int, path: str) -> None:
        self.code, self.reason, self.path = code, HTTPStatus(code).phrase, path

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        name, arabic, english = WORDS.get(self.code, WORDS[400])
        kind, body = "text/plain; charset=utf-8", f"{arabic}\n{english}\n"
        if self.path.startswith("/api/"):
            title = english.split(". ")[0].rstrip(".")
            problem = {"type": "about:blank", "title": title, "status": self.code, "detail": english, "code": name}
            kind, body = "application/problem+json", json.dumps(problem)
        return f"{self.code} {self.reason}", [("Content-Type", kind)], body.encode()


class Channel(HTTPChannel):
    """One connection; knows when the request under way was begun."""

    begun = 0.0
    request: Any = None

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.begun = time.time()
        try:
            return bool(super().received(data))
        except OSError:
            # A body that outgrew memory found no room on disk.
            logger.exception("a request could not be kept")
            self._refuse()
            return True

    def _refuse(self) -> None:
        """Answer 503 instead of the request under way, and hear no more of it."""
        with self.requests_lock:
            request, self.request = self.request, None
            request.error = Refusal(503, str(request.path))
            request.completed = True
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)

    def service(self) -> None:
        request = self.requests[0]
        if request.error and not isinstance(request.error, Refusal):
            request.error = Refusal(request.error.code, str(getattr(request, "path", "")))
        super().service()

    def busy(self) -> bool:
        """Is something of it being answered?"""
        return bool(self.requests or self.total_outbufs_len)

    def unfinished_bytes(self) -> int:
        request = self.request
        return 0 if request is None else int(request.body_bytes_received)

    def late(self, now: float) -> bool:
        """Has it taken longer than anybody needs? Whoever waits for our own work is never late."""
        if self.requests:
            return False
        request = self.request
        if request is None or self.total_outbufs_len:
            return bool(now - self.last_activity > self.adj.channel_timeout)
        if not request.headers_finished:
            return now - self.begun > HEADER_SECONDS
        return now - self.begun > BODY_SECONDS + request.body_bytes_received / BODY_BYTES_A_SECOND


class Keeper:
    """Mixed into a server of waitress: looks after its channels once a second."""

    channel_class = Channel
    active_channels: dict[int, Channel]
    adj: Adjustments

    def maintenance(self, now: float) -> None:
        open_now = list(self.active_channels.values())
        waiting = [channel for channel in open_now if not channel.busy()]
        for channel in open_now:
            if channel.late(now):
                channel.will_close = True
        too_many = len(open_now) - self.adj.connection_limit * 9 // 10
        if too_many > 0:
            for channel in sorted(waiting, key=lambda channel: channel.creation_time)[:too_many]:
                channel.will_close = True
        unfinished = sum(channel.unfinished_bytes() for channel in waiting)
        for channel in sorted(waiting, key=Channel.unfinished_bytes, reverse=True):
            if unfinished <= MAX_UNFINISHED:
                break
            channel.will_close = True
            unfinished -= channel.unfinished_bytes()


class TcpServer(Keeper, TcpWSGIServer):
    """On an address and port."""


class UnixServer(Keeper, UnixWSGIServer):
    """On a socket of the file system."""


class BufferedWorker(Worker):
    """`threads` of gunicorn says how many requests are answered at once."""

    def run(self) -> None:
        # How many wait is seen in the seconds requests take; a line for each would fill the log when it is full anyway.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        adjustments = Adjustments(
            threads=self.cfg.threads,
            connection_limit=_connections(),
            cleanup_interval=1,
            # Of a connection on which nothing was begun, or on which nobody reads the answer.
            channel_timeout=self.cfg.keepalive,
            max_request_body_size=MAX_BODY_BYTES,
            max_request_header_size=MAX_HEADERS,
            # An answer that outgrows memory goes to disk, so that no thread waits for whoever reads it slowly.
            outbuf_high_watermark=MAX_BODY_BYTES,
            # Who is behind which proxy is ours to say (ClientAddressMiddleware).
            clear_untrusted_proxy_headers=False,
            asyncore_use_poll=True,
            ident=None,
        )
        self.map: dict[int, Any] = {}
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(self.cfg.threads)
        self.servers = [self._serve(listener.sock, dispatcher, adjustments) for listener in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self._turn()
        self._finish()
        dispatcher.shutdown()

    def _serve(self, sock: Any, dispatcher: ThreadedTaskDispatcher, adjustments: Adjustments) -> Keeper:
        kind = UnixServer if sock.family == socket.AF_UNIX else TcpServer
        sock.setblocking(False)
        about = (sock.family, sock.type, sock.proto, sock.getsockname())
        more = {"dispatcher": dispatcher, "adj": adjustments, "sockinfo": about, "bind_socket": False}
        server: Keeper = kind(self.wsgi, self.map, True, sock, **more)
        return server

    def _turn(self) -> None:
        self.notify()
        wasyncore.loop(timeout=1, use_poll=True, map=self.map, count=1)

    def _finish(self) -> None:
        """Take nothing new; end what was begun, within gunicorn's graceful time-out."""
        began = time.time()
        for server in self.servers:
            server.accepting = False  # type: ignore[attr-defined]
            self.map.pop(server._fileno, None)  # type: ignore[attr-defined]
        while (now := time.time()) < began + self.cfg.graceful_timeout:
            open_now = [open_channel for server in self.servers for open_channel in server.active_channels.values()]
            coming = now < began + STOP_SECONDS
            for channel in open_now:
                if not channel.busy() and not (coming and channel.request is not None):
                    channel.will_close = True
            if not open_now:
                break
            self.notify()
            wasyncore.loop(timeout=0.1, use_poll=True, map=self.map, count=1)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        for server in getattr(self, "servers", ()):
            server.pull_trigger()


def _connections() -> int:
    """How many may be open: as many as this process may open files, less those it needs itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(50, min(MAX_CONNECTIONS, soft - SPARE_FILES))
