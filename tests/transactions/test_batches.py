"""Many requests are routed at once, as if one by one."""

from __future__ import annotations

from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from municipality.models import Office
from transactions.models import Event, Outbox, Transaction
from transactions.outbox import queue

from ..conftest import NOW

pytestmark = pytest.mark.django_db


def drained() -> tuple[int, int]:
    """(rows done, queries asked)."""
    with CaptureQueriesContext(connection) as asked:
        done = queue.process_batch("route", NOW)
    return done, len(asked)


def test_a_batch_asks_as_much_for_five_as_for_one(cast, submitted):
    submitted(routed=False)
    one = drained()
    for _ in range(5):
        submitted(routed=False)
    assert one[0] == 1
    assert drained() == (5, one[1])
    assert set(Transaction.objects.values_list("status", "version")) == {("incoming", 2)}


def test_a_batch_says_of_each_why(cast, submitted):
    near = submitted(routed=False)
    large = submitted("land-subdivision", routed=False, area_m2="6000", parts=[
        {"area_m2": "3000", "frontage_m": "15", "street": "شارع 1", "street_width_m": "15"},
        {"area_m2": "3000", "frontage_m": "15", "street": "شارع 2", "street_width_m": "12"},
    ])  # fmt: skip
    unknown = submitted(routed=False, district="unlisted")
    assert queue.process_batch("route", NOW) == 3
    events = Event.objects.filter(move="route").order_by("transaction_id")
    assert list(events.values_list("transaction_id", "rule", "facts__branch", "to_status", "seq")) == [
        (near.pk, "district.branch", "SHR", "incoming", 2),
        (large.pk, "subdivision.area-over-5000", "CTR", "incoming", 2),
        (unknown.pk, "district.unknown", "CTR", "incoming", 2),
    ]


def test_a_batch_fills_the_centres_by_their_size(cast, submitted):
    for _ in range(12):
        submitted(routed=False)
    queue.process_batch("route", NOW)
    centres = Office.objects.filter(parent__code="SHR")
    loads = [Fraction(centre.centre_cases.count(), centre.capacity) for centre in centres]
    # None may be more than one file ahead of another.
    assert max(loads) - min(loads) <= max(Fraction(1, centre.capacity) for centre in centres)


def test_the_outcome_is_that_of_routing_one_by_one(cast, submitted):
    def outcome(cases):
        return [
            Transaction.objects.values_list("centre__code", "branch__code", "due_at").get(pk=case.pk) for case in cases
        ]

    together = [submitted(routed=False) for _ in range(6)]
    queue.process_batch("route", NOW)
    found = outcome(together)
    Transaction.objects.filter(pk__in=[case.pk for case in together]).update(centre=None)
    singly = [submitted() for _ in range(6)]
    assert outcome(singly) == found


def test_a_request_that_was_withdrawn_meanwhile_is_left_alone(cast, submitted):
    from transactions.transitions import moves

    gone, stays = submitted(routed=False), submitted(routed=False)
    moves.withdraw(gone, by=cast.citizen, now=NOW)
    assert queue.process_batch("route", NOW) == 2
    gone.refresh_from_db()
    stays.refresh_from_db()
    assert (gone.status, stays.status) == ("withdrawn", "incoming")
    assert set(Outbox.objects.filter(kind="route").values_list("state", flat=True)) == {"done"}


def test_work_owed_for_nothing_does_not_end_as_done(cast, submitted):
    good = submitted(routed=False)
    lost = queue.enqueue("route", 987654321, dedupe="route:987654321", now=NOW)
    assert queue.process_batch("route", NOW) == 2
    good.refresh_from_db()
    lost.refresh_from_db()
    assert good.status == "incoming"
    assert (lost.state, lost.attempts) == ("dead", 1)
    assert lost.last_error.startswith("DoesNotExist")
