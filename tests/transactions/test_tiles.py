"""Documents as tiles: the page as it is, however closely one looks, for who may see it; nobody slowed by others."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image, ImageChops

from accounts.models import AccessRecord, Act
from transactions import previews
from transactions.attachments import services as attachments
from transactions.attachments import tiles
from transactions.attachments.renderer import tiles as pyramid
from transactions.models import Attachment

from .. import papers
from ..conftest import NOW, become, drive, put, upload

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
A0 = (2384, 3370)


@pytest.fixture(autouse=True)
def _no_children():
    tiles.desk.end_idle(0)
    yield
    tiles.desk.end_idle(0)


def store(by, content=None, name="plan.pdf", **more):
    return attachments.store(upload(name, content), document="deed", by=by, now=NOW, **more)


def sheet(lines: int, size: tuple[int, int] = A0) -> bytes:
    """A page with a grid of lines and one small black square near its lower right corner."""
    pdf = papers.blank(size=size)
    width, height = size
    across = " ".join(f"0 {height * n / lines:.2f} m {width} {height * n / lines:.2f} l S" for n in range(1, lines))
    down = " ".join(f"{width * n / lines:.2f} 0 m {width * n / lines:.2f} {height} l S" for n in range(1, lines))
    pdf.pages[0].Contents = pdf.make_stream(f"0.5 w {across} {down} 0 g {width - 20} 10 4 4 re f".encode())
    return papers.saved(pdf)


def picture_of(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def address(file, page=1, level=0, across=0, down=0) -> str:
    return reverse("transactions:tile", args=[file.key, page, level, across, down])


def opened(client, file) -> dict[str, str]:
    """The header of somebody who has opened this document's page."""
    page = client.get(reverse("transactions:sheet", args=[file.key, 1]))
    return {"X-Document-Opened": page.context["opened"]}


# -- the picture -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [A0, (595, 842), (3, 4000), (14400, 14400)])
def test_every_page_has_levels_from_a_thumbnail_to_600_dpi(size):
    told = pyramid.of_points(*size)
    assert max(told.at(0)) <= pyramid.THUMBNAIL or told.levels == 0
    assert told.at(told.levels) == (told.width, told.height)
    assert max(told.width, told.height) == min(round(max(size) * 600 / 72), pyramid.MAX_PIXELS_A_SIDE)


