"""Photographs of phones, scans of many pages and drawings: taken, shown as they are, bounded, refused in words."""

from __future__ import annotations

import io
import json

import ezdxf
import numpy
import pillow_heif
import pytest
from django.urls import reverse
from PIL import Image, ImageChops

from transactions import previews
from transactions.attachments import examination, rendering, tiles
from transactions.attachments import services as attachments
from transactions.attachments.stored import open_intact
from transactions.domain import kinds, service_types
from transactions.domain.errors import Invalid
from transactions.models import Attachment

from ..conftest import NOW, upload, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
SHARED = "قطعة رقم 27"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    examination.forget()
    yield
    tiles.desk.end_idle(0)


def store(by, content, name, accepts=tuple(kinds.ACCEPTED)):
    return attachments.store(upload(name, content), document="deed", by=by, accepts=accepts, now=NOW)


def refused(by, content, name):
    with pytest.raises(Invalid) as error:
        store(by, content, name)
    return error.value.problems[0]


def scene() -> Image.Image:
    """Red, with a blue band on the left."""
    image = Image.new("RGB", (640, 480), (200, 30, 30))
    image.paste((30, 30, 200), (0, 0, 160, 480))
    return image


def saved(image: Image.Image, kind: str, **how) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def heic(image: Image.Image | None = None, **how) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(image or scene()).save(out, quality=80, **how)
    return out.getvalue()


def first(file: Attachment) -> Image.Image:
    return Image.open(io.BytesIO(previews.read_preview(file.key, "1"))).convert("RGB")


def ink(image: Image.Image) -> tuple[float, float, float, float] | None:
    """Where there is anything on white, in parts of the width and height."""
    white = Image.new("RGB", image.size, (255, 255, 255))
    box = ImageChops.difference(image.convert("RGB"), white).convert("L").point(lambda v: 255 * (v > 60)).getbbox()
    return box and (box[0] / image.width, box[1] / image.height, box[2] / image.width, box[3] / image.height)


# -- photographs and scans -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("IMG_1.HEIC", heic(), kinds.HEIC),
        ("photo.jpg", heic(), kinds.HEIC),
        ("photo.webp", saved(scene(), "WEBP"), kinds.WEBP),
        ("lossless.webp", saved(scene().convert("RGBA"), "WEBP", lossless=True), kinds.WEBP),
        ("scan.tif", saved(scene(), "TIFF", compression="tiff_lzw"), kinds.TIFF),
        ("scan.tiff", saved(scene(), "TIFF", compression="jpeg"), kinds.TIFF),
        ("cmyk.tif", saved(scene().convert("CMYK"), "TIFF"), kinds.TIFF),
    ],
    ids=["heic", "heic-as-jpg", "webp", "webp-lossless", "tiff-lzw", "tiff-jpeg", "tiff-cmyk"],
)
def test_what_phones_and_scanners_make_is_taken_and_shown(name, content, kind, cast):
    file = store(cast.citizen, content, name)
    assert (file.content_type, file.look, file.pages) == (kind, rendering.GOOD, 1)
    image = first(file)
    red, blue = image.getpixel((500, 240)), image.getpixel((60, 240))
    assert red[0] > 150 > red[2]
    assert blue[2] > 150 > blue[0]
    with open_intact(file) as kept:
        assert kept.read() == content, "byte for byte"
    assert file.handed_out_as.lower().endswith(kinds.ENDINGS[kind])


def test_a_photograph_held_upright_is_shown_upright(cast):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = heic(exif=exif.tobytes())
    with Image.open(io.BytesIO(saved(scene(), "TIFF", tiffinfo={274: 6}))) as turned:
        assert turned.getexif().get(274) == 6
    for image in (
        first(store(cast.citizen, content, "a.heic")),
        first(store(cast.citizen, saved(scene(), "TIFF", tiffinfo={274: 6}), "a.tif")),
    ):
        assert image.width < image.height
        top, bottom = image.getpixel((image.width // 2, 20)), image.getpixel((image.width // 2, image.height - 20))
        assert top[2] > 150 > top[0]
        assert bottom[0] > 150 > bottom[2]


def test_every_page_of_a_scan_is_shown(cast, signed_in):
    pages = []
    for number in range(5):
        page = Image.new("1", (400, 600), 1)
        page.paste(0, (50 * number, 50, 50 * number + 40, 90))
        pages.append(page)
    file = store(cast.citizen, saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4"),
                 "scan.tif")  # fmt: skip
    assert file.pages == 5
    assert work_off()
    client = signed_in(cast.citizen)
    for number in range(5):
        answer = client.get(reverse("transactions:preview_page", args=[file.key, number + 1]))
        left = ink(Image.open(io.BytesIO(answer.content)))[0]
        assert left == pytest.approx(50 * number / 400, abs=0.02)
    assert tiles.tile(file, 1, 5, 0, 0, 0)
    assert json.loads(tiles.sizes(file, 1))["runs"] == [[5, 400, 600, 0.0]]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (heic()[:900], "a.heic"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "a.heic"),
        (saved(scene(), "WEBP")[:200], "a.webp"),
        (saved(scene(), "TIFF")[: 640 * 200], "a.tif"),
        (b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 400, "a.tif"),
    ],
    ids=["heic-cut", "heic-empty", "webp-cut", "tiff-cut", "tiff-nonsense"],
)
def test_what_is_broken_is_refused_in_words(content, name, cast):
    problem = refused(cast.citizen, content, name)
    assert problem.code in ("image_broken", "file_broken", "file_cut")
    assert "a." in str(problem.message)
    assert not Attachment.objects.exists()


