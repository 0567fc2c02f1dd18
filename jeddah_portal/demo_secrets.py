"""Secrets of a demo: made once for this installation, never in the repository."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from core.write_once import write_once


def demo_secret(folder: Path, name: str) -> str:
    """The demo's secret of this name, made when it is first asked for. One file, readable by its owner only."""
    path = folder / f"{name.lower()}.json"
    if path.exists():
        content = path.read_bytes()
    else:
        content = write_once(path, json.dumps({name: secrets.token_urlsafe(48)}).encode("ascii"))
    return str(json.loads(content)[name])
