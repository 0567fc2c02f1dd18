"""Pictures of files: as the file looks to everybody else, drawn fairly, in the background, in a cage; gone with it."""

from __future__ import annotations

import io
import subprocess

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse
from PIL import Image, ImageDraw

from transactions import previews
from transactions.attachments import examination, render_jobs, rendering
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Attachment, Outbox
from transactions.outbox import queue
from transactions.previews import State

from .. import papers
from ..conftest import NOW, picture, put, upload, work_off
from ..page_forms import flat

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
ART = {"png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf"}


@pytest.fixture(autouse=True)
def _nothing_remembered():
    examination.forget()
    render_jobs._time_used.clear()


def store(by, content=None, name="plan.pdf", **more):
    return attachments.store(upload(name, content), document="deed", by=by, now=NOW, **more)


def drawn(content: bytes, kind: str = "pdf", name: str = "1", **order) -> Image.Image:
    found = rendering.render(io.BytesIO(content), ART[kind], **order)
    assert not found.wrong
    return Image.open(io.BytesIO(found.pictures[name])).convert("RGB")


def at(image: Image.Image, across: float, down: float) -> tuple[int, ...]:
    """The colour at so much of the width and height, from the top."""
    return image.getpixel((int(across * image.width), int(down * image.height)))


# -- what is on the paper is in the picture --------------------------------------------------------------------------
@pytest.mark.parametrize("kinds", [("Tx", "Sig", "Stamp"), ("Sig",), ("Stamp", "Tx"), ("Tx",)])
def test_filled_fields_signatures_and_stamps_are_drawn(kinds):
    image = drawn(papers.with_notes(*kinds))
    for number, kind in enumerate(kinds):
        middle = (30 + 60 * number) / 400
        assert max(at(image, middle, 0.6)) < 60, kind
    assert at(image, 0.95, 0.6) == (255, 255, 255)


JOINED = ["uniFE93", "uniFEAA", "uniFE9F", "space", "uniFE94", "uniFEF4", "uniFEAA", "uniFEE0", "uniFE91"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (papers.with_face("ArialMT", JOINED), True),
        (papers.with_face("TraditionalArabic"), True),
        (papers.with_face("SimplifiedArabic,Bold"), True),
        (papers.with_face("Calibri"), True),
        (papers.with_face("Helvetica", kind="Type1"), False),
        (papers.with_face("TimesNewRomanPS-BoldMT"), False),
    ],
)
def test_letters_of_a_face_the_file_does_not_hold_are_drawn_and_said_to_be_unlike(content, said, cast):
    image = drawn(content).convert("L")
    assert sum(image.histogram()[:100]) > 1000, "the line is there"
    assert store(cast.citizen, content).lacks_fonts is said


def striped(mode: str, ground: object, ink: object) -> Image.Image:
    image = Image.new(mode, (900, 600), ground)
    ImageDraw.Draw(image).rectangle((0, 0, 300, 600), fill=ink)
    return image


def as_png(image: Image.Image, **how) -> bytes:
    return papers.picture_of(image, "PNG", **how)


