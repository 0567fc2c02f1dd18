"""A TCP proxy on loopback that fails as networks do, by a seed."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections import Counter

FAULTS = ("delay", "cut", "truncate", "duplicate", "one-way loss")
UP, DOWN = "up", "down"


class FaultProxy:
    """Forwards to 127.0.0.1:`target`. While `fault` is set, each piece of traffic in `direction` meets it by `chance`.

    delay       the piece waits `seconds`
    cut         both sides are closed instead of passing it on
    truncate    half of it is passed on, then both sides are closed
    duplicate   it is passed on twice
    one-way loss    it and everything after it in this direction is swallowed; the connection stays open
    """

    def __init__(self, target: int, seed: int) -> None:
        self.target, self.random = target, random.Random(seed)
        self.happened: Counter[str] = Counter()
        self.fault, self.direction, self.chance, self.seconds = "", UP, 1.0, 0.3
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, fault: str, direction: str = UP, chance: float = 1.0, seconds: float = 0.3) -> None:
        assert not fault or fault in FAULTS
        self.direction, self.chance, self.seconds = direction, chance, seconds
        self.fault = fault

    def heal(self) -> None:
        """Pass everything on again, on fresh connections: those that swallow are closed."""
        self.fault = ""
        for line in list(self._open):
            self._close(line)

    def close(self) -> None:
        self._close(self._listener)
        self.heal()

    def _close(self, line: socket.socket) -> None:
        self._open.discard(line)
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        line.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self._open |= {near, far}
            for source, sink, direction in ((near, far, UP), (far, near, DOWN)):
                threading.Thread(target=self._pump, args=(source, sink, direction), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        swallowing = False
        try:
            while piece := source.recv(65536):
                struck = self.fault if direction == self.direction and self.random.random() < self.chance else ""
                if struck:
                    self.happened[struck] += 1
                if struck == "delay":
                    time.sleep(self.seconds)
                elif struck == "truncate":
                    sink.sendall(piece[: len(piece) // 2])
                elif struck == "duplicate":
                    sink.sendall(piece)
                elif struck == "one-way loss":
                    swallowing = True
                if struck in ("cut", "truncate"):
                    break
                if not swallowing:
                    sink.sendall(piece)
        except OSError:
            pass
        finally:
            self._close(source)
            self._close(sink)
