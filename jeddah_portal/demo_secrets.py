"""Secrets of a demo: made once for this installation, never in the repository."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path


def demo_secret(folder: Path, name: str) -> str:
    """The demo's secret of this name, made when it is first asked for. One file, readable by its owner only."""
    path = folder / f"{name.lower()}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{name.lower()}.{os.getpid()}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump({name: secrets.token_urlsafe(48)}, file)
        try:
            # A hard link fails when another process was first, so both end up with the same secret.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return str(json.loads(path.read_text(encoding="ascii"))[name])
