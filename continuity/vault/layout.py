"""What lies where in a vault's folder, and how its parts are named. Written once by `bin/vault setup`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .store import sync

SERVER = "centre"
SLOT = "vault"


@dataclass(frozen=True)
class Config:
    """`recipient`: whom the content is sealed for. `database`: libpq's words to reach the centre, its password too."""

    recipient: str
    token: str
    host: str
    port: int
    database: str = ""
    keep_days: int = 28
    base_hours: int = 24
    export_days: int = 7
    export_to: str = ""

    @staticmethod
    def read(folder: Path) -> Config:
        return Config(**json.loads((folder / "config.json").read_text(encoding="utf-8")))

    def write(self, folder: Path) -> None:
        write_private(folder / "config.json", json.dumps(asdict(self), indent=1).encode())


def write_private(path: Path, content: bytes) -> None:
    """For this user alone, whole or not there, on the disk."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(path)
    sync(path.parent)


def barman_home(folder: Path) -> Path:
    return folder / "barman"


def server_home(folder: Path) -> Path:
    """Where Barman keeps what is not sealed yet: streaming/, wals/, base/."""
    return barman_home(folder) / SERVER


def sealed(folder: Path, kind: str) -> Path:
    """`wals` or `base`."""
    return folder / "sealed" / kind