RED_ON_WHITE = striped("RGB", (255, 255, 255), (200, 0, 0)).quantize(4)
ROW16 = b"".join((0 if x < 100 else 0x1234).to_bytes(2, "big") for x in range(300))
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@pytest.mark.parametrize(
    ("content", "left", "right"),
    [
        (as_png(striped("RGBA", (0, 0, 0, 0), (0, 0, 0, 255))), BLACK, WHITE),
        (as_png(striped("LA", (0, 0), (0, 255))), BLACK, WHITE),
        (as_png(striped("1", 1, 0)), BLACK, WHITE),
        (as_png(striped("1", 1, 0), transparency=1), BLACK, WHITE),
        (as_png(striped("L", 255, 0), transparency=255), BLACK, WHITE),
        (as_png(striped("L", 0, 90), transparency=0), (90, 90, 90), WHITE),
        (as_png(striped("RGB", (0, 0, 0), (200, 0, 0)), transparency=(0, 0, 0)), (200, 0, 0), WHITE),
        (as_png(RED_ON_WHITE, transparency=RED_ON_WHITE.getpixel((800, 300))), (200, 0, 0), WHITE),
        (as_png(striped("I;16", 65535, 0x8000)), (128, 128, 128), WHITE),
        (papers.png(0, 16, ROW16, (300, 200), b"\x12\x34"), BLACK, WHITE),
        (papers.png(0, 16, ROW16, (300, 200)), BLACK, (18, 18, 18)),
        (papers.png(0, 1, b"\x00" * 12 + b"\xff" * 26, (300, 200), b"\0\1"), BLACK, WHITE),
        (papers.png(0, 2, b"\x00" * 25 + b"\x55" * 50, (300, 200), b"\0\1"), BLACK, WHITE),
        (papers.png(0, 4, b"\x00" * 50 + b"\x55" * 100, (300, 200), b"\0\5"), BLACK, WHITE),
        (papers.png(2, 16, ROW16 * 3, (300, 200), b"\x12\x34" * 3), BLACK, WHITE),
    ],
)
def test_pictures_with_nothing_behind_them_or_sixteen_bits_look_as_they_were_meant(content, left, right):
    image = drawn(content, "png")
    for found, meant in ((at(image, 0.1, 0.5), left), (at(image, 0.9, 0.5), right)):
        assert all(abs(one - other) <= 3 for one, other in zip(found, meant, strict=True)), (found, meant)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_light_lines_meant_for_a_dark_ground_can_be_seen(mode):
    clear, light = ((0, 0, 0, 0), (255, 255, 255, 255)) if mode == "RGBA" else ((0, 0), (255, 255))
    image = drawn(as_png(striped(mode, clear, light)), "png")
    assert min(at(image, 0.1, 0.5)) > max(at(image, 0.9, 0.5)) + 100


def test_a_photograph_lies_as_it_was_taken_and_its_picture_is_small():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = Image.effect_noise((3000, 2000), 80).convert("RGB")
    found = rendering.render(io.BytesIO(papers.picture_of(photo, "JPEG", exif=exif)), "image/jpeg")
    shown = Image.open(io.BytesIO(found.pictures["1"]))
    assert shown.format == "JPEG"
    assert shown.width < shown.height
    assert len(found.pictures["1"]) < 300_000


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (papers.png(0, 1, b"\xff" * 1242, (9933, 14043)), "png"),
        (papers.picture_of(Image.new("RGB", (12000, 9000), (90, 120, 60)), "JPEG"), "jpg"),
        (papers.picture_of(Image.new("RGB", (16400, 12300), (90, 120, 60)), "JPEG", quality=60), "jpg"),
        (papers.png(2, 8, b"\x50\x60\x70" * 10_000, (10_000, 10_000)), "png"),
    ],
    ids=["a0-scan", "108-megapixels", "200-megapixels", "100-megapixels-png"],
)
@pytest.mark.thorough
def test_large_scans_and_photographs_are_read(content, kind, cast):
    file = store(cast.citizen, content, f"large.{kind}")
    assert (file.look, file.pages) == ("good", 1)
    assert previews.preview_state(file.key, "1") == State.THERE


def test_small_writing_on_a_large_sheet_is_enlarged_in_parts(cast, signed_in):
    a0 = papers.of_pages(1, (2384, 3370))
    file, page = store(cast.citizen, a0), signed_in(cast.citizen)
    sheet = reverse("transactions:sheet", args=[file.key, 1])
    answer = page.get(sheet, {"row": 1, "column": 1})
    assert answer.status_code == 202
    assert work_off()
    rows, columns = previews.grid(file.key, 1)
    assert rows * columns > 6
    answer = page.get(sheet, {"row": rows, "column": columns})
    assert reverse("transactions:preview_part", args=[file.key, 1, rows, columns]) in answer.content.decode()
    parts = [Image.open(io.BytesIO(previews.read_preview(file.key, f"1-{row}-1"))) for row in range(1, rows + 1)]
    assert sum(part.height for part in parts) >= 3370 / 72 * 150 - rows
    assert page.get(sheet, {"row": rows + 1, "column": 1}).status_code == 302


