"""What is done after the answer: Celery when there is a broker, `manage.py work` when there is none."""

from __future__ import annotations

from kombu import Queue

from .environment import VAR, env

CELERY_BROKER_URL = env.str("REDIS_URL", default="")
CELERY_TASK_QUEUES = [Queue("routing"), Queue("notifications"), Queue("upkeep"), Queue("drawing")]
CELERY_TASK_DEFAULT_QUEUE = "upkeep"
CELERY_TASK_ROUTES = {
    "transactions.tasks.route": {"queue": "routing"},
    "transactions.tasks.notify": {"queue": "notifications"},
    "transactions.tasks.recount": {"queue": "upkeep"},
    "transactions.tasks.incident": {"queue": "upkeep"},
    "transactions.tasks.tell": {"queue": "notifications"},
    "transactions.tasks.warn": {"queue": "notifications"},
    "transactions.tasks.warn_name": {"queue": "notifications"},
    "transactions.tasks.draw": {"queue": "drawing"},
    "transactions.tasks.check_drawing": {"queue": "drawing"},
    "transactions.tasks.scan": {"queue": "drawing"},
    "transactions.tasks.other": {"queue": "upkeep"},
    "transactions.tasks.sweep": {"queue": "upkeep"},
    "transactions.tasks.beat_heart": {"queue": "upkeep"},
    "transactions.tasks.upkeep": {"queue": "upkeep"},
}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "transactions.tasks.sweep", "schedule": 5, "options": {"expires": 30}},
    "heartbeat": {"task": "transactions.tasks.beat_heart", "schedule": 15, "options": {"expires": 30}},
    # What is due every hour or day; asked more often, so that nothing is lost when beat was down at its hour.
    "upkeep": {"task": "transactions.tasks.upkeep", "schedule": 600, "options": {"expires": 300}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Below the lease of the outbox (20 s), so that a task which hangs is ended before another may take its rows over.
CELERY_TASK_SOFT_TIME_LIMIT = 12
CELERY_TASK_TIME_LIMIT = 16
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    # Publishing tries once: the row waits in the outbox anyway, and nobody should wait for a broker.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "socket_keepalive": True,
    "health_check_interval": 15,
}
if CELERY_BROKER_URL.startswith("sentinel://"):
    CELERY_BROKER_TRANSPORT_OPTIONS["master_name"] = env.str("REDIS_SENTINEL_MASTER", default="portal")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# The status site (manage.py build_status): where workers write it (empty: nowhere), what bin/probe found, and the
# minutes after which it promises a newer one.
STATUS_DIR = env.str("STATUS_DIR", default="")
STATUS_PROBES = env.str("STATUS_PROBES", default="")
STATUS_MINUTES = env.int("STATUS_MINUTES", default=5)
# The address people read the status site at; the portal's own status page names it.
STATUS_URL = env.str("STATUS_URL", default="")
