"""Run the background jobs without a broker: what Celery workers do, for the embedded default and a centre's own box;
and the upkeep (maintenance/schedule.py).
"""

from __future__ import annotations

import logging
import signal
import threading
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections, connections
from django.utils import timezone

from journal.standing import Refused

from ...attachments import render_jobs
from ...incidents import gates
from ...maintenance import schedule
from ...outbox import queue
from ...outbox.heartbeat import beat

logger = logging.getLogger(__name__)
IDLE_SECONDS = 0.2
HEARTBEAT_SECONDS = 10
UPKEEP_SECONDS = 60
# How long one kind of work may keep the others, and a signal to stop, waiting.
TURN_SECONDS = 1


class Command(BaseCommand):
    help = "Work through the outbox until stopped; with --once, until nothing is due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when nothing is due any more")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        stop = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            # Beside the rest: a drawing takes seconds, and nothing else shall wait for it.
            threading.Thread(target=self.draw, args=[stop], daemon=True).start()
        self.work(stop, once)

    def work(self, stop: threading.Event, once: bool = False) -> None:
        """All but drawing, until told to stop."""
        self.heartbeat_due = timezone.now()
        upkeep_due = self.heartbeat_due + timedelta(seconds=UPKEEP_SECONDS)
        while not stop.is_set():
            try:
                now = timezone.now()
                worked = self._turn(now, stop, once)
                if not once and now >= upkeep_due:
                    self._keep_up(now, stop)
                    upkeep_due = now + timedelta(seconds=UPKEEP_SECONDS)
            except Refused:
                raise  # nothing here may be written, and that does not pass by itself
            except OperationalError as error:
                # The database is away: keep trying, nothing is lost, the rows wait.
                self.stderr.write(f"database unavailable: {error}")
                close_old_connections()
                worked = False
            if not worked:
                if once:
                    return
                stop.wait(IDLE_SECONDS)

    def _turn(self, now: datetime, stop: threading.Event, once: bool) -> bool:
        if now >= self.heartbeat_due:
            beat(now)
            gates.demote(now)
            self.heartbeat_due = now + timedelta(seconds=HEARTBEAT_SECONDS)
        return self._batch(stop, once)

    def _keep_up(self, now: datetime, stop: threading.Event) -> None:
        """Scheduled jobs. A backup or the check of a long journal takes minutes: the outbox does not wait for it."""
        over = threading.Event()
        beside = threading.Thread(target=self._go_on, args=[stop, over], daemon=True)
        beside.start()
        try:
            schedule.run_due(now)
        finally:
            over.set()
            beside.join()

    def _go_on(self, stop: threading.Event, over: threading.Event) -> None:
        """The turns of the loop, while it is at its upkeep for longer than a turn."""
        over.wait(TURN_SECONDS)
        while not (stop.is_set() or over.is_set()):
            try:
                worked = self._turn(timezone.now(), stop, once=False)
            except Exception:  # the loop says what is wrong when it comes to it; the rows wait
                logger.exception("work beside upkeep failed")
                worked = False
            if not worked:
                over.wait(IDLE_SECONDS)
        connections.close_all()

    def _batch(self, stop: threading.Event, once: bool) -> bool:
        worked = queue.dead_letter_unknown(timezone.now())
        for kind in queue.known_kinds():
            if not stop.is_set() and (once or kind not in render_jobs.SLOW_KINDS):
                worked += queue.process_kind(kind, seconds=TURN_SECONDS)
        return bool(worked)

    def draw(self, stop: threading.Event) -> None:
        """The drawings, until told to stop."""
        while not stop.is_set():
            try:
                with render_jobs.sole_renderer() as free:
                    kinds = sorted(render_jobs.SLOW_KINDS) if free else []
                    worked = sum(queue.process_kind(kind, seconds=TURN_SECONDS) for kind in kinds)
            except Exception:  # whatever it is, the rows wait and the next turn tries again
                logger.exception("drawing in the background failed")
                worked = False
            close_old_connections()
            if not worked:
                stop.wait(IDLE_SECONDS)
