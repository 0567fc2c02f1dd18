"""What outlines on file say of corners: a district proposed, a contradiction told, a parcel compared, maps drawn."""

from __future__ import annotations

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from municipality.models import District
from transactions.answers.ground import proposed_district
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.intake.draft_parts import flags_of
from transactions.models import Draft
from transactions.papers.papers import content_of
from transactions.selectors import duplicates
from transactions.signed_papers.sheet import sheet_of

from ..conftest import NOW, drive
from ..staff.test_outlines import done, feature, file_of, square
from .test_plots import WHOLE, X, Y, corners, division, in_english, reader
from .world import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast", "in_english")]
__all__ = ["in_english"]
SERVICE = service_types.get("land-subdivision")


@pytest.fixture
def city_map(cast):
    """Two districts side by side; the plot lies in the first."""
    first, second = District.objects.filter(sub_municipality__code="SHR").order_by("code")[:2]
    done(
        cast,
        file_of(
            feature({"code": first.code}, square(X - 500, Y - 500)),
            feature({"code": second.code}, square(X + 500, Y - 500)),
        ),
    )
    return first, second


def parcel(plan, number, west=X, south=Y, size=30.0, block=""):
    named = {"plan_number": plan, "parcel_number": number} | ({"block_number": block} if block else {})
    return feature(named, square(west, south, size))


def told(answers):
    return {flag.code: str(flag.message) for flag in flags_of(SERVICE, answers)}


# -- the district -----------------------------------------------------------------------------------------------------


def test_nothing_is_said_while_no_outline_is_on_file(cast):
    assert told(division()) == {}
    assert proposed_district(SERVICE, division() | {"district": ""}) is None


def test_the_district_that_holds_the_plot_contradicts_no_other(city_map):
    first, second = city_map
    assert told(division(district=first.code)) == {}
    said = told(division(district=second.code))["district-by-corners"]
    assert said == f"By its corners, the plot lies in \u2068{first.name_en}\u2069, not in \u2068{second.name_en}\u2069."
    unlisted = told(division(district="unlisted"))["district-by-corners"]
    assert unlisted == f"By its corners, the plot lies in \u2068{first.name_en}\u2069; no district is given."
    assert "district-by-corners" not in told(division(district=second.code, plot=corners(9000, 0, 9030, 30)))


def test_a_plot_on_the_line_is_in_both(city_map):
    first, second = city_map
    across = corners(480, 0, 510, 30)
    for district in (first, second):
        assert "district-by-corners" not in told(division(district=district.code, plot=across))
    third = District.objects.filter(sub_municipality__code="SHR").order_by("code")[2]
    said = told(division(district=third.code, plot=across))["district-by-corners"]
    assert f"\u2068{first.name_en}\u2069 (67%), \u2068{second.name_en}\u2069 (33%)" in said


def test_it_is_proposed_where_none_is_given_and_never_takes_what_was_typed(city_map):
    first, second = city_map
    for nothing in ("", None, "unlisted"):
        assert proposed_district(SERVICE, division(district=nothing)) == first
    for typed in (second.code, "somewhere else", first.code):
        assert proposed_district(SERVICE, division(district=typed)) is None
    assert proposed_district(SERVICE, division(district="", plot="")) is None


@pytest.fixture
def draft(cast):
    draft = drafts.start_draft(SERVICE, by=cast.citizen, now=NOW)
    Draft.objects.filter(pk=draft.pk).update(answers=division(district=""))
    draft.refresh_from_db()
    return draft


PLOT = {"area_m2": "900", "land_use": "residential", "villas": "detached", "corners": WHOLE}


@pytest.mark.parametrize("page", ["plot", "deed"])
def test_a_press_takes_the_district_over_without_scripts(cast, city_map, draft, page):
    first, second = city_map
    client, url = reader(cast), reverse("transactions:step", args=[draft.key, page])
    html = unescape(client.get(url).content.decode())
    assert f'name="take_district" value="{first.code}"' in html
    deed = {name: draft.answers.get(name, "") for name in ("deed_number", "deed_date", "plan_number", "parcel_number")}
    typed = PLOT if page == "plot" else deed | {"district": ""}
    answer = client.post(url, typed | {"take_district": second.code})
    draft.refresh_from_db()
    assert answer.status_code in (200, 422)
    assert not draft.answers.get("district"), "another is proposed than the one pressed"
    answer = client.post(url, typed | {"take_district": first.code})
    draft.refresh_from_db()
    assert draft.answers["district"] == first.code
    assert first.name_en in unescape(answer.content.decode())
    assert 'name="take_district"' not in client.get(url).content.decode()


def test_what_was_typed_with_the_press_stays(cast, city_map, draft):
    first, second = city_map
    url = reverse("transactions:step", args=[draft.key, "deed"])
    deed = {name: draft.answers[name] for name in ("deed_number", "deed_date", "plan_number", "parcel_number")}
    reader(cast).post(url, deed | {"district": second.name_ar, "take_district": first.code})
    draft.refresh_from_db()
    assert draft.answers["district"] == second.name_ar


