"""What has to be in order before a gate is opened further and while it is open; each says what is wrong, or nothing."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from journal.standing import reason_not_to_write

from ..incidents import declaring, gates
from ..models import Heartbeat, Outbox
from ..outbox import heartbeat
from .schedule import BROKEN


def _writable(now: datetime) -> str:
    return (
        _("The database was restored from an earlier copy and may not be written yet.") if reason_not_to_write() else ""
    )


def _workers(now: datetime) -> str:
    return "" if heartbeat.is_alive(now) else _("No worker has given a sign of life in the last minute.")


def _journal(now: datetime) -> str:
    broken = Heartbeat.objects.filter(name=BROKEN).exists()
    return _("The journal was found changed at its last check.") if broken else ""


def _dead_jobs(now: datetime) -> str:
    dead = Outbox.objects.filter(state=Outbox.State.DEAD).exclude(
        kind__in=["notify", "warn", "warn_name", "warn_delegation"]
    )
    return _("Background jobs have failed for good.") if dead.exists() else ""


def _incidents(now: datetime) -> str:
    changed = declaring.changed_behind_our_back()
    return _("Incident notices differ from the journal: %(which)s.") % {"which": ", ".join(changed)} if changed else ""


gates.checks.update(
    {
        "writable": _writable,
        "workers": _workers,
        "journal": _journal,
        "dead_jobs": _dead_jobs,
        "incidents": _incidents,
    }
)
