"""Corners as people write them."""

from __future__ import annotations

import contextlib
import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import western_digits
from plots.geometry import Unreadable, read_corners, written

WANTED = ((520000.12, 2380000.5), (520025.12, 2380000.5), (520025.12, 2380025.5))
E1, E2, N1, N2 = "520000.12", "520025.12", "2380000.50", "2380025.50"
RIGHT = {
    "spaces": f"{E1} {N1}\n{E2} {N1}\n{E2} {N2}",
    "commas": f"{E1},{N1}\n{E2},{N1}\n{E2},{N2}",
    "commas and spaces": f"{E1}, {N1}\n{E2}, {N1},\n\n{E2} , {N2}\n",
    "decimal commas": "520000,12; 2380000,50\n520025,12; 2380000,50\n520025,12; 2380025,50",
    "thousands": "520,000.12 2,380,000.50\n520,025.12 2,380,000.50\n520,025.12 2,380,025.50",
    "tabs of a sheet": f"1\t{E1}\t{N1}\n2\t{E2}\t{N1}\n3\t{E2}\t{N2}",
    "numbered": f"1) {E1} {N1}\n2) {E2} {N1}\n3. {E2} {N2}",
    "named": f"P1 {E1} {N1}\nP2 {E2} {N1}\nP3 {E2} {N2}",
    "csv with titles": f"no,easting,northing,height\n1,{E1},{N1},12.4\n2,{E2},{N1},12.1\n3,{E2},{N2},11.9",
    "northing first": f"Northing (m);Easting (m)\n{N1};{E1}\n{N1};{E2}\n{N2};{E2}",
    "arabic table": f"رقم النقطة\tص\tس\n١\t{N1}\t{E1}\n٢\t{N1}\t{E2}\n٣\t{N2}\t{E2}",
    "arabic digits": "٥٢٠٠٠٠٫١٢ ٢٣٨٠٠٠٠٫٥٠\n٥٢٠٠٢٥٫١٢ ٢٣٨٠٠٠٠٫٥٠\n٥٢٠٠٢٥٫١٢ ٢٣٨٠٠٢٥٫٥٠",
    "persian digits, arabic comma": "۵۲۰۰۰۰٫۱۲، ۲۳۸۰۰۰۰٫۵۰\n۵۲۰۰۲۵٫۱۲، ۲۳۸۰۰۰۰٫۵۰\n۵۲۰۰۲۵٫۱۲، ۲۳۸۰۰۲۵٫۵۰",
    "axes named": f"E={E1} N={N1}\nN {N1} E {E2}\nس: {E2} ص: {N2}",
    "direction marks": f"\u200f{E1}\u200e {N1}\u202c\n{E2}\u00a0{N1}\n\ufeff{E2} {N2}",
    "brackets": f"({E1}, {N1})\n({E2}, {N1}),\nP3 ({E2}, {N2})",
    "numbers in brackets": f"(1) {E1} {N1}\n(2) [{E2} {N1}]\n(3) {E2} {N2}",
    "as Google Earth copies": f"37 Q {E1} m E {N1} m N\n37Q {E2} m E, {N1} m N\nUTM 37 Q: {E2}m E {N2}m N",
    "as AutoCAD lists": f"X = {E1}00    Y = {N1}00    Z = 0.0000\nat point  X= {E2}   Y= {N1}   Z= 1\nX={E2} Y={N2}",
    "axes behind": f"{E1} E {N1} N\n{N1} N {E2} E\n{E2}E {N2}N",
    "heights named": f"س {E1} ص {N1} ع 12.5\nN {N1} E {E2} H 3\nX:{E2} Y:{N2} Z:7",
    "three titles": f"N,E,H\n{N1},{E1},1\n{N1},{E2},2\n{N2},{E2},3",
    "square brackets": f"[{E1} {N1}]\n[{E2} {N1}]\n[{E2} {N2}]",
    "square brackets and commas": f"[{E1}, {N1}],\n[{E2}, {N1}],\n[{E2}, {N2}]",
    "brackets with a semicolon": f"P1 ({E1} ; {N1})\nP2 ({E2};{N1})\n3 [{E2} ؛ {N2}]",
    "named, parted by strokes": f"نقطة1 {E1} | {N1}\nنقطة2 {E2} | {N1}\nنقطة3 {E2} | {N2}",
    "metres": f"{E1} م، {N1} م\n{E2} m; {N1} m\n{E2} متر {N2} متر",
    "json": json.dumps({"type": "Polygon", "coordinates": [[[*map(float, p.split())] for p in (
        f"{E1} {N1}", f"{E2} {N1}", f"{E2} {N2}")]]}),
}  # fmt: skip


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_every_usual_writing_is_read(text):
    assert read_corners(text) == WANTED


