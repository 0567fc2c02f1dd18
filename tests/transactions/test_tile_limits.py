"""Looking at documents: sets of layers never share a picture, and nobody has more drawn and kept than their share."""

from __future__ import annotations

import io

import ezdxf
import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from transactions import previews
from transactions.attachments import services as attachments
from transactions.attachments import tile_limits, tiles
from transactions.attachments.renderer import papers as renderer
from transactions.attachments.renderer import tiles as cutter
from transactions.attachments.renderer.pictures import UnreadableFile

from .. import papers
from ..conftest import NOW, become, upload

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
# In the order of their names; the last is switched off in the drawing.
LAYERS = ["A", "B", "C", "D"]


@pytest.fixture(autouse=True)
def _as_if_nobody_had_looked():
    tiles.desk.end_idle(0)
    tile_limits.drawing.forget()
    tile_limits.keeping.forget()
    yield
    tiles.desk.end_idle(0)
    tile_limits.drawing.forget()
    tile_limits.keeping.forget()


def drawing() -> bytes:
    """On each layer a square of its own, within a frame on the first."""
    made = ezdxf.new("R2018", setup=True)
    space = made.modelspace()
    space.add_lwpolyline([(0, 0), (50, 0), (50, 10), (0, 10)], close=True, dxfattribs={"layer": "A"})
    for number, name in enumerate(LAYERS):
        made.layers.add(name)
        left = 10 * number + 3
        corners = [(left, 3), (left + 4, 3), (left + 4, 7), (left, 7)]
        space.add_lwpolyline(corners, close=True, dxfattribs={"layer": name})
    made.layers.get("D").off()
    text = io.StringIO()
    made.write(text)
    return text.getvalue().encode()


@pytest.fixture
def plan(cast):
    file = attachments.store(upload("plan.dxf", drawing()), document="deed", by=cast.citizen, now=NOW)
    tiles.sizes(file, cast.citizen.pk)
    return file


def stored(file) -> set[str]:
    return set(default_storage.listdir(f"previews/{file.key.hex[:2]}/{file.key.hex}")[1])


@pytest.fixture
def ask(cast, signed_in, plan):
    client, address = signed_in(cast.citizen), reverse("transactions:tile", args=[plan.key, 1, 1, 0, 0])
    return lambda layers: client.get(address, {"layers": layers} if layers else {})


# -- which layers ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "asked", ["4", "0.1.2.4", "0.1.2.700.733", "399", "999", "1000", "-1", "x", "0.x", "0..1", "..", "0."]
)
def test_a_layer_that_the_drawing_has_not_is_not_found(ask, plan, asked):
    before = stored(plan)
    assert ask(asked).status_code == 404
    assert stored(plan) == before


def test_every_set_of_layers_has_a_picture_of_its_own_however_it_is_asked_for(ask, plan):
    seen = {}
    for number in range(2 ** len(LAYERS)):
        wanted = [str(layer) for layer in range(len(LAYERS)) if number >> layer & 1]
        answer = ask(".".join(wanted) or ".")
        assert answer.status_code == 200
        other = ask(".".join([*reversed(wanted), *wanted]) or ".")
        assert other.content == answer.content
        seen[number] = answer.content
    assert len(set(seen.values())) == 2 ** len(LAYERS)
    assert seen[0b0111] == ask("").content, "those the drawing shows are the drawing as it is"


def test_chosen_layers_are_kept_nowhere(ask, plan):
    before = stored(plan)
    for number in range(1, 8):
        assert ask(f"3.{number % 3}").status_code == 200
    assert stored(plan) == before


@given(st.integers(1, 12), st.data())
def test_two_sets_are_never_taken_for_one(many, data):
    known = [{"name": str(number), "shown": data.draw(st.booleans())} for number in range(many)]
    asked = st.lists(st.integers(0, many - 1), max_size=20)
    first, second = data.draw(asked), data.draw(asked)
    same = set(first) == set(second)
    assert (tile_limits.chosen_layers(known, first) == tile_limits.chosen_layers(known, second)) is same


@pytest.mark.parametrize("known", [None, "layers", {"0": 1}, ["A"], [None]])
def test_what_a_child_said_of_layers_is_not_believed(known):
    with pytest.raises(tiles.Undrawable):
        tile_limits.chosen_layers(known, [0])


def test_a_paper_has_no_layers(cast, signed_in):
    file = attachments.store(upload("plan.pdf"), document="deed", by=cast.citizen, now=NOW)
    address = reverse("transactions:tile", args=[file.key, 1, 0, 0, 0])
    assert {signed_in(cast.citizen).get(address, {"layers": asked}).status_code for asked in (".", "0")} == {404}


def test_the_renderer_leaves_out_no_layer_it_was_asked_for(plan):
    paper = previews.read_preview(plan.key, previews.DRAWING)
    assert renderer.with_layers(paper, [3])
    for asked in ([4], [0, 700], [-1]):
        with pytest.raises(UnreadableFile):
            renderer.with_layers(paper, asked)


