"""Waking workers, from a thread of its own, so that a broker that hangs or is down delays nobody.

A message says only that rows of a kind are pending, so those of a tenth of a second are sent as one: the first at once,
the others together. When no message gets through, the sweeper finds the rows.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from celery import current_app
from django.conf import settings

logger = logging.getLogger(__name__)
# A message no worker took in this time expires: the sweeper has sent another meanwhile.
EXPIRES_SECONDS = 60
# By its name: tasks import the outbox, which imports this.
TASK_NAME = "transactions.tasks.{}"
PAUSE_SECONDS = 0.1
PAUSE_SECONDS_AFTER_FAILURE = 2

_pending_kinds: set[str] = set()
_changed = threading.Condition()
_sender: tuple[int, threading.Thread] | None = None


def notify_workers(kind: str) -> None:
    """Tell a worker that rows of this kind are pending. Returns at once, whatever the broker does."""
    global _sender
    with _changed:
        _pending_kinds.add(kind)
        # A process forked from this one has the variable but not the thread.
        if _sender is None or _sender[0] != os.getpid() or not _sender[1].is_alive():
            _sender = (os.getpid(), threading.Thread(target=_send_for_ever, name="wake-up", daemon=True))
            _sender[1].start()
        _changed.notify()


def _send_for_ever() -> None:
    while True:
        with _changed:
            while not _pending_kinds:
                _changed.wait()
            kinds = sorted(_pending_kinds)
            _pending_kinds.clear()
        try:
            for kind in kinds:
                _send(kind)
        except Exception:  # any broker failure means only that jobs run later
            logger.warning("broker unreachable, jobs wait for the sweeper", extra={"kinds": kinds})
            time.sleep(PAUSE_SECONDS_AFTER_FAILURE)
        time.sleep(PAUSE_SECONDS)


def _send(kind: str) -> None:
    """To the task of this kind; one without a task of its own is done by the task for all others."""
    task, which = TASK_NAME.format(kind), {}
    if task not in settings.CELERY_TASK_ROUTES:
        task, which = TASK_NAME.format("other"), {"kind": kind}
    current_app.send_task(task, kwargs=which, retry=False, expires=EXPIRES_SECONDS)


def _after_fork() -> None:
    """A lock held by another thread at the moment of the fork would never be given back in the child."""
    global _changed
    _changed = threading.Condition()
    _pending_kinds.clear()


os.register_at_fork(after_in_child=_after_fork)
