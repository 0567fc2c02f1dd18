"""Many printed as one file: copies that say so, labels, pages of the register; for whoever asked, and for a while."""

from __future__ import annotations

import io
from datetime import timedelta

import pikepdf
import pypdfium2
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts import access_log
from accounts.models import AccessRecord
from transactions.models import BulkItem, BulkJob, Movement, Outbox, PaperContent, SignedPaper
from transactions.outbox import queue
from transactions.signed_papers import batches, making, printed_files
from transactions.transitions import bulk, moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
LOOK = "/staff/bulk/"
ENDS = "completed"


def work(job, now=NOW):
    """What a worker does with the job."""
    row = Outbox.objects.get(kind="bulk", subject=job.pk)
    for seconds in range(60):
        if Outbox.objects.get(pk=row.pk).state != "owed":
            break
        queue.process_row(row.pk, now + timedelta(seconds=seconds))
    job.refresh_from_db()
    return job


def done(cases, action, by):
    job = bulk.look(cases, action, by=by, now=NOW)
    assert bulk.start(job, now=NOW)
    return work(job)


def text_of(content):
    pages = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_range() for page in pages]


def file_of(job):
    with default_storage.open(job.stored_as) as file:
        return file.read()


@pytest.fixture
def issued(cast, submitted):
    cases = [drive(submitted(), cast, ENDS) for _ in range(2)]
    sign()
    return cases


def sign():
    """What the job of each paper does."""
    for content in PaperContent.objects.exclude(what="approved"):
        making.make(content.pk, NOW + timedelta(days=1))


def test_issued_papers_become_one_file_of_copies_that_say_so(cast, issued, submitted, signed_in):
    waiting = submitted()
    originals = {paper.sha256: paper.size for paper in SignedPaper.objects.all()}
    page = signed_in(cast.registry)
    looked = page.post(
        LOOK, {"case": [case.reference for case in (*issued, waiting)], "move": "print_issued"}, follow=True
    )
    assert looked.context["goes"] == 2
    assert [item.transaction for item in looked.context["stay"]] == [waiting]
    assert looked.context["stay"][0].message
    job = BulkJob.objects.get()
    page.post(reverse("staff:bulk_start", args=[job.key]))
    work(job)
    assert (job.state, set(job.items.exclude(state="cannot").values_list("state", flat=True))) == ("done", {"done"})
    content = file_of(job)
    pages = text_of(content)
    papers = [case.issued_documents.get() for case in issued]
    assert all(paper.number in pages[0] for paper in papers), "the sheet before them lists them"
    assert all("Copy for printing" in text for text in pages[1:])
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == job.pages == len(pages)
        assert "/AcroForm" not in pdf.Root, "nothing that looks like a signature"
        assert not any("/Annots" in each.obj for each in pdf.pages)
    assert {paper.sha256: paper.size for paper in SignedPaper.objects.all()} == originals
    for paper in SignedPaper.objects.all():
        with default_storage.open(paper.stored_as) as file:
            assert b"/ByteRange" in file.read()


def test_a_file_is_for_whoever_asked_while_it_is_kept_and_on_record(cast, issued, signed_in):
    job = done(issued, "print_issued", cast.registry)
    url = reverse("staff:bulk_file", args=[job.key])
    mine = signed_in(cast.registry).get(url)
    assert (mine.status_code, mine["Content-Type"]) == (200, "application/pdf")
    assert b"".join(mine.streaming_content) == file_of(job)
    access_log.flush()
    for person in (cast.supervisor, cast.reviewer, cast.administrator, cast.other_registry):
        assert signed_in(person).get(url).status_code == 404
    assert AccessRecord.objects.filter(by=cast.registry, why=f"pdf, {len(issued)} rows").count() == 1
    shown = signed_in(cast.registry).get(reverse("staff:bulk", args=[job.key]))
    assert url in shown.content.decode()
    BulkJob.objects.filter(pk=job.pk).update(kept_until=timezone.now() - timedelta(seconds=1))
    assert signed_in(cast.registry).get(url).status_code == 404
    shown = signed_in(cast.registry).get(reverse("staff:bulk", args=[job.key]))
    assert shown.context["file_gone"]
    assert url not in shown.content.decode()


def test_a_file_is_swept_once_it_is_not_kept_and_not_before(cast, issued):
    job = done(issued, "print_labels", cast.registry)
    call_command("sweep_files", older_than=0)
    assert default_storage.exists(job.stored_as)
    name = job.stored_as
    bulk.forget_old(job.kept_until + timedelta(seconds=1), 100)
    call_command("sweep_files", older_than=0)
    assert not default_storage.exists(name)


def test_whoever_lost_their_post_takes_nothing_along(cast, issued, signed_in):
    job = done(issued, "print_issued", cast.registry)
    post = cast.registry.posts.get()
    post.office = cast.other_registry.posts.get().office
    post.save()
    assert signed_in(cast.registry).get(reverse("staff:bulk_file", args=[job.key])).status_code == 404