DEGREES = {
    "latitude first": "21.5216 39.1932\n21.5216 39.1934\n21.5218 39.1934",
    "decimal commas": "39,1932;21,5216\n39,1934 21,5216\n21,5218\t39,1934",
    "brackets": "(21.5216, 39.1932)\n(39.1934, 21.5216)\n[1] (21.5218, 39.1934)",
    "longitude first": "39.1932,21.5216\n39.1934,21.5216\n39.1934,21.5218",
    "geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","properties":null,"geometry":'
    '{"type":"Polygon",'
    '"coordinates":[[[39.1932,21.5216],[39.1934,21.5216],[39.1934,21.5218]]]}}]}',
    "points": '{"type":"FeatureCollection","features":['
    + ",".join(
        f'{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{x},{y},4]}}}}'
        for x, y in ((39.1932, 21.5216), (39.1934, 21.5216), (39.1934, 21.5218))
    )
    + "]}",
    "minutes": "21°31'17.76\"N 39°11'35.52\"E\nN21°31'17.76\" E39°11'36.24\"\n3  39°11′36.24″E, 21°31′18.48″N",
}


@pytest.mark.parametrize("text", DEGREES.values(), ids=DEGREES.keys())
def test_degrees_are_read_in_either_order(text):
    # By PROJ's cs2cs, EPSG:4326 to EPSG:32637.
    wanted = [(520008.489, 2379888.694), (520029.201, 2379888.72), (520029.174, 2379910.856)]
    assert read_corners(text) == tuple(pytest.approx(corner, abs=0.002) for corner in wanted)


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        ("", [("too_few", 0)]),
        (f"{E1} {N1}\n{E2} {N1}", [("too_few", 0)]),
        (f"{E1} {N1}\n{E2}\n{E2} {N2}\nhello there", [("line", 2), ("line", 4)]),
        (f"{E1} {N1}\n520025,12,2380000,50", [("line", 2)]),
        (f"38 Q {E1} {N1}\n37 Q {E2} {N1}\n37 Q {E2} {N2}", [("line", 1)]),
        (f"{E1} {N1}\n{E2} Z {N1}\n{E2} {N2}", [("line", 2)]),
        ("24.7 46.7\n24.8 46.7\n24.8 46.8", [("degrees_elsewhere", n) for n in (1, 2, 3)]),
        ("21°61'18\"N 39°11'36\"E", [("line", 1)]),
        ("21°31'18\"S 39°11'36\"E", [("line", 1)]),
        (f"{E1} {N1}\n" * 201, [("too_many", 0)]),
        ("5" * 20_001, [("too_long", 0)]),
        ("{", [("json_broken", 0)]),
        ('{"type": "Point"}', [("json_no_outline", 0)]),
        ('{"type": "MultiPolygon", "coordinates": [[[[1, 2]]], [[[1, 2]]]]}', [("json_several", 0)]),
        ('{"type": "Polygon", "coordinates": [[[1, 2]], [[1, 2]]]}', [("json_holes", 0)]),
        ('{"type": "Polygon", "coordinates": [[["a", 2], [1, NaN]]]}', [("json_no_outline", 0)]),
        ("[" * 5000, [("json_broken", 0)]),
        ("99999999999999999999 1\n" * 3, [("line", 1), ("line", 2), ("line", 3)]),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_by_its_line(text, slips):
    with pytest.raises(Unreadable) as caught:
        read_corners(text)
    assert [(slip.code, slip.line) for slip in caught.value.slips] == slips


