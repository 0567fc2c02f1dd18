"""gunicorn reads this by itself: the workers of one host count requests into one folder, gone when they are; their log
lines name nobody. Whoever sends slowly, or nothing, waits in a loop and not in a thread (jeddah_portal/serving.py).
"""

import os
import shutil
import tempfile

worker_class = "jeddah_portal.serving.BufferedWorker"
threads = 4
# Seconds a connection may stand idle between two requests.
keepalive = 20
control_socket_disable = True


def on_starting(server):  # type: ignore[no-untyped-def]
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-metrics-")


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """What gunicorn itself says of a request it cannot read passes the same filter as ours."""
    from jeddah_portal.logs import NoPersonalData

    for handler in worker.log.error_log.handlers:
        handler.addFilter(NoPersonalData())


def on_exit(server):  # type: ignore[no-untyped-def]
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