# -- in the background -----------------------------------------------------------------------------------------------
def test_every_page_of_a_long_paper_can_be_reached(cast, signed_in, wherever_files_lie):
    file = store(cast.citizen, papers.of_pages(60))
    assert file.pages == 60
    owner = signed_in(cast.citizen)
    while work_off():
        pass
    assert previews.preview_state(file.key, str(render_jobs.MAX_EAGER_PAGES)) == State.THERE
    last = reverse("transactions:preview_page", args=[file.key, 60])
    answer = owner.get(last)
    assert (answer.status_code, answer["Refresh"]) == (202, "2"), "it is drawn, and comes by itself without a script"
    assert work_off()
    answer = owner.get(last)
    assert answer.status_code == 200
    shown = Image.open(io.BytesIO(answer.content)).convert("L")
    ink = sum(shown.histogram()[:128]) / (shown.width * shown.height)
    assert ink == pytest.approx(60 * 64 / 200**2, rel=0.05), "sixty squares: it is page sixty"
    assert owner.get(reverse("transactions:preview_page", args=[file.key, 61])).status_code == 404
    sheet = owner.get(reverse("transactions:sheet", args=[file.key, 60]))
    pages = [reverse("transactions:sheet", args=[file.key, page]) for page in (59, 61)]
    assert [f'href="{page}"' in sheet.content.decode() for page in pages] == [True, False], "the last of sixty"
    assert "الصفحة 60 من 60" in flat(sheet)


def test_a_page_that_is_not_there_starts_no_process(cast, signed_in, monkeypatch):
    file = store(cast.citizen, papers.of_pages(1))
    monkeypatch.setattr(subprocess, "run", None)
    for page in (2, 30, 99999):
        assert (
            signed_in(cast.citizen).get(reverse("transactions:preview_page", args=[file.key, page])).status_code == 404
        )
    assert not Outbox.objects.filter(kind="draw").exists()


def test_nothing_is_drawn_in_a_request_for_a_picture(cast, signed_in, monkeypatch):
    file = store(cast.citizen, papers.of_pages(3))
    monkeypatch.setattr(rendering, "render", None)
    page = signed_in(cast.citizen)
    assert page.get(reverse("transactions:preview", args=[file.key])).status_code == 200, "drawn as it arrived"
    assert page.get(reverse("transactions:preview_page", args=[file.key, 3])).status_code == 202
    assert Outbox.objects.filter(kind="draw").count() <= 2


def test_what_nobody_had_time_for_is_drawn_later_and_the_page_says_so(cast, submitted, signed_in, monkeypatch):
    monkeypatch.setattr(rendering, "WAIT_SECONDS", 0.05)
    with rendering.slots.one_for(cast.citizen.pk, 1):
        file = store(cast.citizen, papers.of_pages(2))
    assert (file.look, file.pages) == ("", None)
    page = signed_in(cast.citizen)
    answer = page.get(reverse("transactions:sheet", args=[file.key, 1]))
    assert (answer.status_code, answer["Refresh"]) == (202, "2")
    assert work_off()
    file.refresh_from_db()
    assert (file.look, file.pages) == ("good", 2)
    assert page.get(reverse("transactions:sheet", args=[file.key, 1])).status_code == 200


def test_one_senders_papers_hold_up_nobody_else(cast):
    many = [store(cast.citizen, papers.of_pages(2 + n)) for n in range(6)]
    one = store(cast.other_citizen, papers.of_pages(2))
    order = []
    for _turn in range(3):
        (next_, *_rest) = queue.due_ids("draw", NOW, 1)
        order.append(render_jobs.RenderRequest.of(Outbox.objects.get(pk=next_).subject).file)
        queue.process_row(next_, NOW)
    assert order[1] == one.pk, "second, though six were sent before"
    assert order[0] == many[0].pk
    assert order[2] == many[1].pk


def test_a_sender_never_has_all_places_to_draw_in():
    places = rendering.RenderSlots(2)
    with places.one_for(1, 0.1) as first, places.one_for(1, 0.05) as second, places.one_for(2, 0.05) as other:
        assert (first, second, other) == (True, False, True)
        with places.one_for(3, 0.05) as third:
            assert not third
    with places.one_for(3, 0.05) as third:
        assert third


def test_a_page_that_takes_too_long_is_left_out_and_those_after_it_are_drawn(cast, signed_in):
    slow = papers.pikepdf.open(io.BytesIO(papers.slow()))
    paper = papers.blank(4)
    paper.pages[1] = slow.pages[0]
    file = store(cast.citizen, papers.saved(paper))
    for _turn in range(4):
        work_off()
    assert [previews.preview_state(file.key, str(page)) for page in (1, 2, 3, 4)] == [
        "there",
        "failed",
        "there",
        "there",
    ]
    answer = signed_in(cast.citizen).get(reverse("transactions:sheet", args=[file.key, 2]))
    assert (answer.status_code, answer.has_header("Refresh")) == (404, False)


