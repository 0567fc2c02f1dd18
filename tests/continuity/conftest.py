"""A vault as a real server with its own key, on this machine."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from continuity.vault import server
from transactions.outbox import queue

from ..conftest import NOW


@dataclass
class Vault:
    folder: Path
    url: str
    key: Ed25519PrivateKey
    identity: Any
    shared: server.Vault
    close: Callable[[], None]


@pytest.fixture
def vault(settings: Any, tmp_path: Path) -> Iterator[Vault]:
    """Open, and known to the centre."""
    folder = tmp_path / "vault"
    folder.mkdir()
    key, identity, token = Ed25519PrivateKey.generate(), pyrage.x25519.Identity.generate(), secrets.token_urlsafe(32)
    shared = server.Vault(folder, key=key, token=token, room=0)
    door = server.serve(shared, "127.0.0.1", 0)
    server.in_background(door)
    url = f"http://portal:{token}@127.0.0.1:{door.server_address[1]}"
    open_ = True

    def close() -> None:
        nonlocal open_
        if open_:
            door.shutdown()
            door.server_close()
            open_ = False

    settings.VAULT_URL = url
    settings.VAULT_PUBLIC_KEY = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    settings.VAULT_RECIPIENT = str(identity.to_public())
    settings.VAULT_CA_FILE = settings.SECOND_MEDIUM = ""
    try:
        yield Vault(folder, url, key, identity, shared, close)
    finally:
        close()


def hand_over(now: Any = NOW) -> None:
    """What a worker hands over to the vault by now."""
    for kind in ("vault_file", "vault_copy", "vault_heads"):
        for pk in queue.due_ids(kind, now, 1000):
            queue.process_row(pk, now)
