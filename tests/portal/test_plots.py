"""Corners on the pages: typed, pasted, from a file; what is odd is told, shown and stops nobody."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from transactions.answers.cleaning import clean_answers
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.intake.draft_parts import flags_of
from transactions.models import Draft

from ..answers import answers_on
from ..conftest import NOW
from .world import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast", "in_english")]
X, Y = 521_000, 2_380_000


def corners(left: float, bottom: float, right: float, top: float) -> str:
    return "\n".join(f"{X + x} {Y + y}" for x, y in ((left, bottom), (right, bottom), (right, top), (left, top)))


WHOLE = corners(0, 0, 30, 30)
WRONG = (corners(0, 0, 17, 30), corners(15, 0, 30, 30))
RIGHT = (corners(0, 0, 15, 30), corners(15, 0, 30, 30))


def division(plot: str = WHOLE, parts: tuple[str, str] = RIGHT, **changed: Any) -> dict[str, Any]:
    plain = answers_on("land-subdivision", NOW.date())
    rows = [row | {"corners": part} for row, part in zip(plain["parts"], parts, strict=True)]
    return plain | {"corners": plot, "parts": rows} | changed


@pytest.fixture
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def reader(cast: Any) -> Client:
    client = client_of(cast.citizen)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def told(answers: dict[str, Any]) -> dict[str, str]:
    service = service_types.get("land-subdivision")
    cleaned = clean_answers(service, answers, NOW.date())
    assert cleaned.problems == ()
    return {flag.code: str(flag.message) for flag in flags_of(service, answers)}


def test_a_right_division_says_nothing():
    assert told(division()) == {}


def test_a_mistake_of_two_metres_is_told_with_part_and_area():
    assert told(division(parts=WRONG)) == {
        "parts-overlap": "Part 2 overlaps part 1 by 60.00 m².",
        "part-area-measured": "By its corners, part 1 has 510.00 m²; you wrote 450.00 m².",
        "part-frontage-measured": (
            "Part 1 has no side of 15.00 m on the edge of the plot: its sides there are 30.00, 17.00, 17.00 m."
        ),
    }


def test_gap_least_area_frontage_and_what_lies_outside():
    gap = told(division(parts=(corners(0, 0, 13, 30), RIGHT[1])))
    assert gap["parts-gap"] == "No part covers 60.00 m² of the plot."
    outside = told(division(parts=(RIGHT[0], corners(15, 0, 30, 31))))
    assert outside["parts-outside"] == "Part 2 extends 15.00 m² beyond the plot."
    small = told(division(parts=(corners(0, 0, 24, 30), corners(24, 0, 30, 30))))
    assert small["part-area"] == "By its corners, part 2 has 180.00 m²; the minimum is 200 m²."
    inner = told(division(parts=(corners(0, 0, 30, 30), corners(10, 10, 20, 20))))
    assert inner["part-frontage"].startswith("Part 2 has no side on the edge of the plot")
    short = told(division(plot=corners(0, 0, 11, 80), parts=(corners(0, 0, 11, 11), corners(0, 11, 11, 80))))
    assert "11.00 m; a frontage has at least 12 m" in short["part-frontage"]


def test_the_deeds_area_is_compared_and_the_frontage_of_a_permit():
    assert told(division(area_m2="910"))["area-measured"] == (
        "By its corners, the plot has 900.00 m²; the deed has 910.00 m²."
    )
    permit = service_types.get("building-permit")
    answers = answers_on("building-permit", NOW.date()) | {"corners": corners(0, 0, 25, 25)}
    assert list(flags_of(permit, answers)) == []
    flags = flags_of(permit, answers | {"corners": corners(0, 0, 20, 31.25)})
    assert [flag.code for flag in flags] == ["frontage-measured"]


@pytest.mark.parametrize(
    ("plot", "words"),
    [
        ("\n".join(" ".join(line.split()[::-1]) for line in WHOLE.splitlines()), "easting and northing seem to be"),
        (corners(0, 0, 30, 30).replace(f"{X + 30} {Y + 30}", f"{X} {Y + 30}", 1), "same point as corner 3"),
        ("\n".join(WHOLE.splitlines()[i] for i in (0, 2, 1, 3)), "meets the side from corner 3 to 4"),
        (WHOLE + f"\n{X}.2 {Y}", "corner 5 is 0.20 m from corner 1"),
    ],
)
def test_odd_corners_are_told_by_number_and_do_not_stop_the_request(plot, words):
    assert any(words in message for message in told(division(plot=plot)).values())


def test_corners_are_kept_in_one_form_however_they_are_written():
    service = service_types.get("land-subdivision")
    eastern = WHOLE.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    cleaned = clean_answers(service, division(plot=eastern), NOW.date())
    assert cleaned.values["corners"] == WHOLE
    again = clean_answers(service, cleaned.values, NOW.date())
    assert again.values == cleaned.values
    ring = [[X, Y], [X + 30, Y], [X + 30, Y + 30], [X, Y + 30], [X, Y]]
    given = division() | {"corners": {"type": "Polygon", "coordinates": [ring]}}
    assert clean_answers(service, given, NOW.date()).values["corners"] == f"{WHOLE}\n{X} {Y}"


def test_what_is_no_corner_is_refused_by_its_line():
    service = service_types.get("land-subdivision")
    wrong = division(plot=WHOLE.replace("\n", "\nnorth east\n", 1))
    (problem,) = clean_answers(service, wrong, NOW.date()).problems
    assert (problem.path, problem.code) == ("corners", "corners_unreadable")
    assert "Line 2 is not understood" in problem.message


@pytest.fixture
def draft(cast: Any) -> Draft:
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    Draft.objects.filter(pk=draft.pk).update(answers=division(parts=WRONG))
    draft.refresh_from_db()
    return draft


def page_of(client: Client, draft: Draft, code: str) -> str:
    return unescape(client.get(reverse("transactions:step", args=[draft.key, code])).content.decode())


def test_a_file_takes_the_place_of_what_is_in_the_box(cast, draft):
    client, url = reader(cast), reverse("transactions:step", args=[draft.key, "plot"])
    table = "no,easting,northing\n" + "\n".join(f"{n},{','.join(line.split())}" for n, line in enumerate(
        corners(0, 0, 40, 30).splitlines(), start=1))  # fmt: skip
    typed = {"area_m2": "900", "land_use": "residential", "villas": "detached", "corners": WHOLE, "draw": "1"}
    for content in (table.encode(), table.encode("utf-16"), "\ufeff".encode() + table.encode()):
        Draft.objects.filter(pk=draft.pk).update(answers=division())
        file = SimpleUploadedFile("corners.csv", content)
        answer = client.post(url, typed | {"corners_file": file})
        assert answer.status_code == 200, "the page comes again, with the drawing"
        draft.refresh_from_db()
        assert draft.answers["corners"].splitlines()[-1].endswith(f"{X},{Y + 30}")
        html = unescape(answer.content.decode())
        assert "By its corners, the plot has 1,200.00 m²; the deed has 900.00 m²." in html
        assert '<svg class="plotted__sheet"' in html
    missing = SimpleUploadedFile("x.csv", b"a")
    client.post(url, typed | {"nothing_file": missing})
    draft.refresh_from_db()
    assert draft.answers["corners"] == WHOLE
    assert "nothing" not in draft.answers


def test_the_drawing_and_its_words_stand_where_the_request_is_checked(cast, draft):
    client = reader(cast)
    html = page_of(client, draft, "parts")
    assert "Part 2 overlaps part 1 by 60.00 m²." in html
    check = unescape(client.get(reverse("transactions:check", args=[draft.key])).content.decode())
    assert check.count('<svg class="plotted__sheet"') == 1
    assert "plotted__line--overlap" in check
    assert "4 corners, 900.00 m²" in check
    assert "900.71" in check, "on the ellipsoid"
    assert '<bdi dir="ltr" class="ltr">521017.000</bdi>' in check


def test_without_corners_there_is_no_drawing(cast, draft):
    Draft.objects.filter(pk=draft.pk).update(answers=answers_on("land-subdivision", NOW.date()))
    html = reader(cast).get(reverse("transactions:check", args=[draft.key])).content.decode()
    assert '<svg class="plotted__sheet"' not in html
