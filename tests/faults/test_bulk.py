"""Workers really killed in the middle of one action on many cases: each case once, no number twice, none left out."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from transactions.domain import references, service_types
from transactions.models import BulkItem, BulkJob, Event, Movement, Outbox, Transaction
from transactions.transitions import bulk

from .stack import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough, pytest.mark.stack]
MANY, DEATHS = 90, 2


def incoming(submitted, many=MANY) -> list[Transaction]:
    """As many requests that wait to be registered; copies but for their numbers."""
    first = submitted()
    values = {field.attname: getattr(first, field.attname) for field in Transaction._meta.concrete_fields}
    number = references.parse(first.reference)
    Transaction.objects.bulk_create(
        Transaction(**values | {"id": None, "reference": str(replace(number, serial=serial))})
        for serial in range(900_000, 900_000 + many - 1)
    )
    return list(Transaction.objects.for_pages().order_by("pk"))


def killed_and_done(run, job, many):
    """Workers that die one after another in the middle of this job, then two that do the rest."""

    def done() -> int:
        return BulkItem.objects.filter(job=job, state="done").count()

    for death in range(1, DEATHS + 1):
        worker = run("manage.py", "work")
        goal = death * many // (DEATHS + 1) - many // 8
        until(lambda goal=goal: done() >= goal, 60, "the worker is at work")
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
        assert done() < many, "it was done before it could be killed"
        Outbox.objects.filter(state="claimed").update(lease_until=timezone.now() - timedelta(seconds=1))
    for _two_at_once in range(2):
        run("manage.py", "work")
    until(lambda: BulkJob.objects.get(pk=job.pk).state == "done", 60, "the rest is done")
    assert done() == many


def test_registering_many_goes_on_after_every_death_and_gives_each_its_own_number(cast, submitted, run):
    job = bulk.look(incoming(submitted), "register", by=cast.registry)
    assert bulk.start(job)
    killed_and_done(run, job, MANY)
    assert Event.objects.filter(move="register").count() == MANY
    numbers = sorted(Movement.objects.filter(direction="in").values_list("number", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + MANY))
    events = set(Event.objects.filter(move="register").values_list("transaction_id", flat=True))
    assert len(events) == MANY


def test_cases_shared_out_evenly_go_on_after_every_death_and_each_goes_to_one_colleague(cast, submitted, run):
    incoming(submitted)
    service = service_types.get("electricity-connection")
    study = {"status": "under_study", "stage": service.first_study().code, "assignee": cast.reviewer}
    Transaction.objects.update(**study)
    job = bulk.look(list(Transaction.objects.for_pages().order_by("pk")), bulk.SPREAD, by=cast.supervisor)
    planned = dict(job.items.values_list("transaction_id", "to_id"))
    assert len(planned) == MANY
    assert None not in planned.values()
    assert bulk.start(job)
    killed_and_done(run, job, MANY)
    assert dict(Transaction.objects.values_list("pk", "assignee_id")) == planned
    events = list(Event.objects.filter(move="reassign").values_list("transaction_id", flat=True))
    assert sorted(events) == sorted(planned), "each once"
