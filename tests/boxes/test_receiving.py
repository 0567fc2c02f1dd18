"""What boxes deliver: taken in once, whatever way it comes; what cannot be taken waits for a person."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from accounts.models import User
from boxes import bundle, words
from boxes.centre import quarantine, receiving, registering
from boxes.models import Box, Delivered, RefusedDelivery
from journal import keys, receipts
from journal.models import Entry
from transactions.domain.pins import box_key, derive_pin
from transactions.models import Attachment, Intake, Transaction
from transactions.outbox import queue

from ..conftest import NOW, national_id
from .machine import delivery, file_frame, ready_made

pytestmark = pytest.mark.django_db
State = Delivered.State


@pytest.fixture
def box(cast, settings, tmp_path):
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")
    return ready_made(cast)


def bring(content, now=NOW, by_stick=False):
    outcome = receiving.receive(io.BytesIO(content), by_stick=by_stick, now=now)
    for _again in range(3):
        queue.process_kind(receiving.KIND, now + timedelta(seconds=1))
    return outcome


def states():
    return dict(Delivered.objects.values_list("seq", "state"))


def test_a_request_arrives_with_its_number_its_files_and_its_receipt(box, cast):
    taken_at = NOW - timedelta(seconds=4)
    Box.objects.update(created_at=NOW - timedelta(days=1))
    receipt = box.take(at=taken_at)
    outcome = bring(delivery(receipt))
    case = Transaction.objects.get(reference=receipt.reference)
    assert (case.submitted_at, case.taken_by, case.taken_at.code) == (taken_at, cast.clerk, "SC01")
    assert case.applicant.national_id == national_id(500)
    assert sorted(case.attachments.values_list("document", flat=True)) == [
        "croquis", "facade_photo", "facade_photo", "id_copy", "ownership_doc",
    ]  # fmt: skip
    token = Intake.objects.get(transaction=case).token
    check = receipts.check_token(token)
    assert (check.signature_good, check.in_journal, check.subject) == (True, True, receipt.reference)
    entry = receipts.body_of(Entry.objects.get(subject=receipt.reference, kind="received"))
    assert (entry["box"], entry["box_seq"], entry["box_hash"]) == ("B0A", 1, receipt.hash)
    assert outcome.complete == [receipt.hash]
    assert not outcome.wanted
    said = words.read(words.ACKNOWLEDGED, receiving.acknowledge(outcome, NOW), {"C1A": keys.public_bytes()})
    assert (said["seq"], said["hash"], said["state"], said["kept"]) == (1, receipt.hash, "active", [receipt.hash])


def test_the_pin_on_the_paper_of_a_box_opens_it_here(settings):
    reference = "B0A-1448-100000001-" + "X"
    from transactions.domain.references import Reference

    reference = str(Reference("B0", "A", 1448, 100_000_001))
    here = derive_pin(reference)
    other = derive_pin(str(Reference("C1", "A", 1448, 100_001)))
    settings.RECEIPT_PIN_KEY, settings.OFFICE_BOX = box_key("B0"), True
    assert derive_pin(reference) == here
    assert derive_pin(str(Reference("C1", "A", 1448, 100_001))) != other  # its key opens no number of the centre


@pytest.mark.parametrize("times", [2, 3])
def test_brought_again_by_any_way_it_is_there_once(box, times):
    content = delivery(box.take(), box.take(person=501))
    for number in range(times):
        outcome = bring(content, by_stick=bool(number))
        assert len(outcome.complete) == 2
    assert Transaction.objects.count() == 2
    assert Attachment.objects.exclude(transaction=None).count() == 10


def test_in_another_order_each_waits_for_the_one_before_it(box):
    first, second, third = (box.take(person=person) for person in (500, 501, 502))
    bring(delivery(third))
    bring(delivery(second))
    assert states() == {3: State.INCOMPLETE, 2: State.INCOMPLETE}
    assert Box.objects.get().head_seq == 0
    bring(delivery(first))
    assert set(states().values()) == {State.TAKEN}
    assert Box.objects.get().head_seq == 3


def borders(content):
    """Where the frames of a delivery end."""
    stream = io.BytesIO(content)
    for frame in bundle.read_frames(stream):
        for _piece in frame.chunks():
            pass
        yield stream.tell()


@pytest.mark.parametrize("frame", [0, 1, 3, 7, -1])
@pytest.mark.parametrize("missing", [1, 2, 60])
def test_cut_off_it_is_good_up_to_the_cut_and_the_rest_comes_later(box, frame, missing):
    content = delivery(box.take(), box.take(person=501))
    outcome = bring(content[: list(borders(content))[frame] - missing])
    assert outcome.refused == ["the delivery is cut off"]
    assert len(outcome.complete) <= Delivered.objects.count()
    bring(content)
    assert set(states().values()) == {State.TAKEN}
    assert Transaction.objects.count() == 2


# Two entries of five files each: what did not come is asked for, by the entries that did.
@pytest.mark.parametrize(("frames", "complete", "wanted"), [(1, 0, 5), (2, 0, 4), (6, 1, 0), (7, 1, 5), (11, 1, 1)])
def test_cut_off_between_two_frames_the_rest_is_asked_for_or_comes_later(box, frames, complete, wanted):
    content = delivery(box.take(), box.take(person=501))
    outcome = bring(content[: list(borders(content))[frames - 1]])
    assert not outcome.refused
    assert (len(outcome.complete), len(outcome.wanted)) == (complete, wanted)
    bring(content)
    assert set(states().values()) == {State.TAKEN}
    assert Transaction.objects.count() == 2


def test_files_that_come_later_are_asked_for(box):
    receipt = box.take()
    outcome = bring(bundle.entry_frame(receipt.text))
    assert sorted(outcome.wanted) == sorted(bundle.digest(file) for file in receipt.files)
    assert not outcome.complete
    for file in receipt.files:
        outcome = bring(file_frame(file))
    assert outcome.complete == [receipt.hash]
    assert states() == {1: State.TAKEN}


def test_an_entry_sealed_anew_takes_the_place_of_one_whose_files_are_lost(box):
    receipt = box.take()
    bring(bundle.entry_frame(receipt.text) + file_frame(receipt.files[0]))
    anew = box.seal_anew(receipt)
    outcome = bring(bundle.entry_frame(anew.text))
    assert sorted(outcome.wanted) == sorted(bundle.digest(file) for file in anew.files)
    outcome = bring(delivery(anew))
    assert outcome.complete == [receipt.hash]
    assert Transaction.objects.get(reference=receipt.reference).attachments.count() == 5
    bring(delivery(receipt))  # too late: it is taken in
    assert Transaction.objects.count() == 1
    assert Delivered.objects.get().document.encode() == anew.text


def test_what_the_box_did_not_sign_reaches_no_table_and_is_counted(box, cast):
    receipt = box.take()
    item = json.loads(receipt.text)
    item["files"] = item["files"][1:]
    stranger = ready_made(cast, "B1")
    Box.objects.filter(node="B1").delete()
    for text in (json.dumps(item).encode(), stranger.take().text):
        assert bring(bundle.entry_frame(text)).refused
    assert not Delivered.objects.exists()
    assert RefusedDelivery.objects.get().many == 1  # nobody's box is nobody's to count
    assert bring(file_frame(b"any file")).refused == ["a file that no entry names"]


def test_after_its_end_everything_waits_for_a_person(box, cast):
    before, after = box.take(), box.take(person=501)
    bring(delivery(before))
    registering.end(Box.objects.get(), Box.End.LOST, by=cast.administrator, now=NOW)
    outcome = bring(delivery(after))
    assert outcome.complete == [after.hash]  # and is not lost meanwhile
    row = Delivered.objects.get(seq=2)
    assert (row.state, row.reason) == (State.QUARANTINED, "ended")
    assert not Transaction.objects.filter(reference=after.reference).exists()
    assert not receipts.check_token(_token(after)).in_journal
    assert receipts.check_token(_token(after)).listed.is_compromised
    accepted = quarantine.accept(row, why="The clerk knows of it", by=cast.administrator, now=NOW)
    assert accepted.state == State.TAKEN
    assert Transaction.objects.get(reference=after.reference).applicant.national_id == national_id(501)
    assert accepted.decided_by == cast.administrator


def _token(receipt):
    line = bundle.read_entry(receipt.text).line
    return receipts.encode_token(Entry(previous_hash=line.previous, signature=line.signature, body=line.body))


def test_a_copy_of_a_box_ends_it_and_both_machines_receipts_are_kept(box, cast):
    bring(delivery(box.take()))
    copied = box.clone()
    honest, other = box.take(person=501), copied.take(person=502)
    bring(delivery(honest))
    bring(delivery(other))
    assert Box.objects.get().ended_why == Box.End.CLONED
    row = Delivered.objects.get(reason="forked")
    assert (row.seq, row.reference, row.state) == (2, other.reference, State.QUARANTINED)
    assert honest.reference != other.reference
    later = box.take(person=503)
    bring(delivery(later))
    assert Delivered.objects.get(reference=later.reference).reason == "ended"
    quarantine.accept(row, why="The visitor holds the receipt", by=cast.administrator, now=NOW)
    assert Transaction.objects.filter(reference__in=[honest.reference, other.reference]).count() == 2


def test_an_older_state_of_a_box_is_found_out(box):
    bring(delivery(box.take(), box.take(person=501)))
    old = box.clone()
    old.seq, old.head = 1, bytes.fromhex(box.receipts[0].hash)
    bring(delivery(old.take(person=502)))
    assert Box.objects.get().ended_why == Box.End.CLONED
    assert Delivered.objects.get(reason="forked").seq == 2


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"content": {"answers": {"district": "SHR-01"}}}, "content"),
        ({"content": {"salt": "another"}}, "content"),
        ({"content": {"clerk": "1000000008"}}, "clerk"),
        ({"content": {"office": "SC02"}}, "clerk"),
        ({"content": {"service": "no-such-service"}}, "content"),
        ({"content": {"files": []}}, "content"),
        ({"content": {"visitor": {"national_id": "1", "full_name": "x", "phone": "1", "email": ""}}}, "person"),
        ({"content": {"language": "fr"}}, "content"),
        ({"content": {"salt": "\0"}}, "sealed"),
        ({"reference": "C1A-1448-000001-B"}, "lot"),
        ({"reference": "x"}, "lot"),
    ],
)
def test_what_cannot_be_taken_waits_with_its_reason_and_holds_up_nothing(box, spoiled, reason):
    bad, good = box.take(**spoiled), box.take(person=501)
    outcome = bring(delivery(bad, good))
    row = Delivered.objects.get(seq=1)
    assert (row.state, row.reason) == (State.QUARANTINED, reason)
    assert row.reason in quarantine.REASONS
    assert sorted(outcome.complete) == sorted([bad.hash, good.hash])
    assert Transaction.objects.get().reference == good.reference


def test_a_number_that_is_taken_is_honoured_under_a_new_one(box, cast):
    first = box.take()
    bring(delivery(first))
    twin = box.take(person=501, reference=first.reference)
    bring(delivery(twin))
    row = Delivered.objects.get(seq=2)
    assert row.reason == "number"
    accepted = quarantine.accept(row, why="Two visitors", by=cast.administrator, now=NOW)
    assert accepted.transaction.reference.startswith("C1A")
    entry = receipts.body_of(Entry.objects.get(subject=accepted.transaction.reference, kind="received"))
    assert entry["instead_of"] == first.reference


@pytest.mark.parametrize(
    ("off", "window", "expected"),
    [
        (timedelta(days=3), timedelta(minutes=30), None),  # ahead, and the centre knows the hour itself
        (timedelta(days=-3), timedelta(minutes=30), None),
        (timedelta(days=3), timedelta(days=20), "clock"),
        (timedelta(days=-30), timedelta(days=20), "clock"),
        (timedelta(days=-10), timedelta(days=20), None),
        (timedelta(minutes=-5), timedelta(days=20), None),
    ],
)
def test_no_date_depends_on_the_clock_of_a_box_outside_what_the_centre_knows(box, cast, off, window, expected):
    box.heard = NOW - window
    Box.objects.update(created_at=NOW - timedelta(days=100))
    receipt = box.take(at=NOW + off)
    bring(delivery(receipt))
    row = Delivered.objects.get()
    if expected:
        assert row.reason == expected
        row = quarantine.accept(row, why="Seen", by=cast.administrator, now=NOW)
    assert row.state == State.TAKEN, row.detail
    assert NOW - window <= row.transaction.submitted_at <= NOW


def test_who_is_known_otherwise_is_linked_and_left_as_they_are(box, cast):
    known = cast.citizen
    number = next(number for number in range(1, 3) if national_id(number) == known.national_id)
    bring(delivery(box.take(person=number)))
    row = Delivered.objects.get()
    assert row.transaction.applicant == known
    fresh = User.objects.get(pk=known.pk)
    assert (fresh.full_name, fresh.phone) == (known.full_name, known.phone)
    assert set(row.known_otherwise) == {"full_name", "phone"}


def test_not_accepted_it_stays_on_record_with_its_reason(box, cast):
    bring(delivery(box.take(content={"salt": "another"})))
    row = Delivered.objects.get()
    from transactions.domain.errors import DomainError

    with pytest.raises(DomainError) as refused:
        quarantine.accept(row, why="x", by=cast.administrator, now=NOW)
    assert refused.value.code == "cannot_be_accepted"
    with pytest.raises(DomainError):
        quarantine.reject(row, why=" ", by=cast.administrator, now=NOW)
    rejected = quarantine.reject(row, why="Nobody came", by=cast.administrator, now=NOW)
    assert (rejected.state, rejected.decision) == (State.REJECTED, "Nobody came")
    with pytest.raises(DomainError):
        quarantine.reject(row, why="twice", by=cast.administrator, now=NOW)


def test_a_closed_service_is_looked_at_by_a_person(box, cast):
    from transactions.intake.closures import save_closure
    from transactions.models import Closure

    save_closure(Closure(service="electricity-connection", since=NOW, reason_ar="صيانة", reason_en="Repairs"))
    bring(delivery(box.take()))
    row = Delivered.objects.get()
    assert row.reason == "closed"
    assert quarantine.accept(row, why="It had not heard", by=cast.administrator, now=NOW).state == State.TAKEN
