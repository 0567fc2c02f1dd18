"""What happens at a crash point of a real process: whatever the harness armed it with, by a file in FAULTS_DIR.

FAULTS_DIR/armed/<point> holds "kill", "hold SECONDS" (at most so long) or "lose" (the database connection). The first
process to get there takes the file away (renames it into FAULTS_DIR/hit), so each arming strikes once, and the harness
sees that it did. Who is held goes on when that file is gone.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

FAULTS = Path(os.environ["FAULTS_DIR"])
_count = itertools.count()


def reach(point: str) -> None:
    armed = FAULTS / "armed" / point
    if not armed.exists():
        return
    hit = FAULTS / "hit" / f"{point}.{os.getpid()}.{next(_count)}"
    try:
        armed.rename(hit)
    except FileNotFoundError:
        return
    action, _, more = hit.read_text().partition(" ")
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "hold":
        end = time.monotonic() + float(more)
        while hit.exists() and time.monotonic() < end:
            time.sleep(0.02)
    else:
        from django.db import OperationalError

        raise OperationalError(f"armed at: {point}")


def take_sms(phone: str, text: str, key: str) -> None:
    """The SMS gateway of the tests: one line a message, with its key, appended at once."""
    line = json.dumps({"phone": phone, "key": key, "pid": os.getpid()}) + "\n"
    log = os.open(FAULTS / "sms.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(log, line.encode())
    finally:
        os.close(log)


def bend_clock() -> None:
    """This process's `timezone.now` goes by FAULTS_DIR/clock-ROLE (seconds ahead), read anew each time."""
    from django.utils import timezone

    true, bend = timezone.now, FAULTS / f"clock-{os.environ.get('FAULTS_ROLE', '')}"

    def now():
        try:
            return true() + timedelta(seconds=float(bend.read_text()))
        except (FileNotFoundError, ValueError):
            return true()

    timezone.now = now
