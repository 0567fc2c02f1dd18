"""When these pages were last changed here: the day their style sheets, scripts and drawings were put together."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from django.conf import settings

from .hijri import riyadh_day

MANIFEST = "staticfiles.json"


@cache
def built_on() -> date | None:
    """Read once a process. None where files are served as they are written, as in tests."""
    try:
        changed = (Path(settings.STATIC_ROOT) / MANIFEST).stat().st_mtime
    except OSError:
        return None
    return riyadh_day(datetime.fromtimestamp(changed, UTC))
