"""Pictures of uploaded files. The file itself is never shown in a browser: a picture of ours is.

A hostile PDF or image meets Pillow or PDFium in a process of its own, with little time and memory; when that
process fails there is no preview, and nothing else happens. It gets the file as its standard input, wherever that is
stored; the pictures lie under MEDIA_ROOT of the machine that drew them.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from .models import Attachment
from .services.attachments import open_stored

MOST_PAGES = 30
WIDTH = 1400
SECONDS = 20
CPU_SECONDS = 10
MEMORY = 1024**3


def _kept(file: Attachment, ending: str) -> Path:
    return Path(settings.MEDIA_ROOT) / "previews" / file.key.hex[:2] / f"{file.key.hex}{ending}"


def pages(file: Attachment) -> int:
    """How many pages can be shown, counted when the first is drawn; 0 when the file cannot be shown at all."""
    if not file.has_preview:
        return 0
    counted = _kept(file, ".pages")
    if not counted.exists():
        picture(file, 1)
    return min(MOST_PAGES, int(counted.read_text())) if counted.exists() else 0


def picture(file: Attachment, page: int) -> Path | None:
    """The PNG of one page (1-based), made when first asked for; None when it cannot be made."""
    target = _kept(file, f"-{page}.png")
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # Several may ask for it at once; each draws into a file of its own, and the last to finish wins.
    temporary = target.with_suffix(f".{uuid4().hex}.tmp")
    command = [sys.executable, "-I", str(Path(__file__).with_name("draw.py"))]
    command += [file.content_type, str(temporary), str(page), str(WIDTH)]
    try:
        with open_stored(file) as stored:
            done = subprocess.run(  # noqa: S603 – our own script; the only outside part is a path we named
                command,
                stdin=stored,
                timeout=SECONDS,
                check=False,
                capture_output=True,
                preexec_fn=_limits,
                env={"PATH": ""},
            )
    except (subprocess.TimeoutExpired, OSError):
        # The machine is busy or the store does not answer; another time it may work.
        _forget(temporary)
        return None
    if done.returncode:
        # It was killed or ran out of something, which says nothing about the file; another time it may work.
        _forget(temporary)
        return None
    drawn = temporary.exists()
    if drawn:
        temporary.replace(target)
    if drawn or (page == 1 and not target.exists()):
        temporary.write_bytes(done.stdout)  # put in place whole: others may be reading it
        temporary.replace(_kept(file, ".pages"))
    return target if drawn else None


def _forget(temporary: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
