"""The vault's door: what the centre may do here, and that is all: hand something in.

PUT /v1/files/SHA256/SEALED_SHA256, PUT /v1/copies/CHAIN-SEQ/SEALED_SHA256 and PUT /v1/journal, each with the token.
There is no way to read, list, change or delete: GET knows /healthz alone.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import shutil
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import store
from .record import MOST_BYTES, AnotherPast, Record
from .words import head_bytes, taken_bytes

logger = logging.getLogger(__name__)
# A caller who sends nothing for so long is hung up on.
SECONDS = 30
MOST_FILE = 4 << 30
# So much room stays free, for the WAL comes first: without it nothing is confirmed.
ROOM = 512 << 20


class Vault:
    """What all requests share."""

    def __init__(self, folder: Path, *, key: Ed25519PrivateKey, token: str, room: int = ROOM) -> None:
        self.folder, self.key, self.token, self.room = folder, key, token, room
        self.record = Record(folder)

    def sign(self, content: bytes) -> str:
        return base64.b64encode(self.key.sign(content)).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS
    vault: Vault

    def do_GET(self) -> None:
        if self.path == "/healthz":
            return self._say(200, {"status": "ok"})
        return self._say(404, {"error": "nothing is given out here"})

    def do_PUT(self) -> None:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self.vault.token.encode()):
            return self._refuse(401, "token")
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return self._refuse(411, "length")
        if not 0 <= size <= MOST_FILE:
            return self._refuse(413, "size")
        if shutil.disk_usage(self.vault.folder).free - size < self.vault.room:
            return self._refuse(507, "full")
        try:
            if self.path == "/v1/journal":
                return self._journal(size)
            return self._thing(size)
        except AnotherPast as past:
            logger.critical("another past: %s", past)
            return self._say(409, {"error": past.error, "why": str(past)})
        except (store.NotTaken, ValueError, KeyError) as error:
            return self._refuse(400, str(error))
        except OSError:
            logger.exception("the disk failed")
            return self._refuse(507, "disk")

    def _thing(self, size: int) -> None:
        name, _stroke, sha256 = self.path.removeprefix("/v1/").rpartition("/")
        at = store.keep(self.vault.folder, name, sha256, self.rfile, size)  # type: ignore[arg-type]
        if self.headers.get("Connection", "").lower() != "close":
            self.close_connection = True  # what is kept already was not read to its end
        self._say(200, {"at": at, "signature": self.vault.sign(taken_bytes(name, sha256, at))})

    def _journal(self, size: int) -> None:
        if size > MOST_BYTES:
            return self._refuse(413, "size")
        head = self.vault.record.take(self.rfile.read(size))
        signature = self.vault.sign(head_bytes(head.chain, head.seq, head.hash, head.at))
        said = {"chain": head.chain, "seq": head.seq, "hash": head.hash.hex(), "at": head.at}
        self._say(200, said | {"signature": signature})

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True  # the body was not read
        self._say(status, {"error": why})

    def _say(self, status: int, what: dict[str, Any]) -> None:
        content = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        logger.info(format, *args)


def serve(vault: Vault, host: str, port: int, tls: tuple[Path, Path] | None = None) -> ThreadingHTTPServer:
    """The door, open; the caller runs `serve_forever` or `in_background`."""
    handler = type("Door", (Handler,), {"vault": vault})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def in_background(server: ThreadingHTTPServer) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, name="door", daemon=True)
    thread.start()
    return thread
