"""Large files in pieces: what a broken line costs, what is refused and when, whose pieces are whose."""

from __future__ import annotations

import errno
import hashlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from transactions.attachments import chunks
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Attachment
from transactions.transitions import moves

from ..conftest import NOW, drive, pdf, upload

pytestmark = [pytest.mark.django_db, pytest.mark.thorough, pytest.mark.usefixtures("wherever_files_lie")]
PIECE = 10_000


@pytest.fixture
def draft(cast):
    draft = drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen)
    step = draft.service_type.steps[0]
    drafts.save_step(draft, step, {"request_kind": "new", "ownership": "deed"}, by=cast.citizen)
    return draft


def send(page, draft, content, start, *, total=None, code="id_copy", name="paper.pdf", size=PIECE):
    """One piece of a file, as upload-progress.js sends it."""
    piece = content[start : start + size]
    return page.post(
        reverse("transactions:add_document", args=[draft.key, code]),
        {"file": SimpleUploadedFile(name, piece), "mark": "1732500000000"},
        headers={"Content-Range": f"bytes {start}-{start + len(piece) - 1}/{total or len(content)}"},
    )


def unfinished(person) -> list[str]:
    return default_storage.listdir(f"up/{person.pk}")[1]


def test_a_file_arrives_in_pieces_and_is_the_file_that_was_sent(cast, draft, signed_in):
    page, content = signed_in(cast.citizen), pdf(25_000)
    assert [send(page, draft, content, start).json()["have"] for start in (0, PIECE)] == [PIECE, 2 * PIECE]
    assert Attachment.objects.count() == 0
    done = send(page, draft, content, 2 * PIECE)
    assert done.status_code == 200
    file = Attachment.objects.get()
    assert (file.size, file.sha256) == (25_000, hashlib.sha256(content).hexdigest())
    assert file.original_name in done.content.decode()
    assert unfinished(cast.citizen) == []


def test_after_a_break_the_same_file_goes_on_where_it_stopped(cast, draft, signed_in):
    page, content = signed_in(cast.citizen), pdf(25_000)
    send(page, draft, content, 0)
    send(page, draft, content, PIECE)
    # Chosen anew after a reload, it begins at the beginning and is told how much is there already.
    answer = send(page, draft, content, 0)
    assert (answer.status_code, answer.json()) == (202, {"have": 2 * PIECE})
    assert send(page, draft, content, 2 * PIECE).status_code == 200
    assert Attachment.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_whose_last_answer_was_lost_is_attached_once(cast, draft, signed_in):
    page, content = signed_in(cast.citizen), pdf(15_000)
    for start in (0, PIECE):
        send(page, draft, content, start)
    # The script sends the last piece again and is told that all is there: the file is not sent anew.
    for start in (PIECE, 0):
        assert send(page, draft, content, start).status_code == 200
        assert unfinished(cast.citizen) == []
    first = Attachment.objects.get()
    small = lambda name: {"file": SimpleUploadedFile(name, content)}  # noqa: E731
    url = reverse("transactions:add_document", args=[draft.key, "id_copy"])
    assert page.post(url, small("paper.pdf")).status_code == 200
    assert Attachment.objects.get() == first
    # Under another name it is another file; and what was taken out may come again.
    page.post(url, small("other.pdf"))
    attachments.remove(first, by=cast.citizen)
    page.post(url, small("paper.pdf"))
    assert list(Attachment.objects.filter(removed_at=None).values_list("original_name", flat=True)) == [
        "other.pdf",
        "paper.pdf",
    ]