def test_the_contradiction_stands_on_the_pages_of_applicant_and_reviewer(cast, city_map, draft, submitted):
    first, second = city_map
    Draft.objects.filter(pk=draft.pk).update(answers=division(district=second.code))
    client = reader(cast)
    sentence = f"By its corners, the plot lies in \u2068{first.name_en}\u2069, not in"
    for name, more in (("step", ["plot"]), ("step", ["deed"]), ("check", [])):
        assert sentence in unescape(
            client.get(reverse(f"transactions:{name}", args=[draft.key, *more])).content.decode()
        )
    case = submitted("land-subdivision", **division(district=second.code))
    answer = client_of(cast.reviewer).get(reverse("staff:case", args=[case.reference]))
    assert f"\u2068{first.name_ar}\u2069" in unescape(answer.content.decode())


# -- the parcel -------------------------------------------------------------------------------------------------------


def said_of_parcel(cast, answers):
    draft = Draft(service="land-subdivision", applicant=cast.citizen, answers=answers)
    return [hint.message for hint in duplicates.hints_for_draft(draft, [], cast.citizen) if hint.code == "parcel"]


def test_the_parcel_of_this_number_is_compared(cast):
    given = division(plan_number="415/ج/س", parcel_number="٢٧")
    assert said_of_parcel(cast, given) == []
    done(cast, file_of(parcel("٤١٥ / ج / س", "27"), parcel("415/ج/س", 28, west=X + 30)), "parcels")
    assert said_of_parcel(cast, given) == []
    (words,) = said_of_parcel(cast, given | {"corners": corners(0, 0, 40, 30)})
    assert "has 900.00 m², the plot by its corners 1,200.00 m²" in words
    assert "75% of the plot lies on the parcel and covers 100% of it" in words
    (words,) = said_of_parcel(cast, given | {"corners": corners(30, 0, 60, 30)})
    assert words.startswith(
        "By its corners, the plot does not lie on parcel \u2068415/ج/س · 27\u2069 on file (900.00 m²)."
    )
    assert words.endswith("The corners lie on \u2068415/ج/س · 28\u2069.")
    (words,) = said_of_parcel(cast, given | {"parcel_number": "99"})
    assert words.startswith("By its corners, the plot lies on \u2068415/ج/س · 27\u2069. No parcel of the number")


def test_a_block_is_compared_where_both_have_one(cast):
    done(cast, file_of(parcel("7", "1", block="A"), parcel("7", "1", west=X + 30, block="B")), "parcels")
    given = division(plan_number="7", parcel_number="1")
    assert said_of_parcel(cast, given) == []
    assert said_of_parcel(cast, given | {"block_number": "a"}) == []
    (words,) = said_of_parcel(cast, given | {"block_number": "B"})
    assert "does not lie on parcel \u20687 · b · 1\u2069" in words


def test_it_costs_no_statement_more(cast, submitted, django_assert_num_queries):
    case = submitted("land-subdivision", **division(plan_number="7", parcel_number="1"))
    duplicates.hints_for_case(case, [], cast.reviewer)
    with CaptureQueriesContext(connection) as before:
        duplicates.hints_for_case(case, [], cast.reviewer)
    done(cast, file_of(parcel("7", "1", west=X + 100), parcel("7", "2")), "parcels")
    duplicates.hints_for_case(case, [], cast.reviewer)
    with django_assert_num_queries(len(before)):
        (hint,) = (each for each in duplicates.hints_for_case(case, [], cast.reviewer) if each.code == "parcel")
    assert "7 · 2" in hint.message
    assert hint.references == ()


# -- what is drawn ----------------------------------------------------------------------------------------------------


def test_districts_lie_under_the_drawing_and_not_on_papers(cast, city_map, draft, submitted):
    first, second = city_map
    across = corners(485, 0, 515, 30)
    parts = (corners(485, 0, 500, 30), corners(500, 0, 515, 30))
    Draft.objects.filter(pk=draft.pk).update(answers=division(plot=across, parts=parts, district=first.code))
    html = unescape(reader(cast).get(reverse("transactions:step", args=[draft.key, "plot"])).content.decode())
    assert html.count('class="plotted__line plotted__line--district"') == 2
    assert f"District by the corners: \u2068{first.name_en}\u2069 (50%), \u2068{second.name_en}\u2069 (50%)" in html
    Draft.objects.filter(pk=draft.pk).update(answers=division(district=first.code))
    html = unescape(reader(cast).get(reverse("transactions:step", args=[draft.key, "plot"])).content.decode())
    assert "plotted__line--district" not in html, "one that fills the picture has no edge in it"
    assert f">{first.name_en}</text>" in html
    case = submitted("land-subdivision", **division(district=first.code))
    paper = drive(case, cast, "issued").issued_documents.get()
    drawn = sheet_of(content_of(paper), address="https://example.com/verify/", is_demo=True)["plot"]
    assert drawn["outlines"]
    assert "district" not in str(drawn)


def test_districts_lie_under_the_map_of_open_cases(cast, city_map, submitted):
    submitted("land-subdivision", **division(plot=corners(485, 0, 515, 30)))
    html = client_of(cast.reviewer).get(f"{reverse('staff:map')}?list=cases").content.decode()
    assert html.count("plotted__line--district") == 2
    assert all(f">{district.name_ar}</text>" in html for district in city_map)
