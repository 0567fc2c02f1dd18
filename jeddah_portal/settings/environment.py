"""What the other modules of this package read from: the environment, the folders, the secrets."""

from __future__ import annotations

import os
from pathlib import Path

import environ

from ..demo_secrets import demo_secret

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(str(BASE_DIR / ".env"))

DEMO = env.bool("DEMO", default=True)
if not DEMO:
    # Whatever this process writes, parts of files and backups too, is for its own user alone.
    os.umask(0o077)
VAR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
DEMO_TRANSACTIONS = env.int("DEMO_TRANSACTIONS", default=2010)


KEYS: dict[str, str] = {}
"""Every key that `secret` gave out; outside the demo production.py refuses weak ones."""


def secret(name: str) -> str:
    """A secret from the environment; the demo makes its own and keeps it under var/."""
    if DEMO:
        return env.str(name, default="") or demo_secret(VAR, name)
    KEYS[name] = env.str(name, default="")
    return KEYS[name]


# What this installation is: the whole portal, or the box of one office (boxes/, bin/office).
OFFICE_BOX = env.str("PORTAL_ROLE", default="portal") == "office"
