"""Whatever happens to what boxes deliver, in whatever order: nothing the centre said it has is lost, nothing is there
twice, no number belongs to two requests.
"""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxes import bundle
from boxes.centre import quarantine, receiving, registering
from boxes.models import Box, Delivered
from journal.models import Entry
from transactions.models import Transaction
from transactions.outbox import queue

from ..conftest import NOW
from .machine import delivery, ready_made

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("bring"), st.integers(0, 1), st.integers(0, 3)),
        st.tuples(st.just("bring all"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("cut"), st.integers(0, 1), st.integers(1, 99)),
        st.tuples(st.just("work"), st.just(0), st.just(0)),
        st.tuples(st.just("clone"), st.just(0), st.just(0)),
        st.tuples(st.just("go back"), st.just(0), st.integers(0, 3)),
        st.tuples(st.just("end"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


class World:
    """A box, perhaps its copy, and what the centre said it has."""

    def __init__(self, cast) -> None:
        self.cast, self.machines, self.said = cast, [ready_made(cast)], set()
        self.person = 500

    def machine(self, which):
        return self.machines[min(which, len(self.machines) - 1)]

    def take(self, which, _more):
        self.person += 1
        self.machine(which).take(person=self.person)

    def bring(self, which, number):
        receipts = self.machine(which).receipts
        if receipts:
            self._bring(delivery(receipts[number % len(receipts)]))

    def bring_all(self, which, _more):
        self._bring(delivery(*reversed(self.machine(which).receipts)))

    def cut(self, which, share):
        content = delivery(*self.machine(which).receipts)
        self._bring(content[: len(content) * share // 100])

    def _bring(self, content):
        outcome = receiving.receive(io.BytesIO(content), by_stick=False, now=NOW)
        self.said.update(outcome.complete)

    def work(self, *_more):
        for _again in range(2):
            queue.process_kind(receiving.KIND, NOW + timedelta(seconds=1))

    def clone(self, *_more):
        if len(self.machines) == 1:
            self.machines.append(self.machines[0].clone())

    def go_back(self, _which, number):
        """Restored from yesterday's copy of its disk, started again."""
        machine = self.machine(0)
        if machine.receipts:
            last = machine.receipts[number % len(machine.receipts)]
            line = bundle.read_entry(last.text).line
            machine.seq, machine.head, machine.drawn = line.seq, line.hash, machine.drawn + 10

    def end(self, *_more):
        registering.end(Box.objects.get(), Box.End.LOST, by=self.cast.administrator, now=NOW)

    def everything_home(self):
        """Both machines come to the centre, and a person accepts what waits."""
        for machine in self.machines:
            self._bring(delivery(*machine.receipts))
        self.work()
        for row in Delivered.objects.filter(state=Delivered.State.QUARANTINED).order_by("pk"):
            quarantine.accept(row, why="Seen", by=self.cast.administrator, now=NOW)

    def check(self):
        here = Delivered.objects.exclude(state=Delivered.State.INCOMPLETE)
        hashes = {bytes(digest).hex() for digest in here.values_list("hash", flat=True)}
        assert self.said <= hashes, "what the centre said it has is lost"
        for row in here.exclude(state=Delivered.State.TAKEN):
            assert all(default_storage.exists(receiving.place_of(file.sha256)) for file in row.files.all())
        numbers = list(Transaction.objects.values_list("reference", flat=True))
        assert len(numbers) == len(set(numbers))
        assert Entry.objects.filter(kind="received").count() == len(numbers)
        assert Delivered.objects.filter(state=Delivered.State.TAKEN).count() == len(numbers)
        chain = Delivered.objects.filter(in_chain=True).order_by("seq").values_list("seq", flat=True)
        assert list(chain) == list(range(1, Box.objects.get().head_seq + 1))


@given(steps=STEPS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_or_doubled_and_no_number_is_given_twice(cast, tmp_path_factory, steps):
    from django.conf import settings as portal
    from django.db import transaction

    portal.BOXES_IDENTITY_FILE = str(tmp_path_factory.mktemp("keys") / "boxes.age")
    with transaction.atomic():
        world = World(cast)
        for name, which, more in steps:
            getattr(world, name.replace(" ", "_"))(which, more)
            world.check()
        world.everything_home()
        world.check()
        given_out = {receipt.hash: receipt.reference for machine in world.machines for receipt in machine.receipts}
        assert len(set(given_out.values())) == len(given_out)
        assert set(given_out.values()) == set(Transaction.objects.values_list("reference", flat=True))
        transaction.set_rollback(True)
