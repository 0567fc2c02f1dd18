"""Celery doorbells: each says that an outbox row waits. Losing one costs only time."""

from __future__ import annotations

from celery import Task, shared_task
from django.utils import timezone

SWEEP_BATCH = 500


@shared_task(ignore_result=True)
def route(*, outbox_id: int, **_future: object) -> None:
    from . import outbox

    outbox.run(outbox_id)


@shared_task(ignore_result=True)
def notify(*, outbox_id: int, **_future: object) -> None:
    from . import outbox

    outbox.run(outbox_id)


@shared_task(ignore_result=True)
def other(*, outbox_id: int, **_future: object) -> None:
    """For a kind without a bell of its own, such as one that an older build does not know: it ends dead and seen."""
    from . import outbox

    outbox.run(outbox_id)


@shared_task(ignore_result=True)
def sweep(**_future: object) -> None:
    """Ring again for every row that waits, without a time limit."""
    from . import outbox

    for outbox_id, kind in outbox.due(timezone.now(), SWEEP_BATCH):
        outbox.ring(outbox_id, kind)


@shared_task(ignore_result=True)
def beat_heart(**_future: object) -> None:
    """Says that beat and a worker are alive: beat sends it, a worker writes it."""
    from .services.heartbeat import beat

    beat("worker", timezone.now())


DOORBELLS: dict[str, Task] = {"route": route, "notify": notify}
