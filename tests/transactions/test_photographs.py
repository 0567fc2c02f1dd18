"""Several photographs of one document become one PDF: in order, upright, without what the camera wrote beside them."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from transactions.attachments import photographs
from transactions.attachments.stored import open_intact
from transactions.domain import service_types
from transactions.domain.errors import DomainError, Invalid
from transactions.intake import drafts
from transactions.models import Attachment

from ..conftest import NOW
from ..files import pdf

pytestmark = pytest.mark.django_db
SECRET = b"Canon of somebody at home"
RED, GREEN, BLUE = (200, 20, 20), (20, 160, 20), (20, 20, 200)


def photograph(name, colour=RED, *, size=(400, 300), turned=1, form="JPEG"):
    """One with its place, time and device written beside it; lying on its side when it is `turned`."""
    image = Image.new("RGB", size, colour)
    exif = image.getexif()
    exif[0x0112], exif[0x010F] = turned, SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    more = {"comment": SECRET} if form == "JPEG" else {}
    image.save(out, form, exif=exif, **more)
    return SimpleUploadedFile(name, out.getvalue())


def heic(name):
    import pillow_heif

    made = pillow_heif.from_pillow(Image.new("RGB", (320, 240), BLUE))
    out = io.BytesIO()
    made.save(out, quality=80)
    return SimpleUploadedFile(name, out.getvalue())


@pytest.fixture
def draft(cast):
    return drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen, now=NOW)


@pytest.fixture
def document(draft):
    """One that takes a single file, so that several photographs of it are one paper or nothing."""
    found = [each for each in draft.service_type.documents if each.takes_photographed_pages]
    return min(found, key=lambda each: each.most)


def address(draft, document, more=""):
    name = "add_photograph" if more else "photographs"
    return reverse(f"transactions:{name}", kwargs={"key": draft.key, "code": document.code})


def content_of(file):
    with open_intact(file) as stored:
        return stored.read()


def colours(content):
    """What each page shows in its middle, and whether it is upright."""
    seen = []
    for page in pypdfium2.PdfDocument(content):
        image = page.render().to_pil().convert("RGB")
        red, green, blue = image.getpixel((image.width // 2, image.height // 2))
        name = max(("red", red), ("green", green), ("blue", blue), key=lambda pair: pair[1])[0]
        seen.append((name, image.height > image.width))
    return seen


def test_pages_come_in_the_order_of_their_numbers_upright_and_without_what_the_camera_wrote(
    cast, draft, document, signed_in
):
    page = signed_in(cast.citizen)
    url = address(draft, document)
    sent = [
        photograph("1.jpg", RED),
        photograph("2.webp", GREEN, form="WEBP"),
        heic("3.heic"),
        photograph("4.png", RED, size=(300, 400), form="PNG"),
        photograph("5.jpg", GREEN, turned=6),
    ]
    answer = page.post(url, {"photographs": sent})
    assert answer.status_code == 302, answer.context["problems"]
    files = list(photographs.photographs_for(f"draft/{draft.key}/{document.code}", cast.citizen))
    assert [file.original_name for file in files] == ["1.jpg", "2.webp.jpg", "3.heic.jpg", "4.png.jpg", "5.jpg"]
    for file in files:
        kept = content_of(file)
        assert SECRET not in kept
        assert not Image.open(io.BytesIO(kept)).getexif()
    assert all(str(file.key) in page.get(url).content.decode() for file in files)
    numbers = {f"page.{file.key}": number for file, number in zip(files, (5, 4, 3, 2, 1), strict=True)}
    answer = page.post(url, {"combine": "1", "shown": [file.key for file in files], **numbers})
    assert answer["Location"] == reverse("transactions:documents", args=[draft.key])
    attached = draft.attachments.get(document=document.code, removed_at=None)
    assert (attached.content_type, attached.pages) == ("application/pdf", 5)
    content = content_of(attached)
    assert SECRET not in content
    assert colours(content) == [("green", True), ("red", True), ("blue", False), ("green", False), ("red", False)]
    with pikepdf.open(io.BytesIO(content)) as paper:
        assert "/Metadata" not in paper.Root
    assert not photographs.photographs_for(f"draft/{draft.key}/{document.code}", cast.citizen).exists()


def test_pressed_twice_it_is_attached_once(cast, draft, document, signed_in):
    page, url = signed_in(cast.citizen), address(draft, document)
    for _twice in range(2):
        page.post(url, {"photographs": [photograph("a.jpg"), photograph("b.jpg", BLUE)], "combine": "1"})
    assert draft.attachments.filter(document=document.code, removed_at=None).count() == 1


def test_the_picture_that_fails_is_named_and_the_others_are_kept(cast, draft, document, signed_in):
    page, url = signed_in(cast.citizen), address(draft, document)
    good = photograph("good.jpg")
    cut = SimpleUploadedFile("cut.jpg", photograph("x.jpg", size=(900, 900)).read()[:900])
    sent = [good, cut, SimpleUploadedFile("paper.pdf", pdf()), SimpleUploadedFile("empty.jpg", b"")]
    answer = page.post(url, {"photographs": sent, "combine": "1"})
    assert answer.status_code == 422
    said = " ".join(problem.message for problem in answer.context["problems"])
    assert all(name in said for name in ("cut.jpg", "paper.pdf", "empty.jpg"))
    assert "good.jpg" not in said
    kept = photographs.photographs_for(f"draft/{draft.key}/{document.code}", cast.citizen)
    assert [file.original_name for file in kept] == ["good.jpg"]
    assert not draft.attachments.exists(), "nothing is put together while something is wrong"


def test_there_is_a_limit_of_photographs_and_of_their_size_together(cast, draft, document, monkeypatch):
    monkeypatch.setattr(photographs, "MAX_PHOTOGRAPHS", 2)
    for colour in (RED, GREEN):
        photographs.add_photograph("here", photograph("a.jpg", colour), by=cast.citizen, now=NOW)
    with pytest.raises(Invalid) as refused:
        photographs.add_photograph("here", photograph("c.jpg", BLUE), by=cast.citizen, now=NOW)
    assert refused.value.problems[0].code == "too_many_documents"
    keys = [str(file.key) for file in photographs.photographs_for("here", cast.citizen)]
    with pytest.raises(DomainError) as large:
        photographs.combine(
            "here", keys, title="x", most_bytes=photographs.MIB + 10, by=cast.citizen, attach=lambda _upload: None
        )
    assert large.value.code == "file_too_large"
    assert photographs.photographs_for("here", cast.citizen).count() == 2


def test_what_cannot_be_attached_leaves_the_photographs_where_they_are(cast, draft, document, signed_in):
    page, url = signed_in(cast.citizen), address(draft, document)
    for number in range(document.most):
        page.post(url, {"photographs": [photograph("a.jpg", (number * 9, 0, 0))], "combine": "1"})
    answer = page.post(url, {"photographs": [photograph("z.jpg", BLUE)], "combine": "1"})
    assert answer.status_code == 422
    assert photographs.photographs_for(f"draft/{draft.key}/{document.code}", cast.citizen).count() == 1


def test_one_in_pieces_goes_on_where_it_stopped(cast, draft, document, signed_in):
    page, url = signed_in(cast.citizen), address(draft, document, "add")
    content = photograph("large.jpg", size=(1200, 900)).read()
    half = len(content) // 2
    for start, end in ((0, half), (half, len(content))):
        answer = page.post(
            url,
            {"file": SimpleUploadedFile("large.jpg", content[start:end]), "mark": "1"},
            headers={"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"},
        )
    assert answer.status_code == 200
    assert b"large.jpg" in answer.content
    refused = page.post(url, {"file": SimpleUploadedFile("no.jpg", b"nothing of the kind")})
    assert refused.status_code == 422
    assert "no.jpg" in refused.content.decode()


def test_photographs_of_another_are_neither_seen_nor_used(cast, draft, document, signed_in):
    page, url = signed_in(cast.citizen), address(draft, document)
    page.post(url, {"photographs": [photograph("a.jpg")]})
    (key,) = Attachment.objects.values_list("key", flat=True)
    for person in (cast.other_citizen, cast.reviewer, cast.clerk):
        other = signed_in(person)
        assert other.get(url).status_code == 404
        assert other.post(url, {"combine": "1", "shown": [key]}).status_code == 404
        with pytest.raises(DomainError):
            photographs.combine(
                f"draft/{draft.key}/{document.code}",
                [str(key)],
                title="x",
                most_bytes=10**7,
                by=person,
                attach=lambda _upload: None,
            )


def test_a_document_that_takes_no_paper_has_no_such_page(cast, draft, signed_in):
    photos = next(each for each in draft.service_type.documents if not each.takes_photographed_pages)
    page = signed_in(cast.citizen)
    assert page.get(address(draft, photos)).status_code == 404
    shown = page.get(reverse("transactions:documents", args=[draft.key])).content.decode()
    assert address(draft, photos) not in shown


def test_a_clerk_sends_photographs_for_a_visitor_and_keeps_what_was_typed(cast, signed_in):
    service = service_types.get("electricity-connection")
    centre = cast.clerk.posts.get().office
    taken = drafts.start_draft(
        service, by=cast.clerk, applicant=cast.citizen, centre=centre, visitor_changes={}, now=NOW
    )
    document = next(each for each in service.documents if each.takes_photographed_pages)
    page = signed_in(cast.clerk)
    answer = page.post(reverse("staff:intake", args=[taken.key]), {"photographs": document.code})
    assert answer["Location"] == address(taken, document)
    sent = {"photographs": [photograph("a.jpg"), photograph("b.jpg", BLUE)], "combine": "1"}
    back = page.post(address(taken, document), sent)
    assert back["Location"] == reverse("staff:intake", args=[taken.key])
    assert taken.attachments.get(document=document.code).pages == 2


NO_JPEGS = [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\x00\x0b\x08\x00", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 9, b"GIF"]


@pytest.mark.parametrize("content", NO_JPEGS)
def test_what_is_no_whole_jpeg_has_no_size(content):
    with pytest.raises(DomainError):
        photographs.size_of_jpeg(content)