def test_a_revoked_paper_and_one_that_is_damaged_are_named_and_the_others_printed(cast, issued):
    for case in issued:
        assert batches.find_issued([case])[case.pk][0] is not None
    job = bulk.look(issued, "print_issued", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    paper = batches.find_issued(issued)[issued[0].pk][0]
    default_storage.delete(paper.stored_as)
    work(job)
    assert dict(job.items.values_list("transaction_id", "state")) == {issued[0].pk: "refused", issued[1].pk: "done"}
    issued[1].issued_documents.update(ended_at=NOW, ended_reason="x")
    again = bulk.look(issued[1:], "print_issued", by=cast.registry, now=NOW)
    assert again.items.get().state == "cannot"


def test_letters_of_decision_are_printed_and_others_named(cast, submitted):
    refused = moves.reject(
        drive(submitted(), cast, "under_study"),
        reason="لا يطابق الكروكي.",
        by=cast.supervisor,
        now=NOW + timedelta(days=1),
    )
    other = submitted()
    sign()
    job = done([refused, other], "print_letters", cast.supervisor)
    assert dict(job.items.values_list("transaction_id", "state")) == {refused.pk: "done", other.pk: "cannot"}
    assert refused.reference in "".join(text_of(file_of(job)))


def test_labels_bear_the_number_and_its_line_in_the_register(cast, issued):
    job = done(issued, "print_labels", cast.registry)
    (sheet,) = text_of(file_of(job))
    for case in issued:
        assert case.reference in sheet
        line = Movement.objects.filter(transaction=case, direction="in", office=case.held_by).latest("pk")
        assert str(line) in sheet
    assert job.pages == 1


def test_lines_of_the_register_are_printed_by_whoever_has_it(cast, issued, signed_in):
    page = signed_in(cast.registry)
    lists = reverse("staff:transactions_movement_changelist")
    lines = list(Movement.objects.filter(office=cast.registry.posts.get().office))
    asked = {"action": "print_pages", "_selected_action": [line.pk for line in lines]}
    looked = page.post(lists, asked, follow=True)
    job = BulkJob.objects.get()
    assert looked.context["lines"] == len(lines)
    page.post(reverse("staff:bulk_start", args=[job.key]))
    work(job)
    text = "".join(text_of(file_of(job)))
    assert all(str(line) in text and line.transaction.reference in text for line in lines)
    assert page.get(reverse("staff:bulk_file", args=[job.key])).status_code == 200
    signed_in(cast.other_registry).post(lists, asked)
    assert BulkJob.objects.count() == 1, "lines of another office cannot be chosen"


def test_closed_cases_are_chosen_from_all_cases(cast, issued, signed_in):
    lists = reverse("staff:transactions_transaction_changelist")
    page = signed_in(cast.registry)
    assert "print_issued" in page.get(lists).content.decode()
    page.post(lists, {"action": "file", "_selected_action": [case.pk for case in issued]})
    job = BulkJob.objects.get()
    bulk.start(job, now=NOW + timedelta(days=40))
    work(job, NOW + timedelta(days=40))
    assert {case.status for case in refreshed(issued)} == {"filed"}


def refreshed(cases):
    for case in cases:
        case.refresh_from_db()
    return cases


def test_whoever_dies_before_the_mark_leaves_no_half_file_and_the_next_makes_it(cast, issued, monkeypatch):
    job = bulk.look(issued, "print_issued", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)

    class Killed(BaseException):
        pass

    def dies(*_args):
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(bulk, "_end", dies)
        with pytest.raises(Killed):
            bulk.work_on(job.pk, NOW)
    job.refresh_from_db()
    assert (job.state, job.stored_as) == ("running", "")
    work(job)
    assert job.state == "done"
    assert job.has_file(timezone.now())


def test_what_was_stopped_makes_no_file(cast, issued):
    job = bulk.look(issued, "print_issued", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    bulk.cancel(job, now=NOW)
    work(job)
    assert (job.state, job.stored_as) == ("cancelled", "")
    assert set(job.items.values_list("state", flat=True)) == {"cancelled"}


def test_more_than_one_file_holds_is_refused_and_what_does_not_fit_is_named(cast, issued, monkeypatch):
    many = issued * (batches.MAX_PAPERS // 2 + 1)
    with pytest.raises(bulk.DomainError) as refused:
        bulk.look(many, "print_issued", by=cast.registry, now=NOW)
    assert refused.value.code == "too_many"
    size = batches.find_issued(issued)[issued[0].pk][0].size
    monkeypatch.setattr(batches, "MAX_BYTES", size + 10)
    job = done(issued, "print_issued", cast.registry)
    assert list(job.items.order_by("position").values_list("state", flat=True)) == ["done", "refused"]


def test_a_look_at_many_papers_asks_as_often_as_at_few(cast, issued, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        bulk.look(issued, "print_issued", by=cast.registry, now=NOW)


def test_names_that_look_like_markup_are_text(cast):
    label = printed_files.Label("#1 [x] $y$", "*bold*", "#panic() \\ {", "1/1448", "`raw`")
    (sheet,) = text_of(printed_files.lay_out_labels([label], NOW))
    assert "#panic()" in sheet
    assert BulkItem.objects.count() == 0