def test_a_file_from_before_is_opened_when_somebody_looks_at_it(cast, signed_in):
    file = store(cast.citizen, papers.of_pages(2))
    previews.delete_previews(file.key)
    Attachment.objects.filter(pk=file.pk).update(look="", pages=None)
    Outbox.objects.all().delete()
    assert signed_in(cast.citizen).get(reverse("transactions:preview", args=[file.key])).status_code == 202
    assert work_off()
    file.refresh_from_db()
    assert (file.look, file.pages) == ("good", 2)


# -- one door, and gone with the file --------------------------------------------------------------------------------
def test_what_was_changed_in_the_store_is_neither_handed_out_nor_drawn(cast, signed_in, wherever_files_lie):
    file, page = store(cast.citizen, papers.of_pages(3)), signed_in(cast.citizen)
    put(file, papers.of_pages(5))
    assert page.get(reverse("transactions:file", args=[file.key])).status_code == 410
    assert page.get(reverse("transactions:without_programs", args=[file.key])).status_code == 410
    work_off()
    assert page.get(reverse("transactions:preview_page", args=[file.key, 2])).status_code == 404
    assert previews.read_preview(file.key, "2") == b""
    assert page.get(reverse("transactions:preview", args=[file.key])).status_code == 200, "drawn of what was uploaded"


def test_pictures_go_with_their_file(cast, wherever_files_lie):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    attach = lambda name: attachments.attach_to_draft(draft, "deed", upload(name), by=cast.citizen, now=NOW)  # noqa: E731
    removed, discarded, kept = attach("a.pdf"), attach("b.pdf"), store(cast.citizen)
    assert set(previews.files_with_previews()) == {removed.key, discarded.key, kept.key}
    attachments.remove(removed, by=cast.citizen, now=NOW)
    drafts.delete_draft(draft, by=cast.citizen, now=NOW)
    call_command("sweep_files", older_than=-2, verbosity=0)
    assert set(previews.files_with_previews()) == {kept.key}


@pytest.mark.django_db(transaction=True)
def test_pictures_are_gone_at_once_when_a_file_is_removed(cast):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    file = attachments.attach_to_draft(draft, "deed", upload(), by=cast.citizen, now=NOW)
    attachments.remove(file, by=cast.citizen, now=NOW)
    assert previews.files_with_previews() == []


def test_pictures_an_older_version_kept_are_swept(cast, wherever_files_lie):
    file = store(cast.citizen)
    old = f"previews/{file.key.hex[:2]}/{file.key.hex}-1.png"
    default_storage.save(old, ContentFile(b"a picture"))
    call_command("sweep_files", older_than=-2, verbosity=0)
    assert not default_storage.exists(old)
    assert previews.preview_state(file.key, "1") == State.THERE


# -- what acts by itself ---------------------------------------------------------------------------------------------
ACTING = ["javascript", "launch", "attached", "on_page", "in_note", "named", "chained", "another_file", "file_inside"]
ACTING += ["address_at_opening", "beside_crooked_notes", "associated", "in_bookmark", "in_field_below"]


@pytest.mark.parametrize("kind", ACTING)
def test_programs_and_files_inside_are_said_and_a_copy_without_them_is_offered(kind, cast, signed_in):
    content, page = papers.acting(kind), signed_in(cast.citizen)
    file = store(cast.citizen, content)
    assert file.has_programs
    html = page.get(reverse("transactions:sheet", args=[file.key, 1])).content.decode()
    url = reverse("transactions:without_programs", args=[file.key])
    assert url in html
    answer = page.get(url)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    copy = rendering.render(io.BytesIO(answer.content), "application/pdf")
    assert (copy.pages, copy.marks) == (1, frozenset())
    original = b"".join(page.get(reverse("transactions:file", args=[file.key])).streaming_content)
    assert original == content, "the original stays what its hash says"


def test_a_paper_of_words_and_links_is_not_said_to_hold_programs(cast):
    assert not store(cast.citizen, papers.with_notes("Tx", "Sig", "Stamp")).has_programs


def test_a_drawing_is_shown_smaller_than_300_kb(cast):
    noise = Image.effect_noise((1500, 1500), 90).convert("RGB")
    for content, name in (
        (papers.picture_of(noise), "n.png"),
        (picture("JPEG"), "p.jpg"),
        (papers.of_pages(9), "p.pdf"),
    ):
        file = store(cast.citizen, content, name)
        assert 0 < len(previews.read_preview(file.key, "1")) < 300_000
