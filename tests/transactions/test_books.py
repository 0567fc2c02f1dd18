"""The books agree, and where they do not it is found, kept with its age, and closes itself."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import timedelta
from random import Random

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from core.hijri import hijri_year
from journal import chain, receipts
from journal.models import Chain
from municipality.models import Office
from transactions.books import look as looks
from transactions.books.look import Head
from transactions.books.reconcile import KINDS, explain, reconcile
from transactions.maintenance import schedule
from transactions.models import (
    Attachment,
    BroughtReceipt,
    Delivery,
    Difference,
    Event,
    FeeDue,
    Intake,
    IssuedDocument,
    Movement,
    Notification,
    Outbox,
    PaperContent,
    Register,
    Serial,
    Transaction,
)
from transactions.transitions import moves

from ..conftest import NOW, STEP, authorised, drive, failing, work_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
EVENING = timedelta(hours=9)


@pytest.fixture
def no_vault(monkeypatch):
    monkeypatch.setattr(looks, "_vault", [])


def differences() -> set[tuple[str, str]]:
    return set(Difference.objects.there().values_list("kind", "subject"))


def as_a_worker_would(now):
    """All that is owed is done; drawings are slow, and nothing here looks at them."""
    Outbox.objects.filter(kind__in=["draw", "scan"]).exclude(state="done").update(state="done", done_at=now)
    work_off(now)


def lose_receipt(serial: int) -> tuple[str, str]:
    """A promise whose request is not here."""
    reference = f"C1A-{hijri_year(NOW)}-{serial:06d}-X"
    with transaction.atomic():
        chain.append("received", reference, {"service": "x"}, NOW - DAY)
    return "receipt_without_row", reference


def smuggle_in(case: Transaction, reference: str) -> set[tuple[str, str]]:
    """A closed request written into the database beside the portal."""
    case.pk, case.reference = None, reference
    case.save(force_insert=True)
    return {("row_without_entry", reference), ("row_without_receipt", reference)}


def lose_file(file: Attachment) -> tuple[str, str]:
    default_storage.delete(file.stored_as)
    return "file_missing", file.stored_as


def test_every_seeded_difference_is_found_and_nothing_else(cast, submitted, no_vault):
    authorised(cast)
    late = NOW + 3 * DAY
    electricity = [drive(submitted(), cast, "completed") for _ in range(3)]
    studied = [drive(submitted(), cast, "under_study") for _ in range(2)]
    paid, unpaid = submitted("building-permit"), submitted("building-permit", parcel_number="27")
    paid, unpaid = drive(paid, cast, "issued"), drive(unpaid, cast, "awaiting_payment")
    waiting = [submitted(routed=False) for _ in range(2)]
    withdrawn = moves.withdraw(submitted(), by=cast.citizen, now=NOW)
    for case in waiting:
        Outbox.objects.filter(kind="route", subject=case.pk).update(state="done", done_at=NOW)
    as_a_worker_would(NOW + DAY)
    reconcile(late)
    assert differences() == {("unrouted", case.reference) for case in waiting}

    seeded = {("unrouted", case.reference) for case in waiting}
    seeded |= {lose_receipt(900_000 + number) for number in range(3)}
    seeded |= smuggle_in(withdrawn, f"C1A-{hijri_year(NOW)}-800000-X")
    Intake.objects.filter(transaction=studied[0]).delete()
    seeded.add(("row_without_receipt", studied[0].reference))
    Register.objects.filter(office__code="SHR", direction="out").update(last_number=F("last_number") + 1)
    seeded.add(("register_short", f"SHR/out/{hijri_year(NOW)}"))
    elsewhere = Office.objects.get(code="MTR")
    Transaction.objects.filter(pk=studied[1].pk).update(held_by=elsewhere)
    seeded.add(("case_without_line", studied[1].reference))
    events = {"at": NOW - 60 * DAY, "actor_role": "supervisor", "to_status": "x", "to_stage": "x"}
    Event.objects.create(transaction=electricity[0], seq=90, move="reject", **events)
    seeded.add(("decision_without_entry", electricity[0].reference))
    forged = IssuedDocument.objects.create(
        transaction=electricity[1], kind="forged", number="SHR-1448-999999", issued_at=NOW, token=""
    )
    seeded |= {("paper_without_entry", electricity[1].reference), ("paper_without_content", forged.number)}
    PaperContent.objects.filter(document__transaction=electricity[2]).update(document=None)
    seeded.add(("paper_without_content", electricity[2].issued_documents.get().number))
    FeeDue.objects.filter(transaction=paid).update(paid_at=None)
    FeeDue.objects.filter(transaction=unpaid).update(paid_at=NOW + DAY, payment_reference="SADAD-1")
    seeded.add(("payment_without_entry", unpaid.reference))
    told_by_nobody = ("payment_without_event", "fee_not_as_ledger")
    seeded |= {(kind, case.reference) for kind in told_by_nobody for case in (paid, unpaid)}
    Transaction.objects.filter(pk=studied[0].pk).update(issued_at=NOW, approved_at=NOW, status="issued", closed_at=NOW)
    seeded.add(("paper_missing", studied[0].reference))
    seeded |= {lose_file(file) for file in Attachment.objects.filter(transaction=paid)[:2]}
    stray = default_storage.save("ab/" + "ab" * 16, ContentFile(b"x"))
    old = (NOW - 9 * DAY).timestamp()
    os.utime(default_storage.path(stray), (old, old))
    seeded.add(("file_unnamed", stray))
    notice = Notification.objects.filter(event__transaction=paid, deliveries__isnull=False).first()
    Delivery.objects.filter(notification=notice).delete()
    seeded.add(("notice_unsent", f"notice/{notice.pk}"))
    other = Notification.objects.filter(event__transaction=unpaid, event__move="approve", recipient=cast.citizen).get()
    Delivery.objects.filter(notification=other).delete()
    other.delete()
    seeded.add(("nobody_told", f"{unpaid.reference}/{other.event.seq}"))
    for state, kind in (("dead", "work_dead"), ("owed", "work_waits")):
        row = Outbox.objects.create(kind="warn", subject=1, dedupe=state, state=state, not_before=late, created_at=NOW)
        seeded.add((kind, f"warn/{row.pk}"))

    reconcile(late + STEP)
    assert differences() == seeded
    assert len(seeded) >= 20
    assert len({kind for kind, _subject in seeded}) >= 8


def test_the_counters_of_numbers_are_held_against_the_rows(cast, submitted, no_vault):
    submitted()
    reconcile(NOW + EVENING)
    Serial.objects.update(last=F("last") + 2)
    Movement.objects.create(
        transaction=Transaction.objects.get(), office=Office.objects.get(code="SHR"), direction="in",
        hijri_year=1440, number=5, at=NOW,
    )  # fmt: skip
    Register.objects.create(office=Office.objects.get(code="SHR"), direction="in", hijri_year=1440, last_number=1)
    reconcile(NOW + DAY)
    found = {("number_without_row", f"C1A-{hijri_year(NOW)}"), ("register_short", "SHR/in/1440")}
    assert found <= differences()


def test_thirty_clean_days_have_no_difference(cast, submitted, no_vault):
    authorised(cast)
    chance, open_cases = Random(30), []
    ends = ("under_study", "under_study", "awaiting_supervisor", "completed", "completed")
    for number in range(30):
        morning = NOW + number * DAY
        open_cases.append(submitted(now=morning, routed=chance.random() < 0.7))
        if number % 4 == 0:
            open_cases.append(submitted("building-permit", now=morning))
        as_a_worker_would(morning + STEP)
        case = Transaction.objects.get(pk=chance.choice(open_cases).pk)
        _something_happens(case, cast, chance.choice(ends), morning + STEP, chance)
        schedule.run_due(morning + EVENING)
        as_a_worker_would(morning + EVENING)
        figures = reconcile(morning + EVENING + STEP).figures
        assert differences() == set()
        assert [line["difference"] for line in figures["nodes"]] == [0]
        assert figures["nodes"][0]["received"] == Transaction.objects.count()
    assert Difference.objects.count() == 0
    assert {case.status for case in Transaction.objects.all()} >= {"completed", "withdrawn", "returned"}


ORDER = ("submitted", "incoming", "under_admin_audit", "under_study", "under_tech_audit", "awaiting_supervisor")


def _something_happens(case, cast, until, now, chance):
    """One of what happens to cases: withdrawn, returned, moved on to a place ahead of where it is, or to the end."""
    if case.status not in ORDER[1:]:
        return
    if chance.random() < 0.2:
        moves.withdraw(case, by=case.applicant, now=now)
    elif case.status == "under_study" and chance.random() < 0.4:
        code = case.service_type.deficiencies[0].code
        moves.return_for_completion(case, deficiencies=[moves.RequestedCompletion(code)], by=cast.reviewer, now=now)
    elif until == "completed":
        drive(case, cast, "issued" if case.service == "building-permit" else "completed", now)
    elif ORDER.index(case.status) < ORDER.index(until):
        drive(case, cast, until, now)


def test_a_difference_keeps_its_age_and_closes_itself(cast, submitted, no_vault):
    case = submitted()
    file = case.attachments.first()
    content = default_storage.open(file.stored_as).read()
    as_a_worker_would(NOW)
    lose_file(file)
    reconcile(NOW + DAY)
    row = Difference.objects.get()
    assert (row.found_at, row.office, row.closed_at) == (NOW + DAY, case.held_by, None)
    assert failing(NOW + DAY)["books_differ"] == 1
    reconcile(NOW + 2 * DAY)
    row.refresh_from_db()
    assert (row.found_at, row.seen_at) == (NOW + DAY, NOW + 2 * DAY)
    default_storage.save(file.stored_as, ContentFile(content))
    reconcile(NOW + 3 * DAY)
    row.refresh_from_db()
    assert row.closed_at == NOW + 3 * DAY
    assert "books_differ" not in failing(NOW + 3 * DAY)
    lose_file(file)
    reconcile(NOW + 4 * DAY)
    assert Difference.objects.there().get().found_at == NOW + 4 * DAY


def test_one_that_is_explained_is_still_told_as_explained(cast, submitted, no_vault):
    lose_receipt(900_001)
    figures = reconcile(NOW + DAY).figures
    assert figures["differences"]["receipt_without_row"]["explained"] == 0
    row = explain(
        Difference.objects.get(), reason=" tested ", owner=cast.administrator, by=cast.administrator, now=NOW + DAY
    )
    assert (row.reason, row.settled_by) == ("tested", cast.administrator)
    figures = reconcile(NOW + 2 * DAY).figures
    told = figures["differences"]["receipt_without_row"]
    assert (told["found"], told["explained"]) == (1, 1)
    assert Difference.objects.unexplained().count() == 0
    explain(row, reason="", owner=None, by=cast.administrator, now=NOW + 2 * DAY)
    assert Difference.objects.unexplained().count() == 1


def test_a_store_that_does_not_answer_closes_nothing_and_is_said(cast, submitted, no_vault, monkeypatch):
    lose_file(submitted().attachments.first())
    as_a_worker_would(NOW)
    reconcile(NOW + DAY)

    def away(_folder):
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "listdir", away)
        figures = reconcile(NOW + 2 * DAY).figures
    assert figures["files"] is None
    assert figures["differences"]["file_missing"] is None
    assert figures["differences"]["receipt_without_row"]["found"] == 0
    assert Difference.objects.there().get().kind == "file_missing"


def test_what_was_published_is_signed_in_the_journal(cast, submitted, no_vault):
    submitted()
    published = reconcile(NOW + DAY)
    check = receipts.check_token(published.token)
    assert check.signature_good
    assert check.in_journal
    assert check.body["content"] == hashlib.sha256(published.text.encode()).hexdigest()
    assert json.dumps(published.figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False) == published.text


def test_a_journal_that_is_not_as_it_was_signs_nothing(cast, submitted, no_vault):
    lose_file(submitted().attachments.first())
    good = Chain.objects.get().head_hash
    Chain.objects.update(head_hash=bytes(32))
    published = reconcile(NOW + EVENING)
    assert published.token == ""
    assert {kind for kind, _subject in differences()} == {"file_missing", "chain_short"}
    Chain.objects.update(head_hash=good)
    assert reconcile(NOW + EVENING + STEP).token
    assert {kind for kind, _subject in differences()} == {"file_missing"}


def test_receipts_handed_in_are_in_the_balance(cast, submitted, no_vault):
    submitted()
    about = {"proof": "pin", "phone": "+966500000000", "brought_at": NOW}
    now_under = Transaction.objects.get()
    for number, more in enumerate(
        ({}, {"settled_at": NOW}, {"settled_at": NOW, "transaction": now_under}, {"settled_at": NOW}), start=1
    ):
        BroughtReceipt.objects.create(reference=f"C1A-1448-70000{number}-X", **about, **more)
    line = reconcile(NOW + DAY).figures["nodes"][0]
    assert (line["received"], line["open"], line["void"], line["linked"], line["difference"]) == (5, 2, 2, 1, 0)


@pytest.mark.parametrize(
    ("vault", "known", "found"),
    [
        (None, None, False),
        ("same", True, False),
        ("other", False, True),
        ("ahead", False, True),
    ],
)
def test_the_vaults_head_is_held_against_ours(vault, known, found, cast, submitted, no_vault):
    submitted()
    journal = Chain.objects.get()
    heads = {
        "same": Head(journal.length, bytes(journal.head_hash)),
        "other": Head(journal.length, bytes(32)),
        "ahead": Head(journal.length + 7, bytes(32)),
    }
    looks.register_vault(lambda: {str(journal): heads[vault]} if vault else None)
    said = reconcile(NOW + DAY).figures["journals"][0]["vault"]
    assert (said and said["same"]) == known
    assert (("head_behind", str(journal)) in differences()) == found


def test_offices_are_published_in_tens_and_kept_exactly(cast, submitted, no_vault):
    for _number in range(4):
        submitted()
    submitted(routed=False)
    published = reconcile(NOW + EVENING)
    offices = {line["office"]: line for line in published.figures["offices"]}
    assert {office: line["received"] for office, line in offices.items()} == {"": 0, "SHR": 0}
    assert {line["office"]: line["open"] for line in published.offices} == {"": 1, "SHR": 4}
    assert published.figures["nodes"][0]["open"] == 5


def test_kinds_are_data_with_words_in_both_languages():
    assert len(KINDS) >= 8
    for kind in KINDS.values():
        assert kind.title
        assert kind.advice
        assert len(kind.code) <= 30


def test_the_text_that_was_signed_is_what_anybody_can_hash(cast, submitted, no_vault):
    """As a stranger would, with nothing of ours: the body of the token names the hash of the text."""
    submitted()
    published = reconcile(NOW + DAY)
    packed = base64.urlsafe_b64decode(published.token + "=" * (-len(published.token) % 4))
    body = json.loads(packed[96:])
    assert body["kind"] == "reconciled"
    assert body["content"] == published.content_hash == hashlib.sha256(published.text.encode()).hexdigest()
