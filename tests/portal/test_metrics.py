"""What /metrics and the administrators' page say, against what was done."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from transactions.maintenance.health import read_health
from transactions.models import Heartbeat, Outbox
from transactions.outbox.heartbeat import beat

from ..conftest import NOW, drive, failing
from ..page_forms import flat

TOKEN = "t" * 40


@pytest.fixture
def figures(db, settings, client):
    """Ask /metrics as Prometheus does; returns its samples as {(name, labels by their names): value}."""
    settings.METRICS_TOKEN = TOKEN

    def ask():
        answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return samples(answer.content.decode())

    return ask


def samples(text):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_there_is_no_such_page_without_its_token(db, settings, client):
    settings.METRICS_TOKEN = TOKEN
    for given in ("", "Bearer", f"Bearer {TOKEN}x", f"Token {TOKEN}", "Bearer \xff"):
        assert client.get("/metrics", headers={"authorization": given}).status_code == 404
    settings.METRICS_TOKEN = ""
    for given in ("", "Bearer ", "Bearer"):
        assert client.get("/metrics", headers={"authorization": given}).status_code == 404


def test_requests_are_counted_and_timed_by_view_and_status(figures, client):
    def count(view, method, status):
        return figures().get(("portal_request_seconds_count", method, status, view), 0)

    before = count("transactions:home", "GET", "200"), count("none", "GET", "404"), count("none", "other", "404")
    client.get("/")
    client.get("/nowhere/")
    client.generic("BREW", "/nowhere/")
    after = count("transactions:home", "GET", "200"), count("none", "GET", "404"), count("none", "other", "404")
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 1, 1]
    assert figures()["portal_request_seconds_sum", "GET", "200", "transactions:home"] > 0


def test_work_waiting_dead_and_old_is_told_by_kind(figures, cast, submitted, stopped_clock):
    submitted(routed=False, now=stopped_clock - timedelta(seconds=100))
    Outbox.objects.filter(kind="notify").update(state="dead")
    found = figures()
    assert found["portal_outbox_waiting", "route"] == 1
    assert found["portal_outbox_dead", "route"] == 0
    assert found["portal_outbox_oldest_seconds", "route"] == 100
    assert found["portal_outbox_dead", "notify"] == Outbox.objects.filter(state="dead").count()
    assert found["portal_outbox_waiting", "notify"] == 0


def test_the_worker_s_heartbeat_grows_old(figures, stopped_clock):
    assert ("portal_worker_heartbeat_age_seconds",) not in figures()
    beat(stopped_clock)
    assert figures()["portal_worker_heartbeat_age_seconds",] == 0
    Heartbeat.objects.update(at=stopped_clock - timedelta(seconds=4))
    assert figures()["portal_worker_heartbeat_age_seconds",] == 4
    Heartbeat.objects.update(at=stopped_clock - timedelta(minutes=5))
    assert figures()["portal_worker_heartbeat_age_seconds",] == 300


def test_late_cases_are_counted_for_the_office_that_holds_them(cast, submitted):
    submitted()
    drive(submitted("land-subdivision"), cast, "issued")
    before, after = read_health(NOW), read_health(NOW + timedelta(days=90))
    held = {office.office: (office.open, office.late) for office in before.offices}
    assert held["SHR"][1] == 0
    assert {office.office: office.late for office in after.offices} == {code: many for code, (many, _l) in held.items()}


def test_a_silent_failure_is_seen(cast, submitted):
    submitted(routed=False)
    assert failing(NOW + timedelta(hours=1)) == {}
    Outbox.objects.filter(kind="route").update(attempts=3)
    assert failing(NOW) == {"keeps_failing": 1}
    Outbox.objects.filter(kind="route").update(state="claimed", attempts=1, lease_until=NOW)
    assert failing(NOW + timedelta(hours=1)) == {"leases_lost": 1}
    Outbox.objects.filter(kind="route").update(state="dead")
    assert failing(NOW + timedelta(hours=1)) == {"nobody_routes": 1}


def test_the_figures_cost_the_same_number_of_queries_however_much_there_is(
    cast, submitted, django_assert_max_num_queries
):
    for _ in range(3):
        submitted()
    with django_assert_max_num_queries(9):
        read_health(NOW)


def test_administrators_see_the_figures_as_a_page_and_nobody_else_does(cast, submitted, signed_in):
    submitted()
    Outbox.objects.filter(kind="notify").update(state="dead")
    page = signed_in(cast.administrator).get("/staff/operations/", headers={"accept-language": "ar"})
    text = flat(page)
    dead = Outbox.objects.filter(state="dead").count()
    assert dead
    assert re.search(rf"kind__exact=notify\"><bdi>{dead}</bdi>", text)
    assert "الشرفية" in text
    assert signed_in(cast.supervisor).get("/staff/operations/").status_code == 404