@given(st.one_of(st.text(max_size=300), st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(
        st.sampled_from(["type", "geometry", "coordinates", "features"]), inner, max_size=4)),
    max_leaves=12)))  # fmt: skip
def test_nothing_anybody_sends_is_more_than_unreadable(given_value):
    try:
        corners = read_corners(given_value)
    except Unreadable as error:
        corners = tuple(error.slips)
    assert corners


numbers = st.decimals(Decimal("440000"), Decimal("600000"), places=2)
norths = st.decimals(Decimal("2250000"), Decimal("2530000"), places=2)
DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９")


@given(
    st.lists(st.tuples(numbers, norths), min_size=3, max_size=12),
    st.sampled_from([" ", ", ", ",", "\t", ";", " ; ", "، "]),
    st.sampled_from(["", "{n} ", "{n}, ", "{n}) "]),
    st.sampled_from(DIGITS),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_however_a_list_is_written_it_is_the_same_list(corners, between, label, digits, end):
    if label == "{n}, " and between == " ":
        between = ", "
    if between.strip() == ";" and label in ("{n} ", "{n}, "):
        label = "{n}" + between
    if between == "\t" and label:
        label = "{n}\t"
    lines = [f"{label.format(n=n)}{x}{between}{y}" for n, (x, y) in enumerate(corners, start=1)]
    text = end.join(lines).translate(str.maketrans("0123456789", digits))
    read = read_corners(text)
    assert read == tuple((float(x), float(y)) for x, y in corners), (western_digits(text), read)
    assert read_corners(written(read)) == read


def seconds_for(given: object) -> float:
    began = time.process_time()
    with contextlib.suppress(Unreadable):
        read_corners(given)
    return time.process_time() - began


def ring(many: int) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[[39.2 + n / 1e7, 21.5] for n in range(many)]]}


HOSTILE = {
    "digits": "1" * 20_000,
    "brackets": "(" * 20_000,
    "equals": "1 1" + "=" * 19_000 + "1",
    "spaces": "1 1" + " " * 19_000 + "1",
    "long lines": ("1 1" + "=" * 195 + "1\n") * 100,
    "long lines of spaces and signs": ("x" + " " * 97 + "=" * 100 + "1 x\n") * 99,
    "long lines of digits": ("1" * 198 + "x\n") * 100,
    "long lines of brackets": ("(" * 199 + "\n") * 100,
    "long lines of letters": ("n" * 199 + "\n") * 100,
    "letters and spaces": ("n " * 99 + "\n") * 100,
    "many short lines": "39.2 21.5\n" * 2_000,
    "many positions": ring(250_000),
    "many points": {"type": "MultiPoint", "coordinates": [[39.2, 21.5]] * 250_000},
    "bare": [[39.2, 21.5]] * 250_000,
}


@pytest.mark.parametrize("given", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_list_of_corners_takes_long_to_refuse(given):
    with pytest.raises(Unreadable):
        read_corners(given)
    allowed = max(1.0, 100 * seconds_for(RIGHT["spaces"]))
    assert seconds_for(given) < allowed


def test_a_line_too_long_for_a_corner_is_named():
    with pytest.raises(Unreadable) as refused:
        read_corners(f"{E1} {N1}\n{E2} {N1}{' ' * 200}x\n{E2} {N2}")
    assert [(slip.code, slip.line) for slip in refused.value.slips] == [("line", 2)]


def test_more_positions_than_a_plot_has_are_too_many():
    with pytest.raises(Unreadable) as refused:
        read_corners(ring(201))
    assert [slip.code for slip in refused.value.slips] == ["too_many"]
