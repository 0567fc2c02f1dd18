"""What an office box does beside its web pages: brings the centre what was taken, and fetches news."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from transactions.attachments import render_jobs
from transactions.outbox import queue
from transactions.outbox.heartbeat import beat

from ...office import delivery, outgoing, taking_news

logger = logging.getLogger(__name__)
IDLE_SECONDS = 0.5
BEAT, NEWS = timedelta(seconds=10), timedelta(minutes=5)
FIRST_REST, MAX_REST = timedelta(seconds=1), timedelta(seconds=30)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        stop = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        self.beat_due = self.news_due = self.centre_due = timezone.now()
        # Up to `stored` every entry is on the second disk.
        self.rest, self.stored = FIRST_REST, 0
        while not stop.is_set():
            now = timezone.now()
            try:
                self._turn(now)
            except OperationalError as error:
                self.stderr.write(f"database unavailable: {error}")
                close_old_connections()
            except OSError:
                logger.critical("the second disk cannot be written", exc_info=True)
            if once:
                return
            stop.wait(IDLE_SECONDS)

    def _turn(self, now: datetime) -> None:
        if now >= self.beat_due:
            beat(now)
            self.beat_due = now + BEAT
        with render_jobs.sole_renderer() as free:
            if free:
                queue.process_kind(render_jobs.KIND, seconds=1)
        self.stored = outgoing.store_missing(now, self.stored)
        if now >= self.centre_due:
            self._centre(now)

    def _centre(self, now: datetime) -> None:
        """Whatever keeps it away, the next turn tries again; it rests longer while nobody answers."""
        try:
            delivery.deliver(now)
            if now >= self.news_due:
                delivery.fetch_news(now)
                self.news_due = now + NEWS
        except (delivery.CentreUnavailable, taking_news.NotTaken) as error:
            logger.warning("the centre was not reached: %s", error)
            self.centre_due, self.rest = now + self.rest, min(2 * self.rest, MAX_REST)
        else:
            self.rest = FIRST_REST
