"""The status site is written anew with each sign of life of a worker, where STATUS_DIR says where."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings

from transactions.outbox import heartbeat

from . import document, pages
from .places import find_place
from .views import probes_file

logger = logging.getLogger(__name__)


def publish(now: datetime) -> None:
    """A page that cannot be written says so itself before long; the worker goes on."""
    if not settings.STATUS_DIR:
        return
    try:
        made = document.signed(document.from_database(now, document.read_probes(probes_file())))
        pages.write(made, find_place(settings.STATUS_DIR))
    except Exception:  # a full disk or a wrong folder is no reason to stop all other work
        logger.exception("the status site could not be written")


heartbeat.beside(publish)
