"""An environment in which the portal starts outside the demo."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# As .env.example names them.
NEEDED = [
    line.split("=", 1)[0]
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    if "=" in line and not line.startswith("#")
]


def strong() -> str:
    return secrets.token_urlsafe(48)


def seed() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def environment(var: Path, **more: str) -> dict[str, str]:
    """All that is needed, made as .env.example says, and `more`."""
    made = {
        "DEMO": "0",
        "SECRET_KEY": strong(),
        "RECEIPT_PIN_KEY": strong(),
        "ALLOWED_HOSTS": "portal.example.gov.sa",
        "DATABASE_URL": f"postgresql://portal:{secrets.token_hex(24)}@database.example:5432/portal",
        "SMS_BACKEND": "gateway.send",
        "EMAIL_URL": f"smtp+tls://user:{secrets.token_urlsafe(12)}@mail.example.gov.sa:587",
        "JOURNAL_KEY": seed(),
    }
    assert set(NEEDED) == set(made)
    return made | {"VAR_DIR": str(var), "PATH": os.environ["PATH"], "LOG_LEVEL": "ERROR"} | more


def start(env: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Start something of the project in this environment, the settings alone unless told; it ends within a minute."""
    command = command or ("-c", "import jeddah_portal.settings")
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
