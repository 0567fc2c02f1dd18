"""Drawings made to harm end within their limits, and it is said in words."""

from __future__ import annotations

import io
import resource

import ezdxf
import pytest

from drawings import caged, words
from drawings.domain import rules
from drawings.domain.facts import Facts
from drawings.layer_template import content as template

pytestmark = [pytest.mark.embedded, pytest.mark.thorough]
RULES = rules.all_sets()[-1]
FACTS = Facts(plot_area=600, street_width=15, units=1)
PLOT = {"layer": "JM-PLOT"}


def text(document) -> bytes:
    out = io.StringIO()
    document.write(out)
    return out.getvalue().encode()


def with_entities(entities: str) -> bytes:
    """The template with more in its model."""
    whole = template().decode()
    head, section, rest = whole.partition("\nENTITIES\n")
    return (head + section + entities + rest).encode()


@pytest.fixture(autouse=True)
def _by_the_processor(monkeypatch):
    """A machine that runs all tests at once says nothing of the clock: the limit of CPU is what ends a process here."""
    monkeypatch.setattr(caged, "SECONDS", 120.0)


def checked(content: bytes):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = caged.check(io.BytesIO(content), FACTS, RULES)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < caged.STEP_SECONDS + 6
    return result


def millions_of_inserts() -> bytes:
    document = ezdxf.new("R2010", units=6)
    block = document.blocks.new("PLOTS")
    block.add_lwpolyline([(0, 0), (9, 0), (9, 9)], close=True, dxfattribs=PLOT)
    document.modelspace().add_blockref(
        "PLOTS", (0, 0), dxfattribs={"row_count": 1000, "column_count": 1000, "row_spacing": 10, "column_spacing": 10}
    )
    return text(document)


def nested_blocks() -> bytes:
    """Ten in ten in ten …"""
    document = ezdxf.new("R2010", units=6)
    document.blocks.new("B0").add_lwpolyline([(0, 0), (9, 0), (9, 9)], close=True, dxfattribs=PLOT)
    for level in range(1, 8):
        block = document.blocks.new(f"B{level}")
        for number in range(10):
            block.add_blockref(f"B{level - 1}", (number, 0))
    document.modelspace().add_blockref("B7", (0, 0), dxfattribs=PLOT)
    return text(document)


def cyclic_blocks() -> bytes:
    document = ezdxf.new("R2010", units=6)
    for one, other in (("A", "B"), ("B", "A")):
        block = document.blocks.new(one)
        block.add_lwpolyline([(0, 0), (9, 0), (9, 9)], close=True, dxfattribs=PLOT)
        block.add_blockref(other, (1, 1))
    document.modelspace().add_blockref("A", (0, 0), dxfattribs=PLOT)
    return text(document)


def spline_bomb() -> bytes:
    document = ezdxf.new("R2010", units=6)
    points = [(number % 7 * 1e6, number * 1e5, 0) for number in range(60_000)]
    document.modelspace().add_spline(points, dxfattribs=PLOT)
    return text(document)


def nothing_but_nan() -> bytes:
    entity = "  0\nLWPOLYLINE\n  8\nJM-PLOT\n 90\n3\n 70\n1\n 10\nnan\n 20\n0\n 10\n9\n 20\ninf\n 10\n9\n 20\n1e300\n"
    return with_entities(entity)


def thousands_open() -> bytes:
    line = "  0\nLINE\n  8\nJM-PART\n 10\n{}\n 20\n{}\n 11\n{}\n 21\n{}\n"
    places = ((at * 7 % 997, at * 13 % 991, at * 3 % 89, at % 83) for at in range(20_000))
    return with_entities("".join(line.format(*place) for place in places))


def much_else(many: int = 500_000) -> bytes:
    """Forty megabytes of an office's own."""
    line = "  0\nLINE\n  8\nA-WALL\n 10\n{0}.125\n 20\n5.0\n 30\n0.0\n 11\n{0}.875\n 21\n9.0\n 31\n0.0\n"
    return with_entities("".join(line.format(number) for number in range(many)))


def many_inserts(many: int = 500_000) -> bytes:
    insert = "  0\nINSERT\n  8\nFURN\n  2\nCHAIR{0}\n 10\n1.0\n 20\n5.0\n 30\n0.0\n"
    return with_entities("".join(insert.format(number % 3) for number in range(many)))


@pytest.mark.parametrize(
    "made",
    [millions_of_inserts, nested_blocks, thousands_open, spline_bomb, nothing_but_nan],
    ids=lambda made: made.__name__,
)
def test_what_is_too_much_is_ended_and_said(made):
    result = checked(made())
    if "wrong" in result:
        assert str(words.WRONG[result["wrong"]])
    else:
        assert result["findings"]


def test_a_block_that_holds_itself_is_read_as_far_as_it_can_be():
    result = checked(cyclic_blocks())
    assert "skipped" in {note["code"] for note in result["notes"]}
    assert result["figures"]["plot"] == pytest.approx(40.5)


@pytest.mark.parametrize("made", [much_else, many_inserts], ids=lambda made: made.__name__)
def test_a_large_drawing_is_measured_by_what_is_on_our_layers(made):
    content = made()
    assert len(content) > 20 * 1024**2
    result = checked(content)
    assert "wrong" not in result
    assert result["figures"]["plot"] == pytest.approx(600)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"  0\nSECTION\n  2\nENTITIES\n", b"AutoCAD Binary DXF\r\n\x1a\0"]
)
def test_what_is_no_drawing_is_said_to_be_none(content):
    assert str(words.WRONG[checked(content)["wrong"]])


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b'{"wrong": "<script>"}',
        b'{"state":"checked","findings":[{"code":"coverage"}],"notes":[],"failed":[]}',
        b'{"state":"checked","findings":[],"notes":[],"failed":[],"figures":{"plot":1e999}}',
        b'{"state":"checked","findings":[],"notes":[],"failed":[],"plan":[{"layer":"x","closed":1,"points":[[NaN,1]]}]}',
    ],
)
def test_an_answer_that_is_none_of_ours_is_not_taken(said):
    assert caged.cleaned(said) == {"wrong": "crashed"}


def test_the_template_itself_is_without_a_finding():
    result = checked(template())
    assert result["state"] == "checked"
    assert result["findings"] == []
    assert result["notes"] == []
