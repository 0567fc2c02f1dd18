"""Bodies that misbehave: sockets on this machine that do what a test says with whoever connects."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

Behaviour = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(behave: Behaviour) -> Iterator[str]:
    """The address of a server that has `behave` with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                threading.Thread(target=attend, args=(connection,), daemon=True).start()

        def attend(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                behave(connection)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stopped.set()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> bytes:
    """What was sent, with its content as long as it says."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (more := connection.recv(65536)):
            return got
        got += more
    head, _, content = got.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(content) < length:
        content += connection.recv(65536)
    return head + b"\r\n\r\n" + content


def saying(
    content: bytes, status: str = "200 OK", *, length: int | None = None, seen: list[bytes] | None = None
) -> Behaviour:
    """Answers this to everybody."""

    def behave(connection: socket.socket) -> None:
        request = read_request(connection)
        if seen is not None:
            seen.append(request)
        said = len(content) if length is None else length
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {said}\r\n\r\n".encode() + content)

    return behave


def dripping(seconds: float) -> Behaviour:
    """A byte now and then, so that no time-out of a single read ever comes."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b" ")
            time.sleep(seconds)

    return behave


def silent(connection: socket.socket) -> None:
    """Takes what it is sent, and says nothing."""
    read_request(connection)
    time.sleep(30)


def hanging_up(connection: socket.socket) -> None:
    read_request(connection)


def raw(content: bytes) -> Behaviour:
    """Says this, HTTP or not."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(content)

    return behave
