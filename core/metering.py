"""Requests counted and timed, for Prometheus. gunicorn's workers on a host count into one folder: gunicorn.conf.py."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
NAME = "portal_request_seconds"
_own = CollectorRegistry()
_requests = Histogram(
    NAME, "Requests and how long they took.", ("view", "method", "status"), registry=_own, buckets=BUCKETS
)
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


def count(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Note one request under the name of its view: addresses are without number and name people's cases."""
    match = request.resolver_match
    view = (match.view_name or match._func_path) if match else "none"
    method = request.method if request.method in _METHODS else "other"
    _requests.labels(view, method, str(response.status_code)).observe(seconds)


def registry(*more: Collector) -> CollectorRegistry:
    """What all processes of this host counted, and what the collectors given say."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        collectors = _own
        if more:
            collectors = CollectorRegistry()
            collectors.register(_requests)
    else:
        collectors = CollectorRegistry()
        MultiProcessCollector(collectors)
    for collector in more:
        collectors.register(collector)
    return collectors


@dataclass
class ViewCount:
    view: str
    requests: int = 0
    failed: int = 0
    seconds: float = 0.0

    @property
    def milliseconds(self) -> int:
        """The mean."""
        return round(1000 * self.seconds / self.requests) if self.requests else 0


def by_view() -> list[ViewCount]:
    """Requests, those answered with 500 or more, and time by view, on this host since it started; most asked first."""
    counts: dict[str, ViewCount] = defaultdict(lambda: ViewCount(""))
    for family in registry().collect():
        for sample in family.samples:
            if sample.name in (f"{NAME}_count", f"{NAME}_sum"):
                line = counts[sample.labels["view"]]
                line.view = sample.labels["view"]
                if sample.name.endswith("_sum"):
                    line.seconds += sample.value
                else:
                    line.requests += int(sample.value)
                    line.failed += int(sample.value) if sample.labels["status"] >= "500" else 0
    return sorted(counts.values(), key=lambda line: -line.requests)