# -- how much --------------------------------------------------------------------------------------------------------
def test_of_a_file_so_many_tiles_are_kept_and_the_others_are_drawn(cast, monkeypatch):
    monkeypatch.setattr(tile_limits, "MAX_KEPT", 20)
    file = attachments.store(
        upload("p.pdf", papers.of_pages(30, (400, 400))), document="deed", by=cast.citizen, now=NOW
    )
    seen = [tiles.tile(file, 1, page, 2, 0, 0) for page in range(1, 31)]
    most = 20 + 64
    assert previews.tiles_kept(file.key) < most
    before = stored(file)
    assert tiles.tile(file, 1, 30, 2, 0, 0) == seen[-1]
    for across in range(2):
        assert tiles.tile(file, 1, 30, 4, across, 0)
    assert stored(file) == before


def test_asking_for_tiles_that_are_not_there_takes_the_page_from_nobody(cast):
    file = attachments.store(upload("p.pdf", papers.of_pages(2)), document="deed", by=cast.citizen, now=NOW)
    for place in ((1, 4, 0, 0), (2, 3, 9, 0), (1, 3, 0, 2), (3, 0, 0, 0), (1, 999, 0, 0), (2, 0, 1, 0)) * 2:
        with pytest.raises(tiles.Undrawable):
            tiles.tile(file, 1, *place)
    assert not {name for name in stored(file) if name.startswith(("slow", "t"))}
    assert tiles.tile(file, 2, 1, 3, 1, 1)


@given(
    st.floats(1, 20_000), st.floats(1, 20_000), st.integers(0, 9), st.integers(0, 63), st.integers(0, 63),
    st.integers(1, 3),
)  # fmt: skip
def test_what_tiles_there_are_is_reckoned_as_the_renderer_does(across_points, down_points, level, across, down, page):
    size = cutter.of_points(across_points, down_points)
    there = page <= 2 and level <= size.levels
    if there:
        width, height = size.at(level)
        there = across * cutter.SIDE < width and down * cutter.SIDE < height
    assert tile_limits.is_tile([(2, *size)], page, level, across, down) is there


def test_who_had_their_share_kept_still_sees_and_others_keep(cast, monkeypatch):
    file = attachments.store(upload("p.pdf"), document="deed", by=cast.citizen, now=NOW)
    monkeypatch.setattr(tile_limits.keeping, "most", 100)
    tiles.sizes(file, 1)
    before = stored(file)
    assert tiles.tile(file, 1, 1, 0, 0, 0)
    assert stored(file) == before
    monkeypatch.setattr(tile_limits.keeping, "most", 10_000_000)
    tiles.desk.end_idle(0)  # what it held would be given to anybody who may see the file
    assert tiles.tile(file, 2, 1, 0, 0, 0)
    assert stored(file) > before


def test_drawing_is_counted_and_who_had_their_share_waits_and_slows_nobody(ask, cast, plan, signed_in, monkeypatch):
    assert ask("0").status_code == 200
    monkeypatch.setattr(tile_limits.drawing, "most", 1e-6)
    answer = ask("0.3")
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert "immutable" not in answer["Cache-Control"]
    assert tiles.tile(plan, 999_999, 1, 1, 0, 0, (0, 3)), "somebody else"


def test_a_share_is_of_an_hour(monkeypatch):
    share, clock = tile_limits.HourlyShare(10), [0.0]
    monkeypatch.setattr(tile_limits.time, "monotonic", lambda: clock[0])
    share.use(1, 10)
    assert (share.has_left(1, 1), share.has_left(2, 1)) == (False, True)
    clock[0] = 3600
    assert share.has_left(1, 10)


def test_what_a_child_holds_is_bounded_and_the_newest_stays(monkeypatch):
    monkeypatch.setattr(tile_limits, "HELD_BYTES", 100)
    held = tile_limits.Held()
    for number in range(50):
        held.put({str(number): b"x" * 30})
    assert [bool(held.get(str(number))) for number in (0, 46, 47, 49)] == [False, False, True, True]


def test_tiles_that_fail_fill_nothing(cast, monkeypatch):
    monkeypatch.setattr(tile_limits, "MAX_KEPT", 0)
    file = attachments.store(upload("p.pdf"), document="deed", by=cast.citizen, now=NOW)
    become(file, papers.slow(), 1)
    for across, down in ((0, 0), (1, 0), (0, 1)):
        with pytest.raises(tiles.Undrawable):
            tiles.tile(file, 1, 1, 3, across, down)
    assert previews.tiles_kept(file.key) == 0
    assert {name for name in stored(file) if name.startswith("slow")} == {"slow1.1", "slow1.2"}


def test_a_store_that_is_full_costs_nobody_the_tile(cast, monkeypatch):
    file = attachments.store(upload("p.pdf"), document="deed", by=cast.citizen, now=NOW)
    tiles.sizes(file, 1)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    assert tiles.tile(file, 1, 1, 0, 0, 0)
