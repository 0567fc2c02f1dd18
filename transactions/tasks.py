"""Celery tasks: each says only that outbox rows of a kind are pending. Losing one costs only time."""

from __future__ import annotations

from celery import Task, shared_task
from django.utils import timezone


@shared_task
def route(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("route")


@shared_task
def notify(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("notify")


@shared_task
def recount(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("recount")


@shared_task
def incident(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("incident")


@shared_task
def tell(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("tell")


@shared_task
def warn(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("warn")


@shared_task
def warn_name(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("warn_name")


@shared_task
def draw(**_future: object) -> None:
    """One at a time on each host, so that drawings, however many, leave the other workers to notices and routing."""
    from .attachments import render_jobs
    from .outbox import queue

    with render_jobs.sole_renderer() as free:
        if free:
            queue.process_kind(render_jobs.KIND)


@shared_task
def check_drawing(**_future: object) -> None:
    """Beside drawing, and as that one at a time on each host."""
    from .attachments import render_jobs
    from .outbox import queue

    with render_jobs.sole_renderer() as free:
        if free:
            queue.process_kind("check_drawing")


@shared_task
def scan(**_future: object) -> None:
    from .outbox import queue

    queue.process_kind("scan")


@shared_task
def other(*, kind: str = "", **_future: object) -> None:
    """Every kind that has no task of its own; nothing without one."""
    from .outbox import queue

    if kind:
        queue.process_kind(kind)


@shared_task
def sweep(**_future: object) -> None:
    """Wake a worker for every kind with pending rows, however old they are; close gates whose checks fail."""
    from .incidents import gates
    from .outbox import queue

    now = timezone.now()
    queue.wake_workers(now)
    queue.dead_letter_unknown(now)
    gates.demote(now)


@shared_task
def beat_heart(**_future: object) -> None:
    """Says that beat and a worker are alive: beat sends it, a worker writes it."""
    from .outbox.heartbeat import beat

    beat(timezone.now())


@shared_task(acks_late=False, soft_time_limit=3 * 3600, time_limit=3 * 3600 + 60)
def upkeep(**_future: object) -> None:
    """The upkeep that is due, as long as it takes: acknowledged first, or the broker would hand it out again meanwhile.

    One that was cut off is still due when beat sends the next.
    """
    from .maintenance.schedule import run_due

    run_due(timezone.now())


TASKS_BY_KIND: dict[str, Task] = {
    "route": route,
    "notify": notify,
    "recount": recount,
    "incident": incident,
    "tell": tell,
    "warn": warn,
    "warn_name": warn_name,
    "draw": draw,
    "check_drawing": check_drawing,
    "scan": scan,
    "other": other,
}
