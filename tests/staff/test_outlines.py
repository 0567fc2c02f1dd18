"""Outlines of districts and parcels: read as GIS programs write them, looked at, put in force, undone."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import AccountError
from accounts.importing import outlines
from accounts.models import AccessRecord, Act
from municipality.models import District, GroundOutline, OutlineImport
from municipality.outline_words import file_words, problem_words
from municipality.outlines import look
from municipality.services import clear_caches
from municipality.where import districts_of
from plots.geometry import outline_of
from plots.geometry.projection import to_degrees
from plots.ground import MAX_FEATURES, MAX_POINTS, NotAFile, read_features

from ..conftest import NOW

pytestmark = pytest.mark.django_db
EAST, NORTH = 520_000, 2_380_000
PROVENANCE = {"source": "Urban observatory", "as_of": date(2026, 5, 1), "licence": "Open data, with attribution"}


def square(west, south, size=1000.0):
    return [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]


def in_degrees(ring):
    return [list(to_degrees(*point)) for point in ring]


def feature(properties, ring, kind="Polygon"):
    coordinates = [ring] if kind == "Polygon" else [[ring]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def file_of(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def brought(cast, content, kind="districts", *, complete=False, now=NOW):
    return outlines.bring(
        kind, "city.geojson", content, by=cast.administrator, now=now, is_complete=complete, **PROVENANCE
    )


def done(cast, content, kind="districts", *, complete=False, now=NOW):
    put = outlines.carry_out(brought(cast, content, kind, complete=complete), by=cast.administrator, now=now)
    clear_caches()
    return put


def three(cast):
    codes = list(District.objects.order_by("code").values_list("code", flat=True)[:3])
    return codes, [feature({"code": code}, square(EAST + 1000 * n, NORTH)) for n, code in enumerate(codes)]


def in_force():
    return dict(GroundOutline.objects.filter(in_force=True).values_list("key", "west"))


# -- reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("crs", "in_metres"),
    [
        (None, False),
        (None, True),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", False),
        ("urn:ogc:def:crs:EPSG::4326", False),
        ("EPSG:4326", False),
        ("urn:ogc:def:crs:EPSG::32637", True),
        ("EPSG:32637", True),
    ],
)
def test_degrees_and_metres_are_the_same_ground(crs, in_metres):
    ring = square(EAST, NORTH)
    more = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    (one,) = read_features(file_of(feature({"code": "X"}, ring if in_metres else in_degrees(ring)), **more))
    assert one.slip == ""
    assert one.box == pytest.approx((EAST, NORTH, EAST + 1000, NORTH + 1000), abs=0.02)
    assert one.area == pytest.approx(1_000_000, rel=1e-4)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::20437", "EPSG:3857", "EPSG:32638", "Ain el Abd", "EPSG:43260"])
def test_another_frame_is_refused_by_its_name(name):
    with pytest.raises(NotAFile) as refused:
        read_features(file_of(feature({}, square(EAST, NORTH)), crs={"type": "name", "properties": {"name": name}}))
    assert name in file_words(refused.value)


BOW = [[EAST, NORTH], [EAST + 900, NORTH + 900], [EAST + 900, NORTH], [EAST, NORTH + 900], [EAST, NORTH]]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (feature({"code": "X"}, BOW), "crosses"),
        (feature({"code": "X"}, in_degrees(BOW)), "crosses"),
        (feature({"code": "X"}, [[y, x] for x, y in in_degrees(square(EAST, NORTH))]), "swapped"),
        (feature({"code": "X"}, [[NORTH, EAST], [NORTH, EAST + 9], [NORTH + 9, EAST]]), "swapped"),
        (feature({"code": "X"}, [[46.7, 24.7], [46.8, 24.7], [46.8, 24.8], [46.7, 24.7]]), "elsewhere"),
        (feature({"code": "X"}, square(EAST, NORTH, 2)), "no_area"),
        (feature({"code": "X"}, [[EAST, NORTH]] * 4), "too_few"),
        (feature({"code": "X"}, [["a", "b"], [1, 2], [3, 4]]), "no_numbers"),
        (feature({"code": "X"}, [[True, False], [1, 2], [3, 4]]), "no_numbers"),
        (feature({"code": "X"}, [[1], [1, 2], [3, 4]]), "no_numbers"),
        (feature({"code": "X"}, [[10**400, 1], [1, 2], [3, 4]]), "no_numbers"),
        ({"type": "Feature", "properties": None, "geometry": None}, "no_polygon"),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [39.2, 21.5]}}, "no_polygon"),
        ({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}}, "no_polygon"),
        ({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [7]}}, "no_polygon"),
        ({"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[], 7]}}, "no_polygon"),
        ("a word", "no_feature"),
        (None, "no_feature"),
    ],
)
def test_what_is_no_ground_is_left_out_by_its_number(given, code):
    good = feature({"code": "OK"}, square(EAST, NORTH))
    first, wrong, last = read_features(file_of(good, given, good))
    assert (first.slip, wrong.number, wrong.slip, last.slip) == ("", 2, code, "")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_json"),
        (b"\xff\xfe", "no_json"),
        (b"[" * 200_000, "no_json"),
        (b'{"type": "FeatureCollection", "features": ' + b"[" * 20_000, "no_json"),
        (b"[]", "no_collection"),
        (b'{"type": "Feature"}', "no_collection"),
        (b'{"type": "FeatureCollection"}', "empty"),
        (b'{"type": "FeatureCollection", "features": {}}', "empty"),
        (b"[" + b"[]," * 600_000 + b"[]]", "too_many_points"),
        (b" " * 8_000_001, "too_large"),
        (file_of(*[None] * (MAX_FEATURES + 1)), "too_many_features"),
    ],
)
def test_hostile_files_end_in_words(content, code):
    with pytest.raises(NotAFile) as refused:
        read_features(content)
    assert refused.value.code == code
    assert file_words(refused.value)


def test_what_json_does_not_know_is_left_out():
    features = read_features(b'{"type": "FeatureCollection", "features": [NaN, {"type": "Feature"}, Infinity]}')
    assert [each.slip for each in features] == ["no_feature", "no_polygon", "no_feature"]


def test_more_points_than_are_read():
    ring = [[EAST + n / 1000, NORTH + (n % 2)] for n in range(19_999)]
    with pytest.raises(NotAFile) as refused:
        read_features(file_of(*[feature({}, ring)] * (MAX_POINTS // 19_999 + 1)))
    assert f"{MAX_POINTS:,}" in file_words(refused.value)
    (one,) = read_features(file_of(feature({}, ring * 2)))
    assert one.slip == "too_fine"


def test_what_lies_on_itself_thousands_of_times_is_refused_soon(cast):
    ring = [[EAST + 50 * x, NORTH + 50 * (x % 2) + 9 * x] for x in range(20)] + [[EAST, NORTH + 5000]]
    features = [feature({"plan": "1", "parcel": str(n)}, ring) for n in range(2000)]
    with pytest.raises(AccountError) as refused:
        brought(cast, file_of(*features), "parcels")
    assert refused.value.code == "unreadable"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["type", "geometry", "coordinates", "properties"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_feature_is_read_or_left_out(given):
    (one,) = read_features(json.dumps({"type": "FeatureCollection", "features": [given]}).encode())
    assert bool(one.shape) != bool(one.slip)
    if one.slip:
        assert problem_words({"code": one.slip, "name": "", "at": one.at})


# -- a file and what it does --------------------------------------------------------------------------------------


def test_districts_are_known_by_code_or_by_name_as_people_write_it(cast):
    districts = list(District.objects.order_by("code")[:4])
    words = [
        {"code": districts[0].code.lower()},
        {"name_ar": f"حي {districts[1].name_ar}"},
        {"NAME_EN": districts[2].name_en.upper()},
        {"الحي": districts[3].name_ar},
    ]
    put = brought(cast, file_of(*(feature(w, square(EAST + 1000 * n, NORTH)) for n, w in enumerate(words))))
    assert put.problems == []
    assert [row.key for row in look(put).new] == [district.code for district in districts]


def test_what_cannot_be_read_is_told_and_leaves_what_is_in_force(cast):
    codes, features = three(cast)
    done(cast, file_of(*features))
    crossed = feature({"code": codes[0]}, BOW)
    second = brought(
        cast, file_of(crossed, features[1], features[1], feature({"code": "NOWHERE"}, square(EAST, NORTH)),
                      feature({}, square(EAST, NORTH))), complete=True,
    )  # fmt: skip
    assert [(p["number"], p["code"]) for p in second.problems] == [
        (1, "crosses"), (3, "twice"), (4, "no_district"), (5, "no_name"),
    ]  # fmt: skip
    outcome = look(second)
    assert outcome.counts == {"new": 0, "changed": 0, "same": 1, "gone": 1}
    assert [row.key for row in outcome.ended] == [codes[2]]
    outlines.carry_out(second, by=cast.administrator, now=NOW)
    assert in_force() == {codes[0]: EAST, codes[1]: EAST + 1000}


def test_new_changed_same_and_gone_and_back_again(cast):
    codes, features = three(cast)
    done(cast, file_of(*features))
    before = in_force()
    moved = feature({"code": codes[1]}, square(EAST + 1000, NORTH + 50))
    content = file_of(features[0], moved)
    assert look(brought(cast, content)).counts == {"new": 0, "changed": 1, "same": 1, "gone": 0}
    second = brought(cast, content, complete=True)
    assert look(second).counts == {"new": 0, "changed": 1, "same": 1, "gone": 1}
    later = NOW + timedelta(hours=1)
    outlines.carry_out(second, by=cast.administrator, now=later)
    outlines.carry_out(second, by=cast.administrator, now=later)
    assert set(in_force()) == set(codes[:2])
    assert District.objects.get(code=codes[1]).outline.south == NORTH + 50
    first = OutlineImport.objects.order_by("pk").first()
    with pytest.raises(AccountError):
        outlines.undo(first, by=cast.administrator, now=later)
    outlines.undo(second, by=cast.administrator, now=later)
    outlines.undo(second, by=cast.administrator, now=later)
    assert in_force() == before
    outlines.undo(first, by=cast.administrator, now=later)
    assert in_force() == {}
    assert not District.objects.filter(outline__isnull=False).exists()
    assert AccessRecord.objects.filter(act=Act.IMPORTED, by=cast.administrator).count() == 6


def test_what_was_put_in_force_since_the_look_is_looked_at_again(cast):
    codes, features = three(cast)
    mine = brought(cast, file_of(features[0]))
    seen = look(mine).seen
    done(cast, file_of(feature({"code": codes[0]}, square(EAST, NORTH + 500))))
    with pytest.raises(AccountError):
        outlines.carry_out(mine, by=cast.administrator, seen=seen, now=NOW)
    assert outlines.carry_out(mine, by=cast.administrator, seen=look(mine).seen, now=NOW).done_at == NOW


def test_the_same_again_is_nothing_new_and_the_same_waiting_file(cast):
    _codes, features = three(cast)
    first = brought(cast, file_of(*features))
    assert brought(cast, file_of(*features)) == first
    outlines.carry_out(first, by=cast.administrator, now=NOW)
    with pytest.raises(AccountError):
        outlines.carry_out(brought(cast, file_of(*features)), by=cast.administrator, now=NOW)


def test_parcels_of_other_plans_stay(cast):
    def parcel(plan, number, west):
        return feature({"plan_number": plan, "parcel_number": number}, square(west, NORTH, 25))

    done(
        cast,
        file_of(parcel("٤١٥ / ج", 1, EAST), parcel("415/ج", "2", EAST + 25), parcel("7", "1", EAST + 99)),
        "parcels",
    )
    assert set(in_force()) == {"415/ج||1", "415/ج||2", "7||1"}
    done(cast, file_of(parcel("415/ج", "2", EAST + 25)), "parcels", complete=True)
    assert set(in_force()) == {"415/ج||2", "7||1"}
    wrong = brought(cast, file_of(feature({"parcel": "9"}, square(EAST, NORTH, 25))), "parcels")
    assert [problem["code"] for problem in wrong.problems] == ["no_parcel"]


def test_overlaps_are_named(cast):
    codes, _features = three(cast)
    put = brought(
        cast,
        file_of(
            feature({"code": codes[0]}, square(EAST, NORTH)),
            feature({"code": codes[1]}, square(EAST + 990, NORTH)),
            feature({"code": codes[2]}, square(EAST + 1990, NORTH)),
        ),
    )
    put.refresh_from_db()
    assert put.overlaps == [[codes[0], codes[1], 10_000.0]]


def test_files_nobody_carried_out_go(cast, settings):
    _codes, features = three(cast)
    waiting = brought(cast, file_of(features[0]))
    put = done(cast, file_of(features[1]))
    later = NOW + timedelta(days=settings.KEEP_DRAFTS_DAYS, minutes=1)
    assert outlines.delete_old(later, 10) == 1
    assert list(OutlineImport.objects.all()) == [put]
    assert waiting.pk
    assert set(in_force()) == {put.outlines.get().key}


def test_only_administrators(cast):
    with pytest.raises(AccountError):
        outlines.bring("districts", "x", file_of(None), by=cast.reviewer, now=NOW, is_complete=False, **PROVENANCE)


# -- which district holds a plot ----------------------------------------------------------------------------------


def test_a_plot_lies_in_the_districts_that_hold_it(cast, django_assert_num_queries):
    codes, features = three(cast)
    done(cast, file_of(*features))
    across = outline_of(square(EAST + 980, NORTH + 10, 25)[:4])
    held = districts_of(across)
    assert [(each.district.code, round(each.share, 2)) for each in held] == [(codes[0], 0.8), (codes[1], 0.2)]
    with django_assert_num_queries(0):
        assert districts_of(across) == held
    assert districts_of(outline_of(square(EAST, NORTH + 5000, 25)[:4])) == []
    assert districts_of(outline_of(square(0, 0, 25)[:4])) == []
    assert districts_of(outline_of(BOW[:4])) == []
    assert districts_of(None) == []


# -- the page -------------------------------------------------------------------------------------------------------


def test_an_administrator_brings_looks_puts_in_force_and_undoes(signed_in, cast):
    client = signed_in(cast.administrator)
    codes, features = three(cast)
    content = file_of(*features[:2], feature({"code": codes[2]}, BOW))
    given = {"kind": "districts", "source": "Observatory", "as_of": "2026-05-01", "licence": "Open <data>"}
    page = client.post(reverse("staff:outlines"), given | {"file": SimpleUploadedFile("d.geojson", content)})
    assert page.status_code == 302
    put = OutlineImport.objects.get()
    html = client.get(page.url).content.decode()
    assert html.count('class="plotted__line plotted__line--new"') == 2
    assert "Open &lt;data&gt;" in html
    assert "plotted__line--gone" not in html
    pressed = client.post(reverse("staff:outlines_do", args=[put.pk]), {"version_seen": look(put).seen})
    assert pressed.status_code == 302
    assert set(in_force()) == set(codes[:2])
    assert reverse("staff:outlines_undo", args=[put.pk]) in client.get(page.url).content.decode()
    assert client.post(reverse("staff:outlines_undo", args=[put.pk])).status_code == 302
    assert in_force() == {}
    assert reverse("staff:outlines_undo", args=[put.pk]) not in client.get(page.url).content.decode()


def test_a_file_that_is_none_is_told_beside_its_box(signed_in, cast):
    client = signed_in(cast.administrator)
    given = {"kind": "districts", "source": "Observatory", "as_of": "2026-05-01", "licence": "Open"}
    page = client.post(reverse("staff:outlines"), given | {"file": SimpleUploadedFile("d.geojson", b"<kml>")})
    assert page.status_code == 422
    assert "Observatory" in page.content.decode()
    assert not OutlineImport.objects.exists()
