"""gunicorn reads this by itself: the workers of one host count requests into one folder, gone when they are."""

import os
import shutil
import tempfile


def on_starting(server):  # type: ignore[no-untyped-def]
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-metrics-")


def on_exit(server):  # type: ignore[no-untyped-def]
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