def test_tiles_join_to_the_page_without_a_seam(cast):
    file = store(cast.citizen, sheet(40, (600, 400)))
    many, width, height, _scale = json.loads(tiles.sizes(file, 1))["runs"][0]
    size = pyramid.Size(width, height, 1)
    assert (many, width, height) == (1, 5000, 3333)
    level = size.levels - 1
    wide, high = size.at(level)
    joined = Image.new("RGB", (wide, high))
    for down in range(-(-high // pyramid.SIDE)):
        for across in range(-(-wide // pyramid.SIDE)):
            part = picture_of(tiles.tile(file, 1, 1, level, across, down))
            joined.paste(part, (across * pyramid.SIDE, down * pyramid.SIDE))
    whole = pyramid.PaperTiles(sheet(40, (600, 400))).cut(1, level, (0, 0, wide, high)).convert("RGB")
    differences = ImageChops.difference(joined, whole).convert("L").point(lambda value: 255 * (value > 60))
    assert differences.getbbox() is None


def test_the_smallest_thing_on_an_a0_sheet_is_seen_at_600_dpi(cast):
    file = store(cast.citizen, sheet(100))
    _many, width, height, scale = json.loads(tiles.sizes(file, 1))["runs"][0]
    assert (width, height) == (19867, 28083)
    level = pyramid.Size(width, height, scale).levels
    across, down = (width - 18 * 600 / 72) // pyramid.SIDE, (height - 12 * 600 / 72) // pyramid.SIDE
    part = picture_of(tiles.tile(file, 1, 1, level, int(across), int(down)))
    left, top = int(width - 18 * 600 / 72) - int(across) * pyramid.SIDE, int(height - 12 * 600 / 72) - int(down) * 1024
    assert part.getpixel((left, top)) < (40, 40, 40)
    assert part.getpixel((left - 40, top)) > (200, 200, 200)


def test_a_child_holds_little_however_large_the_sheet(cast):
    file = store(cast.citizen, sheet(300))
    level = 7
    tiles.tile(file, 1, 1, 0, 0, 0)
    for place in ((0, 0), (10, 12), (19, 27)):
        tiles.tile(file, 1, 1, level, *place)
    (child,) = tiles.desk._idle
    with open(f"/proc/{child.process.pid}/status", encoding="ascii") as status:
        most = next(line for line in status if line.startswith("VmHWM"))
    assert int(most.split()[1]) < 512 * 1024


def test_pages_of_different_sizes_are_told_apart(cast):
    pdf = papers.blank(2, (200, 200))
    for size in ((300, 200), (200, 200)):
        pdf.add_blank_page(page_size=size)
    file = store(cast.citizen, papers.saved(pdf))
    told = json.loads(tiles.sizes(file, 1))
    assert told["pages"] == 4
    assert [run[:3] for run in told["runs"]] == [[2, 1667, 1667], [1, 2500, 1667], [1, 1667, 1667]]


def test_a_photograph_taken_sideways_is_tiled_upright(cast):
    out = io.BytesIO()
    image = Image.new("RGB", (3000, 1000), (200, 0, 0))
    image.paste((0, 0, 200), (0, 0, 200, 1000))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(out, "JPEG", exif=exif)
    file = store(cast.citizen, out.getvalue(), "photo.jpg")
    _many, width, height, scale = json.loads(tiles.sizes(file, 1))["runs"][0]
    assert (width, height, scale) == (1000, 3000, 0)
    first = picture_of(tiles.tile(file, 1, 1, pyramid.Size(1000, 3000, 0).levels, 0, 0))
    assert first.size == (1000, 1024)
    assert first.getpixel((500, 50))[2] > 150 > first.getpixel((500, 600))[2]


@pytest.mark.parametrize("place", [(1, 9, 0, 0), (1, 3, 9, 0), (2, 0, 0, 0), (1, 5, 255, 255)])
def test_there_is_no_tile_outside_a_page(cast, place):
    file = store(cast.citizen, sheet(4, (600, 400)))
    with pytest.raises(tiles.Undrawable):
        tiles.tile(file, 1, *place)
    assert tiles.tile(file, 1, 1, 0, 0, 0), "and the next is drawn"


# -- who sees it, and what is known of it ----------------------------------------------------------------------------
def test_opening_a_document_is_logged_once_however_much_of_it_is_looked_at(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    file = case.attachments.filter(content_type="application/pdf").first()
    reader = signed_in(cast.reviewer)
    header = opened(reader, file)
    rows = AccessRecord.objects.filter(act=Act.READ_FILE, by=cast.reviewer)
    before = rows.count()
    assert before == 1
    assert reader.get(reverse("transactions:sheet_sizes", args=[file.key]), headers=header).status_code == 200
    for level in range(3):
        assert reader.get(address(file, 1, level), headers=header).status_code == 200
    assert rows.count() == before
    assert reader.get(address(file)).status_code == 200
    assert rows.count() == before + 1, "nobody looks without a row"


def test_a_word_of_somebody_else_or_of_another_file_says_nothing(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    first, second = case.attachments.filter(content_type="application/pdf")[:2]
    clerk, reviewer = signed_in(cast.clerk), signed_in(cast.reviewer)
    rows = AccessRecord.objects.filter(act=Act.READ_FILE, by=cast.reviewer)
    reviewer.get(address(first), headers=opened(clerk, first))
    assert rows.count() == 1
    reviewer.get(address(second), headers=opened(reviewer, first))
    assert rows.count() == 3, "the page of the first, and the tile of the second"


def test_strangers_get_neither_sizes_nor_tiles(cast, submitted, signed_in, client):
    file = submitted().attachments.filter(content_type="application/pdf").first()
    stranger = signed_in(cast.other_citizen)
    header = opened(signed_in(cast.citizen), file)
    for page in (address(file), reverse("transactions:sheet_sizes", args=[file.key])):
        assert stranger.get(page, headers=header).status_code == 404
        assert client.get(page, headers=header).status_code == 302


def test_a_tile_is_kept_for_good_by_whoever_may_see_it_and_by_nobody_between(cast, signed_in):
    file = store(cast.citizen)
    owner = signed_in(cast.citizen)
    answer = owner.get(address(file), {"of": file.sha256[:16]})
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["Content-Type"] == "image/jpeg"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert owner.get(address(file), {"of": "0" * 16})["Cache-Control"] == "private, no-store"


def test_what_was_changed_in_the_store_is_not_drawn(cast):
    file = store(cast.citizen)
    previews.delete_previews(file.key)
    put(file, sheet(9))
    with pytest.raises(tiles.Undrawable):
        tiles.tile(file, 1, 1, 0, 0, 0)


def test_tiles_go_with_their_file(cast, django_capture_on_commit_callbacks):
    file = store(cast.citizen)
    tiles.tile(file, 1, 1, 0, 0, 0)
    tiles.sizes(file, 1)
    folder = f"previews/{file.key.hex[:2]}/{file.key.hex}"
    assert len(default_storage.listdir(folder)[1]) > 2
    with django_capture_on_commit_callbacks(execute=True):
        attachments.remove(file, by=cast.citizen)
    assert default_storage.listdir(folder)[1] == []


# -- nobody is slowed by others --------------------------------------------------------------------------------------
def test_a_page_that_takes_too_long_is_tried_twice_and_slows_nobody(cast):
    slow, good = store(cast.citizen), store(cast.other_citizen, sheet(40))
    become(slow, papers.slow(), 1)
    tiles.tile(good, 2, 1, 0, 0, 0)
    began, seen = time.monotonic(), []

    def look():
        for across in range(4):
            with pytest.raises(tiles.Undrawable):
                tiles.tile(slow, 1, 1, 4, across, 0)
        seen.append(time.monotonic() - began)

    hostile = threading.Thread(target=look)
    hostile.start()
    waits = []
    while hostile.is_alive() and len(waits) < 20:
        start = time.monotonic()
        tiles.tile(good, 2, 1, 7, len(waits), 3)
        waits.append(time.monotonic() - start)
    hostile.join()
    waits.sort()
    assert waits[len(waits) // 2] < 1, waits
    start = time.monotonic()
    with pytest.raises(tiles.Undrawable):
        tiles.tile(slow, 1, 1, 4, 9, 0)
    assert time.monotonic() - start < 0.5, "it is not begun a third time"


def test_who_asks_for_much_at_once_waits_alone(cast):
    file = store(cast.citizen, sheet(40))
    desk = tiles.Desk()
    with desk.place_for(1):
        with desk.place_for(2):
            pass
        waiting = threading.Event()

        def wait():
            waiting.set()
            with pytest.raises(tiles.Busy), desk.place_for(1):
                pass

        second = threading.Thread(target=wait)
        second.start()
        waiting.wait()
        time.sleep(0.1)
        start = time.monotonic()
        with pytest.raises(tiles.Busy), desk.place_for(1):
            pass
        assert time.monotonic() - start < 0.5, "a third does not even wait"
        with desk.place_for(3):
            pass
        second.join()
    assert tiles.tile(file, 1, 1, 0, 0, 0)


def test_a_busy_desk_is_said_to_be_busy(cast, signed_in):
    file = store(cast.citizen)
    with tiles.desk.place_for(8), tiles.desk.place_for(9):
        answer = signed_in(cast.citizen).get(address(file))
    assert (answer.status_code, answer["Retry-After"]) == (202, "1")


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense\n",
        b'{"name": "t1.0.0.0", "bytes": 99999999}\n',
        b'{"name": "t1.0.0.0", "bytes": -5}\n',
        b'["done"]\n',
        b'{"name": "../../escape", "bytes": 2}\nab',
        b"x" * 10_000_000,
        b"",
    ],
    ids=["nonsense", "huge", "negative", "list", "cut", "endless", "nothing"],
)
def test_nothing_a_child_says_is_believed(said):
    program = "import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read())); sys.stdout.flush()"
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(said.hex().encode())
    process.stdin.close()
    child = tiles.Child(Attachment(), process)
    with pytest.raises(tiles._Ended):
        list(child.records(10))
    child.end()
