"""What a database that came back holds: every message that may have gone out before."""

from __future__ import annotations

import pytest

from continuity import after_loss
from transactions.models import Outbox
from transactions.outbox import queue

from ..conftest import NOW

pytestmark = pytest.mark.django_db
# Why what waited of the other kinds is done after a restore.
DONE_AGAIN = {
    "bill_issue": "the bank knows the bill by its key",
    "bill_cancel": "the bank knows the bill; cancelled twice it is cancelled",
    "payment_apply": "applies money in our own ledger",
    "bulk": "moves cases here",
    "route": "moves cases here; receipts that were not announced are held with the notices",
    "refer_out": "the body knows the message by its key",
    "hand_over": "moves cases here",
    "stay": "moves cases here",
    "hand_back": "moves cases here",
    "recount": "counts due dates",
    "incident": "owes the recount",
    "sign_paper": "makes a PDF here",
    "vault_paper": "the vault knows the document by its digest",
    "vault_file": "the vault knows the file by its digest",
    "vault_copy": "the vault knows what it has",
    "vault_heads": "the vault knows what it has",
    "draw": "makes a picture here",
    "check_drawing": "reads a drawing here",
    "scan": "looks into a file here",
    "box_entry": "takes a delivery in by its key; taken in already, it is left as it is",
}


def test_every_kind_of_job_goes_outward_or_is_said_not_to():
    assert not set(after_loss.OUTWARD) & set(DONE_AGAIN)
    assert set(queue.known_kinds()) == set(after_loss.OUTWARD) | set(DONE_AGAIN)


def test_no_message_that_waited_goes_out_unasked_and_all_other_work_goes_on():
    for number, kind in enumerate(queue.known_kinds(), 1):
        for state in ("owed", "claimed"):
            Outbox.objects.create(
                kind=kind, subject=number, dedupe=f"{kind}:{state}", state=state, not_before=NOW, created_at=NOW
            )
    held = after_loss.hold_what_may_have_been_sent(NOW)
    dead = Outbox.objects.filter(state="dead")
    assert held == dead.count() == 2 * len(after_loss.OUTWARD)
    assert set(dead.values_list("kind", flat=True)) == set(after_loss.OUTWARD)
    assert Outbox.objects.exclude(state="dead").count() == 2 * len(DONE_AGAIN)