def test_an_answers_file_that_is_sent_twice_is_attached_once(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    moves.return_for_completion(
        case, deficiencies=[moves.RequestedCompletion("load-reason")], by=cast.reviewer, now=NOW
    )
    asked = case.deficiencies.get()
    url = reverse("transactions:add_answer_file", args=[case.reference, asked.pk])
    for _try in range(2):
        assert signed_in(cast.citizen).post(url, {"file": upload()}).status_code == 200
    assert asked.attachments.count() == 1


def test_pieces_stay_until_the_file_is_kept_so_that_the_last_is_all_that_is_sent_again(
    cast, draft, signed_in, monkeypatch
):
    page, content = signed_in(cast.citizen), pdf(15_000)
    send(page, draft, content, 0)
    keep = default_storage.save
    full = lambda name, *rest, **more: keep(name, *rest, **more) if name.startswith("up/") else no_room()  # noqa: E731
    with monkeypatch.context() as broken:
        broken.setattr(default_storage, "save", full)
        assert send(page, draft, content, PIECE).status_code == 503
    assert Attachment.objects.count() == 0
    assert send(page, draft, content, PIECE).status_code == 200
    assert Attachment.objects.get().sha256 == hashlib.sha256(content).hexdigest()
    assert unfinished(cast.citizen) == []


def no_room() -> None:
    raise OSError(errno.ENOSPC, "no space left on device")


def test_a_wrong_kind_is_refused_with_the_first_piece_and_a_huge_file_before_it(cast, draft, signed_in):
    page = signed_in(cast.citizen)
    for content, total, word in ((b"MZ" + bytes(20_000), None, "paper.pdf"), (pdf(20_000), 60 * 1024 * 1024, "50")):
        answer = send(page, draft, content, 0, total=total)
        assert answer.status_code == 422
        assert word in answer.content.decode()
    assert (Attachment.objects.count(), unfinished(cast.citizen)) == (0, [])


def test_a_picture_that_is_broken_is_refused_at_the_end_and_leaves_nothing_behind(cast, draft, signed_in):
    page, content = signed_in(cast.citizen), b"\xff\xd8\xff\xe0" + bytes(15_000)
    assert send(page, draft, content, 0).status_code == 202
    answer = send(page, draft, content, PIECE)
    assert answer.status_code == 422
    assert (Attachment.objects.count(), unfinished(cast.citizen)) == (0, [])


def test_pieces_of_two_people_never_meet(cast, draft, signed_in):
    content = pdf(25_000)
    send(signed_in(cast.citizen), draft, content, 0)
    assert send(signed_in(cast.other_citizen), draft, content, PIECE).status_code == 404
    assert send(signed_in(cast.citizen), draft, content, PIECE).json() == {"have": 2 * PIECE}


def test_a_stranger_is_told_to_sign_in_and_an_unknown_document_is_not_there(cast, draft, signed_in, client):
    assert send(client, draft, pdf(15_000), 0).status_code == 401
    assert send(signed_in(cast.citizen), draft, pdf(15_000), 0, code="made-up").status_code == 404
    assert unfinished(cast.citizen) == []


def test_pieces_too_many_and_too_small_are_refused(cast, draft, signed_in, monkeypatch):
    monkeypatch.setattr(chunks, "MAX_CHUNKS", 2)
    page, content = signed_in(cast.citizen), pdf(40_000)
    assert [send(page, draft, content, PIECE * number).status_code for number in range(3)] == [202, 202, 422]
    assert len(unfinished(cast.citizen)) == 2


def test_bytes_that_never_become_a_file_are_limited_for_each_person(cast, draft, signed_in, settings):
    settings.QUOTA_UNFINISHED_MB = 1
    page = signed_in(cast.citizen)
    large = pdf(3 * 700_000)
    assert send(page, draft, large, 0, size=700_000).status_code == 202
    assert send(page, draft, large, 700_000, size=700_000).status_code == 422
    assert send(page, draft, pdf(800_000), 0, size=400_000).status_code == 422
    assert len(unfinished(cast.citizen)) == 1


def test_what_was_never_finished_is_swept_away(cast, draft, signed_in):
    send(signed_in(cast.citizen), draft, pdf(25_000), 0)
    assert len(unfinished(cast.citizen)) == 1
    call_command("sweep_files", older_than=-2, verbosity=0)
    assert unfinished(cast.citizen) == []


MALFORMED = [
    "",
    "bytes",
    "bytes=0-99/200",
    "0-99/200",
    "bytes 0-99/*",
    "bytes */200",
    "bytes 99-0/200",
    "bytes 0-199/100",
    "bytes 100-199/100",
    "bytes 0-98/200",
    "bytes 0-100/200",
    "bytes ٠-٩٩/٢٠٠",
    "bytes 0-99/200, 0-99/200",
]


@pytest.mark.parametrize("said", MALFORMED)
@pytest.mark.parametrize("way", ["page", "api"])
def test_what_says_falsely_where_it_belongs_is_refused_and_nothing_is_kept(said, way, cast, draft, signed_in):
    url = reverse("transactions:add_document", args=[draft.key, "id_copy"])
    url = "/api/v1/attachments/" if way == "api" else url
    body = {"file": upload("paper.pdf", pdf(25_000)[:100]), "document": "id_copy", "mark": "m"}
    answer = signed_in(cast.citizen).post(url, body, headers={"Content-Range": said})
    assert answer.status_code == 400
    assert (Attachment.objects.count(), unfinished(cast.citizen)) == (0, [])


def by_api(page, content, start, mark="a1", code="deed"):
    piece = content[start : start + PIECE]
    return page.post(
        "/api/v1/attachments/",
        {"file": SimpleUploadedFile("plan.pdf", piece), "document": code, "mark": mark},
        headers={"Content-Range": f"bytes {start}-{start + len(piece) - 1}/{len(content)}"},
    )


def test_a_program_sends_in_pieces_too_and_goes_on_where_it_stopped(cast, signed_in):
    page, content = signed_in(cast.citizen), pdf(25_000)
    answer = by_api(page, content, 0)
    assert (answer.status_code, answer.json()) == (202, {"have": PIECE})
    assert by_api(page, content, 2 * PIECE).json() == {"have": PIECE}, "out of turn: it is told where to go on"
    assert by_api(page, content, PIECE).json() == {"have": 2 * PIECE}
    done = by_api(page, content, 2 * PIECE)
    assert (done.status_code, done.json()["sha256"]) == (201, hashlib.sha256(content).hexdigest())
    again = by_api(page, content, 2 * PIECE)
    assert (again.status_code, again.json()["key"]) == (201, done.json()["key"]), "the answer was lost: nothing anew"
    assert Attachment.objects.count() == 1
    assert by_api(page, content, 0, mark="another").status_code == 202
    assert by_api(signed_in(cast.other_citizen), content, 2 * PIECE).json() == {"have": 0}, "nobody else's"


def test_a_program_answers_a_deficiency_in_pieces(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    moves.return_for_completion(
        case, deficiencies=[moves.RequestedCompletion("load-reason")], by=cast.reviewer, now=NOW
    )
    asked, content, page = case.deficiencies.get(), pdf(15_000), signed_in(cast.citizen)
    url = f"/api/v1/transactions/{case.reference}/deficiencies/{asked.pk}/files/"
    for start, status in ((0, 202), (PIECE, 201), (PIECE, 201)):
        piece = content[start : start + PIECE]
        said = {"Content-Range": f"bytes {start}-{start + len(piece) - 1}/{len(content)}"}
        assert page.post(url, {"file": SimpleUploadedFile("a.pdf", piece)}, headers=said).status_code == status
    assert asked.attachments.get().sha256 == hashlib.sha256(content).hexdigest()


def body_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-50", 206, slice(-50, None)),
        ("bytes=24999-99999", 206, slice(24_999, None)),
        ("bytes=0-", 206, slice(None)),
        ("bytes=-99999", 206, slice(None)),
        ("bytes=25000-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=9-3", 200, slice(None)),
        ("bytes=0-1,5-9", 200, slice(None)),
        ("pages=1-2", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("bytes=٠-٩", 200, slice(None)),
    ],
)
def test_a_download_that_broke_goes_on_where_it_stopped(asked, status, part, cast, signed_in):
    content = pdf(25_000)
    file = attachments.store(upload("plan.pdf", content), document="deed", by=cast.citizen, now=NOW)
    page, url = signed_in(cast.citizen), reverse("transactions:file", args=[file.key])
    whole = page.get(url)
    assert (whole["Accept-Ranges"], body_of(whole)) == ("bytes", content)
    answer = page.get(url, headers={"Range": asked})
    assert answer.status_code == status
    if part is None:
        assert answer["Content-Range"] == "bytes */25000"
    else:
        body = body_of(answer)
        assert body == content[part]
        assert answer["Content-Length"] == str(len(body))
    assert page.get(url, headers={"Range": asked, "If-Range": whole["ETag"]}).status_code == status
    assert page.get(url, headers={"Range": asked, "If-Range": '"another"'}).status_code == 200
    default_storage.save(file.stored_as, ContentFile(content[:-1] + b"!"))
    assert page.get(url, headers={"Range": "bytes=0-9"}).status_code == 410, "no byte of a file that was changed"