def test_a_picture_that_says_it_is_huge_ends_within_its_limits(cast):
    header = saved(Image.new("L", (1, 1)), "TIFF", tiffinfo={})
    claimed = bytearray(header)
    for tag in (256, 257):
        at = claimed.find(tag.to_bytes(2, "little"))
        claimed[at + 8 : at + 12] = (60_000).to_bytes(4, "little")
    assert refused(cast.citizen, bytes(claimed), "a.tif").code in ("picture_too_large", "file_broken", "file_cut")


def test_every_place_that_takes_photographs_says_so_alike():
    for service in service_types.offered_services():
        for document in service.documents:
            assert set(document.accepts) <= set(kinds.ACCEPTED)
            assert set(document.accept.split(",")) >= set(document.accepts)
            if kinds.JPEG in document.accepts:
                assert {kinds.HEIC, kinds.WEBP} <= set(document.accepts), document.code
            if kinds.DWG in document.accepts:
                assert {kinds.PDF, kinds.DXF} <= set(document.accepts), "what can be looked at is taken beside it"


# -- drawings --------------------------------------------------------------------------------------------------------
def plan(version: str = "R2018", text: str = SHARED, sheet: bool = False):
    drawing = ezdxf.new(version, setup=True)
    drawing.header["$INSUNITS"] = 6
    space = drawing.modelspace()
    drawing.layers.add("WALLS")
    drawing.layers.add("FURNITURE").off()
    space.add_lwpolyline([(0, 0), (20, 0), (20, 10), (0, 10)], close=True, dxfattribs={"layer": "WALLS"})
    space.add_circle((15, 5), 2, dxfattribs={"layer": "FURNITURE"})
    space.add_text(text, height=1, dxfattribs={"layer": "0"}).set_placement((1, 1))
    if sheet:
        drawing.layout("Layout1").add_line((0, 0), (100, 50))
    return drawing


def written(drawing, binary: bool = False) -> bytes:
    if binary:
        out = io.BytesIO()
        drawing.write(out, fmt="bin")
        return out.getvalue()
    text = io.StringIO()
    drawing.write(text)
    return text.getvalue().encode(drawing.output_encoding, errors="dxfreplace")


@pytest.mark.parametrize(("version", "binary"), [("R2000", False), ("R2000", True), ("R2018", False), ("R2018", True)])
def test_a_drawing_is_shown_with_its_layers_and_its_measure(version, binary, cast):
    file = store(cast.citizen, written(plan(version, sheet=True), binary), "plan.dxf")
    assert (file.content_type, file.look, file.pages) == (kinds.DXF, rendering.GOOD, 2)
    told = json.loads(tiles.sizes(file, 1))
    layers = {layer["name"]: layer["shown"] for layer in told["layers"]}
    assert layers == {"0": True, "FURNITURE": False, "WALLS": True}
    _many, width, _height, scale = told["runs"][0]
    margin = 2 * 24 * scale
    assert (width - margin) / scale * told["metres"] == pytest.approx(20, rel=0.001), "20 m, as the drawing says"


def test_layers_are_switched_on_and_off(cast, signed_in):
    file = store(cast.citizen, written(plan(text="x")), "plan.dxf")
    names = [layer["name"] for layer in json.loads(tiles.sizes(file, 1))["layers"]]
    client, address = signed_in(cast.citizen), reverse("transactions:tile", args=[file.key, 1, 2, 0, 0])

    def seen(layers: str) -> Image.Image:
        answer = client.get(address, {"layers": layers} if layers else {})
        assert answer.status_code == 200
        return Image.open(io.BytesIO(answer.content)).convert("RGB")

    walls, furniture = names.index("WALLS"), names.index("FURNITURE")
    as_drawn, alone, none = seen(""), seen(str(furniture)), seen(".")
    assert ink(none) is None
    assert ink(as_drawn)[0] < 0.05, "the walls"
    assert ink(alone)[0] > 0.5, "the circle, and nothing else"
    assert ink(seen(f"{walls}.{furniture}"))[0] < 0.05
    edge = as_drawn.width * 13 // 20, as_drawn.height // 2
    around = (edge[0] - 40, edge[1] - 40, edge[0] + 40, edge[1] + 40)
    assert ink(as_drawn.crop(around)) is None, "it was switched off in the drawing"
    assert ink(alone.crop(around)), "where it is seen otherwise"


