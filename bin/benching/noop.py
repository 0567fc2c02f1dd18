"""A task that does nothing: what the workers' own machinery costs."""

from celery import shared_task


@shared_task(ignore_result=True)
def noop(**_future: object) -> None:
    """Nothing."""
