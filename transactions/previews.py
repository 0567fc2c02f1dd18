"""Pictures of uploaded files. The file itself is never shown in a browser: a picture of ours is.

A hostile PDF or image meets Pillow or PDFium in a process of its own, with little time and memory; when that
process fails there is no preview for a while, and nothing else happens. It gets the file as its standard input,
wherever that is stored; the pictures lie under MEDIA_ROOT of the machine that drew them.

Whoever asks waits for the picture, so a process draws few at a time: files that take long must not hold every thread.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from threading import BoundedSemaphore
from uuid import uuid4

from django.conf import settings

from .models import Attachment
from .services.attachments import open_stored

MOST_PAGES = 30
WIDTH = 1400
SECONDS = 20
CPU_SECONDS = 10
MEMORY = 1024**3
AT_ONCE = 2
WAIT_SECONDS = 2
FORGIVEN_AFTER_SECONDS = 600

_places = BoundedSemaphore(AT_ONCE)


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
    """The PNG of one page (1-based), made when first asked for; None when it cannot be made, or not now."""
    target = _kept(file, f"-{page}.png")
    if target.exists():
        return target
    if _failed_lately(file) or not _places.acquire(timeout=WAIT_SECONDS):
        return None
    try:
        return target if target.exists() else _draw(file, page, target)
    finally:
        _places.release()


def _failed_lately(file: Attachment) -> bool:
    failed = _kept(file, ".failed")
    return failed.exists() and time.time() - failed.stat().st_mtime < FORGIVEN_AFTER_SECONDS


def _draw(file: Attachment, page: int, target: Path) -> Path | None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Several may ask for it at once; each draws into a file of its own, and the last to finish wins.
    temporary = target.with_suffix(f".{uuid4().hex}.tmp")
    command = [sys.executable, "-I", str(Path(__file__).with_name("draw.py")), file.content_type, str(temporary)]
    command += [str(number) for number in (page, WIDTH, MEMORY, CPU_SECONDS)]
    try:
        with open_stored(file) as stored:
            done = subprocess.run(  # noqa: S603 – our own script; the only outside part is a path we named
                command, stdin=stored, timeout=SECONDS, check=True, capture_output=True, env={"PATH": ""}
            )
    except OSError:
        return None  # the store does not answer; another time it may
    except subprocess.SubprocessError:
        # Killed, or out of time or memory: perhaps the file's doing, perhaps a busy machine's. Not tried again at once.
        temporary.unlink(missing_ok=True)
        _kept(file, ".failed").touch()
        return None
    drawn = temporary.exists()
    if drawn:
        temporary.replace(target)
    if drawn or (page == 1 and not target.exists()):
        temporary.write_bytes(done.stdout)  # put in place whole: others may be reading it
        temporary.replace(_kept(file, ".pages"))
    return target if drawn else None
