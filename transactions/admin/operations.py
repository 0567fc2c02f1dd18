"""How the machinery is doing, for administrators: the figures of /metrics as a page."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import current_user, is_administrator
from core import metering

from ..maintenance.health import read_health
from ..outbox import heartbeat
from .ledger import WORK
from .site import staff_site
from .view_words import words_for

# What each silent failure means; docs/operations.md says what to do.
SILENT = {
    "nobody_routes": gettext_lazy("Submitted requests with no routing job"),
    "leases_lost": gettext_lazy("Jobs whose worker stopped responding"),
    "keeps_failing": gettext_lazy("Jobs being retried after three or more failures"),
    "sms_over_quota": gettext_lazy(
        "SMS notices held until the next hour: the limit for the number, or for all numbers, was reached"
    ),
    "guessing": gettext_lazy("Widespread guessing of passwords or PINs"),
    "certificate": gettext_lazy("The certificate that signs documents is absent, has expired, or is about to"),
    "books_differ": gettext_lazy("Differences in the books that nobody has explained"),
    "journal_broken": gettext_lazy("The journal check found a changed entry"),
    "witness_alone": gettext_lazy(
        "The store of attachments, where a witness of the journal lies, is not answering: writing stops in a few hours"
    ),
    "upkeep_late": gettext_lazy("Daily maintenance has not run for two days: unused files, journal check"),
}
BACKUP = {
    "no_recipient": gettext_lazy("No backups are being made: BACKUP_RECIPIENT is not set"),
    "too_old": gettext_lazy("No backup in the last two days"),
    "incomplete": gettext_lazy("The last backup has missing or altered files"),
}
MAX_VIEWS = 15


@require_GET
def operations(request: HttpRequest) -> HttpResponse:
    if not is_administrator(current_user(request)):
        raise Http404
    now = timezone.now()
    state = read_health(now)
    context = staff_site.each_context(request) | {
        "title": _("Operations"),
        "health": state,
        "work": [(line, WORK.get(line.kind, ""), now - timedelta(seconds=line.oldest)) for line in state.work],
        "worker_lives": state.worker_seen is not None and state.worker_seen < heartbeat.MAX_AGE,
        "dead": sum(line.dead for line in state.work),
        "waiting": sum(line.waiting for line in state.work),
        "silent": [(SILENT[failure], many) for failure, many in state.silent.items()],
        "silent_count": sum(state.silent.values()),
        "backup": [BACKUP[failure] for failure, many in state.backup.items() if many],
        "views": [(line, words_for(line.view)) for line in metering.by_view()[:MAX_VIEWS]],
    }
    return render(request, "staff/operations.html", context)
