"""A connection to another host that is opened and read within a time, whatever the other side does meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from typing import Any
from urllib.parse import SplitResult


def open_link(place: SplitResult, tls: ssl.SSLContext | None, seconds: float) -> http.client.HTTPConnection:
    """A connection to this place with TLS done, after `seconds` at most. OSError when there is none by then."""
    end = time.monotonic() + seconds
    host, port = place.hostname or "", place.port or (443 if tls else 80)
    error: OSError = TimeoutError(f"{host} has no address")
    for family, kind, protocol, _name, address in _addresses(host, port, seconds):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(max(0.01, end - time.monotonic()))
            plain.connect(address)
            ready = _with_tls(plain, tls, host, end - time.monotonic()) if tls else plain
        except OSError as failed:
            plain.close()
            error = failed
            continue
        link = http.client.HTTPConnection(host, port)
        link.default_port = 443 if tls else 80  # what need not be said in `Host`
        link.sock = ready
        return link
    raise error


def _with_tls(plain: socket.socket, tls: ssl.SSLContext, host: str, seconds: float) -> ssl.SSLSocket:
    wrapped = tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    try:
        with Deadline(wrapped, seconds) as deadline:
            wrapped.do_handshake()
        if deadline.passed:
            raise TimeoutError("no TLS in time")
    except OSError:
        wrapped.close()
        raise
    return wrapped


def _addresses(host: str, port: int, seconds: float) -> list[tuple[Any, ...]]:
    """What the name stands for; the resolver of the system may take far longer than a caller waits."""
    addresses: list[tuple[Any, ...]] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            addresses.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)

    looking = threading.Thread(target=look_up, daemon=True)
    looking.start()
    looking.join(seconds)
    if failed:
        raise failed[0]
    return list(addresses)


class Deadline:
    """Shuts a connection down when its time is over: a time-out of a socket begins anew with every byte that comes."""

    def __init__(self, link: socket.socket | http.client.HTTPConnection, seconds: float) -> None:
        self.passed = False
        self._sock = link if isinstance(link, socket.socket) else link.sock
        self._sock.settimeout(max(0.01, seconds))
        self._timer = threading.Timer(max(0.01, seconds), self._end)
        self._timer.daemon = True

    def _end(self) -> None:
        self.passed = True
        with contextlib.suppress(OSError):
            # Of the socket itself: that of TLS would say good-bye first, to somebody who does not listen.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
