"""Files: by content and not by name, kept under our names, handed out to those who may see them only."""

from __future__ import annotations

import hashlib
import tracemalloc
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse

from transactions.attachments import services as attachments
from transactions.domain import kinds, service_types
from transactions.domain.errors import DomainError, Invalid
from transactions.intake import drafts
from transactions.models import Attachment, Draft
from transactions.transitions import moves

from ..conftest import ANSWERS, NOW, authorised, content_of, drive, pdf, picture, put, upload

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024
STARTS = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}


def store(cast, name="paper.pdf", content=None, **more):
    return attachments.store(upload(name, content), document="deed", by=cast.citizen, now=NOW, **more)


def refusal(call) -> str:
    with pytest.raises((Invalid, DomainError)) as caught:
        call()
    if isinstance(caught.value, Invalid):
        (problem,) = caught.value.problems
        return problem.code
    return caught.value.code


def test_a_file_is_kept_under_a_name_of_ours_with_its_hash(cast, wherever_files_lie):
    file = store(cast, "صك الملكية.pdf")
    assert content_of(file) == pdf()
    assert file.sha256 == hashlib.sha256(pdf()).hexdigest()
    assert "صك" not in file.stored_as
    assert file.original_name == "صك الملكية.pdf"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("...", "file"),
        ("مخطط الدور الأرضي.pdf", "مخطط الدور الأرضي.pdf"),
    ],
)
def test_names_lose_what_could_harm(name, kept, cast):
    assert kinds.safe_name(name) == kept


def test_a_name_of_300_characters_is_shortened_and_keeps_its_ending(cast):
    name = kinds.safe_name("م" * 300 + ".pdf")
    assert len(name) <= 200
    assert name.endswith(".pdf")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("deed.pdf", b"", "file_empty"),
        ("deed.pdf", b"MZ\x90\x00" + b"\x00" * 100, "file_type"),
        ("photo.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "file_type"),
        ("deed.pdf", b"<html><script>alert(1)</script>", "file_type"),
        ("photo.png", picture()[:40], "image_broken"),
    ],
)
def test_what_a_file_holds_counts_and_not_what_it_is_called(name, content, code, cast):
    found = refusal(lambda: store(cast, name, content))
    assert found == code
    assert Attachment.objects.count() == 0


def test_a_kind_this_document_does_not_take_is_refused(cast):
    assert refusal(lambda: store(cast, "photo.pdf", pdf(), accepts=("image/png",))) == "file_type"


def test_a_large_file_is_streamed_and_not_held_in_memory(cast, signed_in, wherever_files_lie):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    page = signed_in(cast.citizen)
    big = upload("drawing.pdf", pdf(40 * MIB))
    tracemalloc.start()
    try:
        answer = page.post(reverse("transactions:documents", args=[draft.key]), {"deed": big})
        # The test client itself encodes the body in memory (twice); ours must not add to it.
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 302
    assert peak < 3.2 * 40 * MIB
    file = Attachment.objects.get()
    assert (file.size, file.sha256) == (40 * MIB, hashlib.sha256(pdf(40 * MIB)).hexdigest())


def test_several_files_at_once_keep_the_good_ones(cast, signed_in):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    page = signed_in(cast.citizen)
    answer = page.post(
        reverse("transactions:documents", args=[draft.key]),
        {"deed": upload("deed.pdf"), "survey_report": upload("survey.pdf", b"")},
    )
    assert answer.status_code == 422
    assert list(Attachment.objects.values_list("document", flat=True)) == ["deed"]


def test_who_may_see_a_case_may_see_its_files_and_nobody_else(cast, submitted, signed_in, wherever_files_lie):
    case = submitted()
    file = case.attachments.first()
    url = reverse("transactions:file", args=[file.key])
    for person in (cast.citizen, cast.registry, cast.reviewer, cast.supervisor, cast.clerk):
        assert signed_in(person).get(url).status_code == 200
    for person in (cast.other_citizen, cast.other_reviewer, cast.administrator, cast.engineer):
        assert signed_in(person).get(url).status_code == 404


