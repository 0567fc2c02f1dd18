"""What is left of a person after erasure: every table has its word, and the copies outside the municipal file go."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Q

from accounts import four_eyes
from accounts.delegations import end_delegation
from accounts.models import Delegation, Proposal, User
from boxes import bundle
from boxes.models import Delivered
from municipality.models import Office
from transactions.attachments import delegations as scans
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.maintenance import personal_data
from transactions.maintenance.personal_data import export_personal_data
from transactions.models import Attachment, Draft, SavedFilter, StatusSubscription, Transaction
from transactions.transitions import moves

from ..accounts.delegating import fresh, record
from ..boxes.machine import delivery, ready_made
from ..boxes.test_receiving import bring
from ..conftest import NOW, national_id, pdf, upload
from ..paper import asked, begun, handed, staff
from .test_personal_data import traces

pytestmark = pytest.mark.django_db
LIST = Path(__file__).with_name("erasure.txt")
WORDS = {"erased", "file", "period", "key", "nobody"}


def listed():
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def test_of_every_table_it_is_said_what_becomes_of_it():
    """A new one fails here until somebody has thought of it."""
    known = {model._meta.label for model in apps.get_models() if not model.__module__.startswith("tests.")}
    assert set(listed()) == known
    assert set(listed().values()) <= WORDS


def test_what_is_about_nobody_points_at_nobody():
    about_nobody = {label for label, word in listed().items() if word == "nobody"}
    pointing = {
        model._meta.label
        for model in apps.get_models()
        if any(field.related_model is User for field in model._meta.fields)
    }
    assert about_nobody & pointing == set()


@pytest.fixture
def recorded(cast):
    """A paper with its scan, and another that has ended before."""
    centre = Office.objects.get(code="SC01")
    facts = {"number": "وكالة-٧٧١٢٣", "issuer": "كتابة عدل لا تتكرر"}
    row = scans.record(
        upload("وكالة باسمي.pdf", pdf()), by=cast.clerk, write=lambda now: record(cast, centre, now=now, **facts)
    )
    ended = record(cast, centre, **facts | {"number": "وكالة-٧٧١٢٤"})
    end_delegation(ended, by=cast.citizen)
    return row


@pytest.mark.parametrize("who", ["citizen", "other_citizen"])
def test_the_paper_of_a_delegation_goes_with_either_side(who, cast, recorded, signed_in):
    scan = recorded.scans.get()
    person = fresh(getattr(cast, who))
    numbers = list(Delegation.objects.values_list("number", flat=True))
    assert all(number.startswith("وكالة-") for number in numbers), "in letters, as no key drawn by chance is"
    personal_data.erase_person(person, by=person, now=NOW)
    left = set(traces(person, [*numbers, "كتابة عدل لا تتكرر", "وكالة باسمي"]))
    assert left <= {"accounts.AccessRecord"}, "the access log is append-only and has its own period"
    assert not Delegation.objects.filter(ended_at=None).exists()
    assert set(Delegation.objects.values_list("number", "issuer")) == {("—", "—")}
    scan.refresh_from_db()
    assert scan.removed_at == NOW
    address = f"/files/{scan.key}/"
    other = cast.citizen if who == "other_citizen" else cast.other_citizen
    assert signed_in(fresh(other)).get(address).status_code == 404
    assert signed_in(cast.clerk).get(address).status_code == 404
    assert Delegation.objects.count() == 2, "that there was one stays"


def test_what_was_asked_about_them_at_a_counter_goes(cast):
    """The question about the name stands in the draft, also once it was sent."""
    changes = {"full_name": {"from": "اسم قديم لا يتكرر", "to": "اسم جديد لا يتكرر"}}
    draft = drafts.start_draft(
        service_types.get("electricity-connection"), by=cast.clerk, applicant=cast.citizen,
        centre=Office.objects.get(code="SC01"), visitor_changes=changes, now=NOW,
    )  # fmt: skip
    Draft.objects.filter(pk=draft.pk).update(stage=Draft.Stage.SUBMITTED, owner_note="اتصلوا بجاري خالد")
    personal_data.erase_person(fresh(cast.citizen), by=cast.citizen, now=NOW)
    assert traces(cast.citizen, ["لا يتكرر", "بجاري خالد"]) == set()
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_files_that_belong_to_no_request_go_with_who_sent_them(cast):
    mine = attachments.store(upload("بطاقة اسمي.pdf"), document="id_copy", by=cast.citizen)
    others = attachments.store(upload("أخرى.pdf"), document="id_copy", by=cast.other_citizen)
    personal_data.erase_person(fresh(cast.citizen), by=cast.citizen, now=NOW)
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.removed_at, mine.original_name, others.removed_at) == (NOW, "—", None)


def test_a_subscription_of_their_address_ends(cast):
    User.objects.filter(pk=cast.citizen.pk).update(email="Only@Example.org")
    for address in ("only@example.org", "other@example.org"):
        StatusSubscription.objects.create(email=address, language="ar", requested_at=NOW)
    personal_data.erase_person(fresh(cast.citizen), by=cast.citizen, now=NOW)
    assert [row.email for row in StatusSubscription.objects.all()] == ["other@example.org"]


def test_a_person_without_an_address_ends_no_subscription(cast):
    User.objects.filter(pk=cast.citizen.pk).update(email="")
    StatusSubscription.objects.create(email="other@example.org", language="ar", requested_at=NOW)
    personal_data.erase_person(fresh(cast.citizen), by=cast.citizen, now=NOW)
    assert StatusSubscription.objects.count() == 1


def test_what_was_proposed_for_them_and_what_they_kept_as_staff_goes(cast):
    """Two mobiles of one person proposed after another stay two proposals."""
    phones = ("+966598760001", "+966598760002")
    for phone in phones:
        proposal = four_eyes.change_phone(cast.reviewer, phone, reason="x", by=cast.administrator)
        Proposal.objects.filter(pk=proposal.pk).update(
            outcome="refused", answered_at=NOW, answered_by=cast.administrator
        )
    SavedFilter.objects.create(owner=cast.reviewer, place="queue", name="ملفات صفوان", query="q=صفوان")
    long_ago = NOW.date() - timedelta(days=400)
    cast.reviewer.posts.update(starts_on=long_ago, ends_on=long_ago + timedelta(days=1), ended_at=NOW)
    User.objects.filter(pk=cast.reviewer.pk).update(is_staff=False)
    personal_data.erase_person(fresh(cast.reviewer), by=cast.administrator, now=NOW)
    assert traces(cast.reviewer, [*phones, "صفوان"]) == set()
    assert Proposal.objects.filter(person=cast.reviewer).count() == 2


@pytest.fixture
def waiting(cast):
    """A slip that is being entered, with its scan, and waits for a second person."""
    booklet = handed(cast, staff("second administrator", 961, "CTR", "administrator"))
    return asked(cast, booklet.slips.select_related("booklet__office")[0], written_at=None)


def test_the_scan_of_a_slip_goes_with_what_was_being_entered(cast, waiting, signed_in):
    personal_data.erase_person(fresh(cast.citizen), by=cast.citizen, now=NOW)
    scan = Attachment.objects.get(pk=waiting.scan_id)
    assert (scan.removed_at, scan.original_name) == (NOW, "—")
    assert signed_in(cast.clerk).get(f"/files/{scan.key}/").status_code == 404
    waiting.refresh_from_db()
    assert (waiting.draft, waiting.scan, waiting.asked_at) == (None, None, None)
    # Its number is still the holder's: it is begun again.
    again = begun(cast, waiting, applicant=cast.other_citizen, written_at=None)
    assert again.applicant == cast.other_citizen


def test_a_scan_belongs_to_whose_slip_it_is_and_not_to_who_scanned_it(cast, waiting):
    theirs, clerks = (
        [str(file["key"]) for file in export_personal_data(fresh(person))["files"]]
        for person in (cast.citizen, cast.clerk)
    )
    key = str(waiting.scan.key)
    assert (key in theirs, key in clerks) == (True, False)


def test_what_a_box_delivered_of_them_goes_and_its_journal_stays(cast, settings, tmp_path):
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")
    box = ready_made(cast)
    sent = delivery(box.take(person=500), box.take(person=501))
    bring(sent)
    person = User.objects.get(national_id=national_id(500))
    row = Delivered.objects.get(transaction__applicant=person)
    Delivered.objects.filter(pk=row.pk).update(known_otherwise={"full_name": {"from": "اسم على ملف", "to": "اسم آخر"}})
    moves.withdraw(person.transactions.get(), by=person, reason="")
    before = {each.pk: bundle.read_entry(each.document.encode()) for each in Delivered.objects.all()}
    personal_data.erase_person(person, by=person, now=NOW)
    after = {each.pk: bundle.read_entry(each.document.encode()) for each in Delivered.objects.all()}
    assert (after[row.pk].content, after[row.pk].line) == (b"", before[row.pk].line)
    assert before[row.pk].content
    assert Delivered.objects.get(pk=row.pk).known_otherwise == {}
    del before[row.pk], after[row.pk]
    assert before == after, "nobody else's"
    bring(sent)
    assert Transaction.objects.count() == 2, "brought again it is the same entry"
    assert Delivered.objects.filter(~Q(state=Delivered.State.TAKEN)).count() == 0


def test_the_export_has_the_papers_that_name_them_and_what_belongs_to_no_request(cast, recorded):
    attachments.store(SimpleUploadedFile("مخطط.pdf", pdf()), document="id_copy", by=cast.other_citizen)
    told = json.dumps(export_personal_data(fresh(cast.other_citizen)), default=str, ensure_ascii=False)
    assert ("وكالة باسمي.pdf" in told, "مخطط.pdf" in told) == (True, True)
    told = json.dumps(export_personal_data(fresh(cast.citizen)), default=str, ensure_ascii=False)
    assert ("وكالة باسمي.pdf" in told, "مخطط.pdf" in told) == (True, False)
    assert Attachment.objects.filter(delegation=recorded).count() == 1
