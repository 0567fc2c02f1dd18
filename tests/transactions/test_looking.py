"""What is found out about a file when it arrives: opened, not believed; refused with the way out; called what it is."""

from __future__ import annotations

import re
import socketserver
import struct
import threading

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import translation

from transactions.attachments import examination
from transactions.attachments import services as attachments
from transactions.attachments.rendering import GOOD, UNDRAWN
from transactions.domain import kinds, service_types
from transactions.domain.errors import Invalid
from transactions.intake import drafts
from transactions.models import Attachment, Outbox
from transactions.outbox import queue

from .. import papers
from ..conftest import NOW, pdf, picture, upload

# Held against the renderer; its rows are those of test_drawings.py, which runs on both engines.
pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]
PHOTO = papers.picture_of(papers.Image.effect_noise((400, 300), 60).convert("RGB"), "JPEG")


@pytest.fixture(autouse=True)
def _nothing_remembered():
    examination.forget()


def store(cast, name, content, **more):
    return attachments.store(upload(name, content), document="deed", by=cast.citizen, now=NOW, **more)


def refused(cast, name, content, **more):
    """The one problem with it; nothing is kept."""
    with pytest.raises(Invalid) as caught, translation.override("en"):
        store(cast, name, content, **more)
    assert not Attachment.objects.exists()
    assert not any(len(folder) == 2 for folder in default_storage.listdir("")[0])
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("content", "code", "way_out"),
    [
        (b"%PDF-1.4", "file_broken", "damaged"),
        (b"%PDF-1.4\r\n@echo off\r\nstart calc.exe\r\n", "file_broken", "damaged"),
        (b"%PDF-1.4\n<script>document.title=location</script>", "file_broken", "damaged"),
        (b"%PDF-1.7\n" + bytes(5000), "file_broken", "damaged"),
        (papers.of_pages(40)[: len(papers.of_pages(40)) // 2], "file_cut", "is incomplete: the end of it is missing"),
        (papers.of_pages(40)[:-40] + b"\nendobj", "file_cut", "is incomplete: the end of it is missing"),
        (papers.locked(), "file_locked", "without a password"),
        (papers.package(), "file_package", "one by one"),
        (papers.dynamic_form(), "file_form", "print it to PDF"),
        (PHOTO[: len(PHOTO) // 2], "image_broken", "is incomplete: the end of it is missing"),
        (picture()[:-30], "image_broken", "is incomplete: the end of it is missing"),
        (b"\xff\xd8\xff\xe0" + bytes(5000), "image_broken", "cannot be read as a picture"),
        (b"AC1032" + bytes(5), "file_broken", "damaged"),
        (b"AC1015" + bytes(5000), "file_broken", "damaged"),
        (papers.dwg(wrong="cut"), "file_broken", "damaged"),
        (papers.dwg(b"AC1015", wrong="cut"), "file_broken", "damaged"),
        (papers.dwg(b"AC1024", wrong="blank"), "file_broken", "damaged"),
        (papers.dwg(b"AC1021", wrong="blank"), "file_broken", "damaged"),
    ],
)
def test_what_cannot_be_opened_is_said_at_once_with_what_to_do(content, code, way_out, cast):
    problem = refused(cast, "paper.pdf", content)
    assert problem.code == code
    assert way_out in str(problem.message)


@pytest.mark.parametrize(
    "content",
    [
        papers.of_pages(1),
        papers.locked_for_changes(),
        papers.with_notes("Tx", "Sig"),
        pdf(),
        pdf(30_000),
        picture("JPEG"),
        PHOTO + b"left by a camera",
        papers.dwg(b"AC1015"),
        papers.dwg(b"AC1018"),
        papers.dwg(b"AC1032"),
    ],
)
def test_what_is_whole_is_taken(content, cast):
    assert store(cast, "paper", content).look == GOOD


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("ownership.bat", papers.of_pages(1), "ownership.bat.pdf"),
        ("polyglot_deed.html", papers.of_pages(1), "polyglot_deed.html.pdf"),
        ("deed.pdf.exe", papers.of_pages(1), "deed.pdf.exe.pdf"),
        ("صك الملكية", papers.of_pages(1), "صك الملكية.pdf"),
        ("deed.PDF", papers.of_pages(1), "deed.PDF"),
        ("deed.pdf", picture("JPEG"), "deed.pdf.jpg"),
        ("photo.jpeg", picture("JPEG"), "photo.jpeg"),
        ("photo.jpg", picture("PNG"), "photo.jpg.png"),
        ("plan 3.5", papers.dwg(), "plan 3.5.dwg"),
        ("x" * 300 + ".bat", papers.of_pages(1), None),
    ],
)
def test_the_name_bears_the_ending_of_what_the_file_is(name, content, kept, cast, signed_in):
    file = store(cast, name, content)
    if kept:
        assert file.original_name == kept
    assert len(file.original_name) <= 200
    assert file.original_name.lower().endswith(kinds.ENDINGS[file.content_type])
    # One kept before names were given endings is handed out under one.
    Attachment.objects.filter(pk=file.pk).update(original_name=name[:200])
    answer = signed_in(cast.citizen).get(reverse("transactions:file", args=[file.key]))
    assert any(f'{ending}"' in answer["Content-Disposition"] or answer["Content-Disposition"].endswith(ending)
               for ending in (*kinds.ENDINGS[file.content_type], ".PDF"))  # fmt: skip


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
WEBP = papers.picture_of(papers.Image.new("RGB", (20, 20)), "WEBP")
TIFF = papers.picture_of(papers.Image.new("RGB", (20, 20)), "TIFF")
DXF = b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n  9\r\n$ACADVER\r\n  1\r\nAC1015\r\n  0\r\nENDSEC\r\n  0\r\nEOF\r\n"


@pytest.mark.parametrize(
    ("content", "kind", "way_out"),
    [
        (HEIC, "HEIC", "JPEG"),
        (WEBP, "WebP", "JPEG"),
        (TIFF, "TIFF", "PDF"),
        (DXF, "DXF", "plot the drawing to PDF"),
        (b"999\nmade by a program\n" + DXF.lstrip(), "DXF", "plot the drawing to PDF"),
        (b"AutoCAD Binary DXF\r\n\x1a\0" + bytes(200), "DXF", "plot the drawing to PDF"),
        (
            b"BM" + struct.pack("<IHHI", 70, 0, 0, 54) + struct.pack("<IiiHH", 40, 1, 1, 1, 24) + bytes(40),
            "BMP",
            "JPEG",
        ),
        (b"PK\x03\x04\x14\0\0\0\0\0" + bytes(100), "ZIP", "one by one"),
        (b"{\\rtf1\\ansi Hello}", "RTF", "Save as"),
        (b"just some words\n" * 20, "plain text", "Save as"),
        (papers.dwg(), "DWG", "plot the drawing to PDF"),
    ],
    ids=["heic", "webp", "tiff", "dxf", "dxf-comment", "dxf-binary", "bmp", "zip", "rtf", "text", "dwg-for-a-paper"],
)
def test_a_kind_that_is_not_taken_is_refused_with_the_way_out(content, kind, way_out, cast):
    problem = refused(cast, "paper.pdf", content, accepts=(kinds.PDF, kinds.JPEG, kinds.PNG))
    assert problem.code == "file_type"
    assert kind in str(problem.message)
    assert way_out in str(problem.message)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("accepts", [service_types.PAPER, (kinds.JPEG, kinds.PNG), (kinds.PDF, kinds.DWG)], ids=str)
def test_every_kind_is_named_and_led_to_one_that_is_accepted(accepts, language):
    """Whatever a file is: its format by name, what is accepted, and a way that ends in one of those."""
    with translation.override(language):
        for kind, (format_, _words) in kinds.CONVERSIONS.items():
            if kind in accepts:
                continue
            said = kinds.message_not_accepted("deed", kind, accepts)
            first, way = said.split(". ", 1)
            assert format_ in first, kind
            named = {name for name in kinds.ACCEPTED.values() if re.search(rf"\b{name}\b(?! 2000)", way)}
            assert named <= {kinds.ACCEPTED[one] for one in accepts}, (kind, way)
        assert "application/x-never-heard-of" not in kinds.message_not_accepted(
            "deed", "application/x-never-heard-of", accepts
        )


def test_a_photo_of_a_phone_is_called_what_it_is_in_arabic():
    with translation.override("ar"):
        said = kinds.message_not_accepted("IMG_1.pdf", kinds.kind_of(HEIC), (kinds.PDF, kinds.JPEG))
    assert "صورة بصيغة HEIC" in said
    assert "غيّرها إلى JPEG: " in said


def test_a_picture_of_too_many_pixels_is_refused_with_the_true_reason(cast):
    huge = papers.png(2, 8, bytes(3 * 20_000), (20_000, 20_000))
    problem = refused(cast, "scan.png", huge)
    assert problem.code == "picture_too_large"
    assert "400 megapixels" in str(problem.message)
    assert "cannot be read" not in str(problem.message)


def test_a_paper_that_takes_too_long_is_taken_and_said_to_have_no_picture(cast, signed_in):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    page = signed_in(cast.citizen)
    page.cookies["language"] = "en"
    url = reverse("transactions:documents", args=[draft.key])
    assert page.post(url, {"deed": upload("plan.pdf", papers.slow())}).status_code == 302
    file = Attachment.objects.get()
    assert file.look in UNDRAWN
    assert (file.pages, file.has_preview) == (0, False)
    assert "we could not make a preview" in page.get(url).content.decode()


def test_the_same_paper_sent_twice_is_opened_once(cast, monkeypatch):
    store(cast, "a.pdf", papers.of_pages(1))
    monkeypatch.setattr(examination, "_draw", None)
    assert store(cast, "b.pdf", papers.of_pages(1)).look == GOOD


# -- viruses: a daemon of the test's own that speaks clamd's protocol ------------------------------------------------
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Daemon(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert self.rfile.readline() == b"nINSTREAM\n"
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        found = b"Win.Test.EICAR_HDB-1 FOUND" if EICAR in content else b"OK"
        self.wfile.write(self.server.says or b"stream: " + found + b"\n")


@pytest.fixture
def clamd(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Daemon) as server:
        server.says = b""
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CLAMD_URL = f"tcp://127.0.0.1:{server.server_address[1]}"
        yield server
        server.shutdown()


def infected() -> bytes:
    paper = papers.blank()
    paper.pages[0].Contents = paper.make_stream(b"% " + EICAR)
    return papers.saved(paper, compress_streams=False)


def test_a_virus_is_refused_and_what_is_clean_is_clean(clamd, cast):
    assert refused(cast, "deed.pdf", infected()).code == "file_infected"
    assert store(cast, "deed.pdf", papers.of_pages(1)).scanned == "clean"


@pytest.mark.parametrize("says", [b"INSTREAM size limit exceeded. ERROR\n", b"stream: broken ERROR\n", b"\n", b"?\n"])
def test_what_the_scanner_gives_no_answer_for_is_not_scanned_and_is_asked_about_again(says, clamd, cast):
    clamd.says = says
    file = store(cast, "deed.pdf", infected())
    assert file.scanned == ""
    again = Outbox.objects.get(kind="scan")
    assert queue.process_row(again.pk, again.not_before)
    assert Outbox.objects.filter(kind="scan", state="owed").exists(), "still no answer: asked another time"
    clamd.says = b""
    again = Outbox.objects.get(kind="scan", state="owed")
    assert queue.process_row(again.pk, again.not_before)
    file.refresh_from_db()
    assert file.is_infected


def test_without_a_scanner_files_are_not_scanned_and_staff_are_told(cast, submitted, signed_in):
    case = submitted()
    assert {file.scanned for file in case.attachments.all()} == {""}
    page = signed_in(cast.reviewer)
    page.cookies["language"] = "en"
    said = "Not every file here was scanned for viruses"
    url = reverse("staff:case", args=[case.reference])
    assert said in page.get(url).content.decode()
    case.attachments.update(scanned="clean")
    assert said not in page.get(url).content.decode()


def test_a_file_found_infected_later_is_handed_out_to_nobody(cast, submitted, signed_in):
    case = submitted()
    file = case.attachments.first()
    Attachment.objects.filter(pk=file.pk).update(scanned="infected")
    page = signed_in(cast.reviewer)
    assert page.get(reverse("transactions:file", args=[file.key])).status_code == 410
    assert page.get(reverse("transactions:preview", args=[file.key])).status_code == 404
    html = page.get(reverse("staff:case", args=[case.reference])).content.decode()
    assert f'href="{reverse("transactions:file", args=[file.key])}"' not in html


def test_a_scanner_that_is_away_costs_no_upload(settings, cast):
    settings.CLAMD_URL = "tcp://127.0.0.1:9"
    assert store(cast, "deed.pdf", papers.of_pages(1)).scanned == ""