def test_arabic_is_joined_and_runs_from_right_to_left():
    from transactions.attachments.renderer.lettering import visible

    shown = visible("شارع عرض 15 م")
    assert shown.endswith("ﺷ"), "its first letter stands on the right, in its beginning form"
    assert "15" in shown, "numbers are not turned round"
    assert "ش" not in shown
    assert visible("Room 4.20 x 3.60") == "Room 4.20 x 3.60"
    assert visible("لا") == "ﻻ", "lam and alef are one"


@pytest.mark.parametrize("formatted", [False, True], ids=["plain", "formatted"])
def test_lines_of_arabic_in_a_drawing_stand_in_their_order(cast, formatted):
    """Long words first: on the right. Of a line laid out from the left they would stand on the left."""
    drawing = ezdxf.new("R2018", setup=True)
    space = drawing.modelspace()
    words = "ـــــــــــــــــــــ ا"
    space.add_mtext(f"{{\\H1;{words}}}" if formatted else words, dxfattribs={"char_height": 1, "insert": (0, 0)})
    file = store(cast.citizen, written(drawing), "plan.dxf")
    image = first(file).convert("L")
    dark = numpy.asarray(image) < 128
    columns = dark.sum(axis=0)
    left, right = columns[: len(columns) // 4], columns[-len(columns) // 2 :]
    assert left.max() > 2 * right.max(), "the alef stands on the left, the stroke on the right"


def bomb_of_blocks():
    drawing = ezdxf.new("R2010")
    before = drawing.blocks.new("B0")
    before.add_line((0, 0), (1, 1))
    for number in range(1, 12):
        block = drawing.blocks.new(f"B{number}")
        for place in range(10):
            block.add_blockref(f"B{number - 1}", (place, 0))
    drawing.modelspace().add_blockref("B11", (0, 0))
    return drawing


def bomb_of_rows():
    drawing = ezdxf.new("R2010")
    drawing.blocks.new("A").add_line((0, 0), (1, 1))
    rows = {"row_count": 30_000, "column_count": 30_000, "row_spacing": 1, "column_spacing": 1}
    drawing.modelspace().add_blockref("A", (0, 0), dxfattribs=rows)
    return drawing


@pytest.mark.thorough
@pytest.mark.parametrize("make", [bomb_of_blocks, bomb_of_rows])
def test_a_drawing_that_never_ends_is_ended_and_said_to_have_no_picture(make, cast, signed_in):
    file = store(cast.citizen, written(make()), "bomb.dxf")
    assert (file.look, file.has_preview) == ("", True), "in the background it may take longer"
    work_off()
    file.refresh_from_db()
    assert file.look in rendering.UNDRAWN
    assert not file.has_preview


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text[: len(text) * 2 // 3], "file_cut"),
        (lambda text: text.replace(b"ENTITIES", b"ENTITIES\n  0\nLINE\n nonsense"), "file_broken"),
        (lambda text: text.replace(b"20.0", b"nan"), ""),
        (lambda text: text.replace(b"20.0", b"1e308"), ""),
        (lambda text: b"AutoCAD Binary DXF\r\n\x1a\0" + bytes(200), "file_cut"),
        (lambda text: b"AutoCAD Binary DXF\r\n\x1a\0" + b"\x07" * 500 + b"EOF\0", "file_broken"),
    ],
    ids=["cut", "crooked", "not-a-number", "far", "binary-cut", "binary-nonsense"],
)
def test_a_crooked_drawing_is_shown_as_far_as_it_goes_or_refused_in_words(change, code, cast):
    content = change(written(plan(text="x")))
    if code:
        assert refused(cast.citizen, content, "plan.dxf").code == code
        return
    assert store(cast.citizen, content, "plan.dxf").look == rendering.GOOD


def test_a_drawing_for_a_document_that_is_a_paper_is_refused_with_the_way_out(cast):
    with pytest.raises(Invalid) as error:
        store(cast.citizen, written(plan()), "plan.dxf", accepts=service_types.PAPER)
    assert "DXF" in str(error.value.problems[0].message)


def test_the_paper_of_a_drawing_is_made_again_when_it_was_lost(cast):
    file = store(cast.citizen, written(plan()), "plan.dxf")
    previews.delete_previews(file.key)
    with pytest.raises(tiles.Busy):
        tiles.tile(file, 1, 1, 0, 0, 0)
    assert work_off()
    assert tiles.tile(file, 1, 1, 0, 0, 0)
