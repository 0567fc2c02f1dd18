"""The Celery application. Its settings are Django's CELERY_* (settings.py), its tasks live in transactions.tasks."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeddah_portal.settings")

app = Celery("jeddah_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["transactions"])
