"""The Celery application. Its settings are Django's CELERY_* (settings/work.py), its tasks transactions.tasks."""

import os

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeddah_portal.settings")

app = Celery("jeddah_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["transactions"])


@worker_ready.connect
def say_alive(**_: object) -> None:
    """A worker counts as alive from the moment it is, not from beat's next stroke."""
    app.send_task("transactions.tasks.beat_heart", retry=False)
