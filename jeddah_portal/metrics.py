"""/metrics for Prometheus: requests of this host's processes; work, workers and cases as the database knows them."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import exposition
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts import access_log
from continuity import watch
from core import metering
from core.db import replica
from outside.status import body_statuses
from transactions.maintenance.health import Health, read_health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class HealthCollector(Collector):
    """The figures of the database; when it does not answer, that is the figure."""

    def collect(self) -> Iterator[Metric]:
        try:
            state = read_health(timezone.now())
        except Error:
            yield GaugeMetricFamily("portal_database_up", "The database answers.", value=0)
            return
        yield GaugeMetricFamily("portal_database_up", "The database answers.", value=1)
        yield from _families(state)
        events = GaugeMetricFamily(
            "portal_security_events", "Who got in or used power, in the last hour.", labels=["event"]
        )
        for event, many in access_log.count_security_events(timezone.now()).items():
            events.add_metric([event], many)
        yield events
        yield from _vault()
        yield from _outside()
        with contextlib.suppress(Error):
            behind = replica.behind(timezone.now())
            if behind is not None:
                yield GaugeMetricFamily("portal_replica_behind_seconds", "How far the replica is behind.", behind)


def _vault() -> Iterator[Metric]:
    """What is wrong with the vault, and how long ago a rebuild was proved. A city without a vault has chosen so."""
    now = timezone.now()
    wrong = GaugeMetricFamily("portal_vault_failures", "What is wrong with the vault.", labels=["failure"])
    for failure, many in watch.failures(now).items():
        if settings.VAULT_URL:
            wrong.add_metric([failure], many)
    yield wrong
    if (age := watch.rehearsed(now)) is not None:
        yield GaugeMetricFamily("portal_rehearsal_age_seconds", "Since a rebuild was proved.", age.total_seconds())


def _outside() -> Iterator[Metric]:
    """How outside bodies stand; those without an address are none of a monitor's business."""
    families = {
        "up": GaugeMetricFamily("portal_outside_up", "The body answers.", labels=["body"]),
        "waiting": GaugeMetricFamily("portal_outside_waiting", "Messages that wait for the body.", labels=["body"]),
        "late": GaugeMetricFamily("portal_outside_late", "Matters past the body's own time.", labels=["body"]),
    }
    for each in body_statuses(timezone.now()):
        if each.works is not None:
            families["up"].add_metric([each.body.name], float(each.works))
        families["waiting"].add_metric([each.body.name], each.waiting)
        families["late"].add_metric([each.body.name], each.late)
    yield from families.values()


def _families(state: Health) -> Iterator[Metric]:
    def gauge(name: str, help_: str, label: str, values: dict[str, float]) -> Metric:
        family = GaugeMetricFamily(name, help_, labels=[label])
        for key, value in values.items():
            family.add_metric([key], value)
        return family

    work = {line.kind: line for line in state.work}
    yield gauge("portal_outbox_waiting", "Jobs waiting.", "kind", {kind: line.waiting for kind, line in work.items()})
    yield gauge(
        "portal_outbox_dead", "Jobs that failed permanently.", "kind", {k: line.dead for k, line in work.items()}
    )
    oldest = {kind: line.oldest for kind, line in work.items()}
    yield gauge("portal_outbox_oldest_seconds", "Age of the oldest waiting job.", "kind", oldest)
    offices = {office.office: office for office in state.offices}
    yield gauge("portal_cases_open", "Open cases.", "office", {code: load.open for code, load in offices.items()})
    yield gauge("portal_cases_late", "Late cases.", "office", {code: load.late for code, load in offices.items()})
    silent = dict(state.silent)
    backup = {failure: float(many) for failure, many in state.backup.items()}
    yield gauge("portal_backup_failures", "What is wrong with the backups.", "failure", backup)
    yield gauge("portal_silent_failures", "Failures that reach nobody otherwise.", "failure", silent)  # type: ignore[arg-type]
    if (seen := state.worker_seen) is not None:
        age = seen.total_seconds()
        yield GaugeMetricFamily("portal_worker_heartbeat_age_seconds", "Age of the last heartbeat of a worker.", age)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Only for whoever brings METRICS_TOKEN; without such a setting there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    return HttpResponse(exposition.generate_latest(metering.registry(HealthCollector())), content_type=CONTENT_TYPE)