def test_a_file_is_handed_out_as_an_attachment_in_a_sandbox(cast, submitted, signed_in, wherever_files_lie):
    file = submitted().attachments.first()
    answer = signed_in(cast.citizen).get(reverse("transactions:file", args=[file.key]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert b"".join(answer.streaming_content)


def test_a_file_that_changed_where_it_lies_is_not_handed_out(cast, submitted, signed_in, wherever_files_lie):
    file = submitted().attachments.first()
    put(file, b"something else")
    assert signed_in(cast.citizen).get(reverse("transactions:file", args=[file.key])).status_code == 410


def test_pictures_and_papers_are_shown_in_the_page(cast, submitted, signed_in, wherever_files_lie):
    case = submitted()
    page = signed_in(cast.reviewer)
    for file in case.attachments.all():
        answer = page.get(reverse("transactions:preview", args=[file.key]))
        assert answer.status_code == 200, file.content_type
        assert answer.content.startswith(STARTS[answer["Content-Type"]])


def test_files_without_a_row_are_swept_away_after_a_day(cast, wherever_files_lie):
    kept = store(cast)
    default_storage.save("aa/orphan", ContentFile(b"left by a crash"))
    call_command("sweep_files")
    assert default_storage.exists("aa/orphan")
    call_command("sweep_files", older_than=-2)
    assert not default_storage.exists("aa/orphan")
    assert content_of(kept) == pdf()


def test_what_is_not_ours_is_not_swept(wherever_files_lie):
    default_storage.save("elsewhere/file", ContentFile(b"of somebody else"))
    call_command("sweep_files", older_than=-2)
    assert default_storage.exists("elsewhere/file")


def test_one_file_too_many_is_refused_and_does_not_stay(cast, wherever_files_lie):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    most = draft.service_type.document("deed").most
    for number in range(most):
        attachments.attach_to_draft(draft, "deed", upload(f"{number}.pdf"), by=cast.citizen)
    attach = lambda name: attachments.attach_to_draft(draft, "deed", upload(name), by=cast.citizen)  # noqa: E731
    assert refusal(lambda: attach("more.pdf")) == "too_many_documents"
    assert attach("0.pdf") == draft.attachments.first(), "sent twice, it is there already"
    call_command("sweep_files", older_than=-2)
    folders = [folder for folder in default_storage.listdir("")[0] if len(folder) == 2]
    stored = [f"{folder}/{name}" for folder in folders for name in default_storage.listdir(folder)[1]]
    assert sorted(stored) == sorted(Attachment.objects.values_list("stored_as", flat=True))
    assert len(stored) == most


def test_a_file_of_a_submitted_request_cannot_be_removed(cast, submitted, signed_in):
    file = submitted().attachments.first()
    assert refusal(lambda: attachments.remove(file, by=cast.citizen)) == "file_is_kept"
    file.refresh_from_db()
    assert file.removed_at is None


def test_a_draft_thrown_away_takes_its_files_along(cast):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    attachments.attach_to_draft(draft, "deed", upload(), by=cast.citizen)
    drafts.delete_draft(draft, by=cast.citizen, now=NOW)
    assert Draft.objects.count() == 0
    assert not Attachment.objects.filter(removed_at=None).exists()


def test_files_do_not_change_while_the_owner_looks_at_them(cast):
    service = service_types.get("building-permit")
    draft = drafts.start_draft(service, by=cast.engineer, authorisation=authorised(cast), now=NOW)
    for step in service.steps:
        drafts.save_step(draft, step, ANSWERS[service.code], by=cast.engineer, now=NOW)
    for document in service.documents_for(draft.answers):
        for number in range(document.least):
            attachments.attach_to_draft(draft, document.code, upload(f"{number}.pdf"), by=cast.engineer)
    file = draft.attachments.first()
    drafts.send_to_owner(draft, by=cast.engineer, now=NOW)
    before = set(draft.attachments.filter(removed_at=None).values_list("key", flat=True))
    attach = lambda: attachments.attach_to_draft(draft, file.document, upload(), by=cast.engineer)  # noqa: E731
    assert refusal(attach) == "with_owner"
    assert refusal(lambda: attachments.remove(file, by=cast.engineer)) == "with_owner"
    assert set(draft.attachments.filter(removed_at=None).values_list("key", flat=True)) == before


def test_nobody_fills_the_store_with_files_of_no_request(cast, monkeypatch):
    monkeypatch.setattr(attachments, "MAX_UNATTACHED", 3)
    for _ in range(3):
        store(cast)
    assert refusal(lambda: store(cast)) == "too_many_files"


def test_a_deficiency_takes_as_many_files_as_its_document(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    code = next(entry.code for entry in case.service_type.deficiencies if entry.about == "id_copy")
    case = moves.return_for_completion(case, deficiencies=[moves.RequestedCompletion(code)], by=cast.reviewer, now=NOW)
    asked = case.deficiencies.get()
    for number in range(attachments.document_asked(asked).most):
        attachments.attach_to_deficiency(asked, upload(f"{number}.pdf"), by=cast.citizen)
    attach = lambda: attachments.attach_to_deficiency(asked, upload("more.pdf"), by=cast.citizen)  # noqa: E731
    assert refusal(attach) == "too_many_documents"


def test_files_of_an_answer_are_their_writers_own_until_it_is_sent(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    case = moves.return_for_completion(
        case, deficiencies=[moves.RequestedCompletion("id-unreadable")], by=cast.reviewer, now=NOW
    )
    file = attachments.attach_to_deficiency(case.deficiencies.get(), upload("half-done.pdf"), by=cast.citizen, now=NOW)
    applicant, reviewer = signed_in(cast.citizen), signed_in(cast.reviewer)
    paths = [
        reverse("staff:case", args=[case.reference]),
        reverse("transactions:request", args=[case.reference]),
        f"/api/v1/transactions/{case.reference}/",
    ]
    its_own = [
        reverse("transactions:file", args=[file.key]),
        reverse("transactions:preview", args=[file.key]),
        f"/api/v1/attachments/{file.key}/",
    ]

    def lists_it(page, paths):
        return ["half-done.pdf" in page.get(path).content.decode() for path in paths]

    assert lists_it(reviewer, paths) == [False, False, False]
    assert lists_it(applicant, paths[1:]) == [False, False]
    assert [reviewer.get(path).status_code for path in its_own] == [404, 404, 404]
    assert [applicant.get(path).status_code for path in its_own] == [200, 200, 200]
    assert lists_it(applicant, [reverse("transactions:answer", args=[case.reference])]) == [True]
    moves.answer(case, answers={}, by=cast.citizen, now=NOW)
    assert lists_it(reviewer, paths) == [True, True, True]
    assert [reviewer.get(path).status_code for path in its_own] == [200, 200, 200]


def test_what_was_sent_in_and_never_used_is_forgotten_after_a_week(cast, submitted):
    taken = Attachment.objects.filter(transaction=submitted()).first()
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    attach = lambda name: attachments.attach_to_draft(draft, "deed", upload(name), by=cast.citizen)  # noqa: E731
    of_a_draft, removed = attach("used.pdf"), attach("removed.pdf")
    attachments.remove(removed, by=cast.citizen, now=NOW - timedelta(days=300))
    unused, fresh = store(cast), store(cast)
    Attachment.objects.exclude(pk=fresh.pk).update(uploaded_at=NOW - timedelta(days=300))
    call_command("sweep_files")
    kept = set(Attachment.objects.values_list("pk", flat=True))
    assert {taken.pk, of_a_draft.pk, fresh.pk} <= kept
    assert {unused.pk, removed.pk}.isdisjoint(kept)
