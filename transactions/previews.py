"""Pictures of uploaded files. The file itself is never shown in a browser: a picture of ours is.

A hostile PDF or image meets Pillow or PDFium in a process of its own, with little time and memory; when that
process fails there is no preview, and nothing else happens.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from .models import Attachment
from .services.attachments import path_of

MOST_PAGES = 30
WIDTH = 1400
SECONDS = 20
MEMORY = 1024**3


def picture(file: Attachment, page: int) -> Path | None:
    """The PNG of one page (1-based), made when first asked for; None when it cannot be made."""
    target = Path(settings.MEDIA_ROOT) / "previews" / file.key.hex[:2] / f"{file.key.hex}-{page}.png"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    command = [sys.executable, "-I", str(Path(__file__).with_name("draw.py"))]
    command += [file.content_type, str(path_of(file)), str(temporary), str(page), str(WIDTH)]
    try:
        done = subprocess.run(  # noqa: S603 – our own script; the only outside parts are paths we named
            command, timeout=SECONDS, check=False, capture_output=True, preexec_fn=_limits, env={"PATH": ""}
        )
        if done.returncode == 0 and temporary.exists():
            temporary.replace(target)
            return target
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    return None


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
