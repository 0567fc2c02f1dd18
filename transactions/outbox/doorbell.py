"""Ringing for workers, from a thread of its own, so that a broker that hangs or is gone delays nobody.

A doorbell says only that rows of a kind wait, so the rings of a tenth of a second are one ring: the first is sent at
once, the others together. What could not be rung for is found by the sweeper.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from celery import current_app
from django.conf import settings

logger = logging.getLogger(__name__)
# A doorbell nobody answered in this time is thrown away: the sweeper has rung again meanwhile.
RINGS_FOR = 60
# By its name: tasks import the outbox, which imports this.
TASK = "transactions.tasks.{}"
PAUSE_SECONDS = 0.1
PAUSE_SECONDS_AFTER_FAILURE = 2

_wanted: set[str] = set()
_changed = threading.Condition()
_ringer: tuple[int, threading.Thread] | None = None


def ring(kind: str) -> None:
    """Have a worker told that rows of this kind wait. Returns at once, whatever the broker does."""
    global _ringer
    with _changed:
        _wanted.add(kind)
        # A process forked from this one has the variable but not the thread.
        if _ringer is None or _ringer[0] != os.getpid() or not _ringer[1].is_alive():
            _ringer = (os.getpid(), threading.Thread(target=_ring_for_ever, name="doorbell", daemon=True))
            _ringer[1].start()
        _changed.notify()


def _ring_for_ever() -> None:
    while True:
        with _changed:
            while not _wanted:
                _changed.wait()
            kinds = sorted(_wanted)
            _wanted.clear()
        try:
            for kind in kinds:
                _send(kind)
        except Exception:  # any broker failure means only that work is done later
            logger.warning("broker unreachable, work waits for the sweeper", extra={"kinds": kinds})
            time.sleep(PAUSE_SECONDS_AFTER_FAILURE)
        time.sleep(PAUSE_SECONDS)


def _send(kind: str) -> None:
    """To the task of this kind; one without a task of its own is done by the task for all others."""
    task, which = TASK.format(kind), {}
    if task not in settings.CELERY_TASK_ROUTES:
        task, which = TASK.format("other"), {"kind": kind}
    current_app.send_task(task, kwargs=which, retry=False, expires=RINGS_FOR)


def _after_fork() -> None:
    """A lock held by another thread at the moment of the fork would never be given back in the child."""
    global _changed
    _changed = threading.Condition()
    _wanted.clear()


os.register_at_fork(after_in_child=_after_fork)
