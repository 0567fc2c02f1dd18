"""A correction on record from the workbench, and a return in the reviewer's own words."""

from __future__ import annotations

import pytest
from django.urls import reverse

from transactions.models import Notification

from ..conftest import drive

pytestmark = pytest.mark.django_db


def form_of(answer):
    """What a browser would send back of the page as it stands."""
    data = {"version": answer.context["case"].version, "reason": answer.context["reason"]}
    for topic in answer.context["topics"]:
        fields = [field for field, _condition in topic.questions]
        fields += [field for part in topic.groups for row in part.rows for field in row]
        data |= {field.html_name: field.initial or "" for field in fields}
    return data


def test_the_reviewer_corrects_a_slip_and_both_read_what_it_was(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    page, url = signed_in(cast.reviewer), reverse("staff:correct", args=[case.reference])
    assert url in page.get(reverse("staff:case", args=[case.reference])).content.decode()
    data = form_of(page.get(url))
    assert (data["area_m2"], data["parts-1-area_m2"]) == ("900", "450")
    wrong = page.post(url, data | {"parts-0-area_m2": "460", "parts-1-area_m2": "440"})
    assert [problem.path for problem in wrong.context["problems"]] == ["reason"]
    done = page.post(url, form_of(wrong) | {"reason": "سهو في الإدخال"}, follow=True)
    html = done.content.decode()
    assert "<del" in html
    assert "سهو في الإدخال" in html
    case.refresh_from_db()
    assert [part["area_m2"] for part in case.answers["parts"]] == ["460", "440"]
    assert Notification.objects.filter(event__move="correct", recipient=cast.citizen).count() == 1
    told = signed_in(cast.citizen).get(reverse("transactions:notices")).content.decode()
    assert "كان 450" in told


@pytest.mark.parametrize("code", ["electricity-connection", "land-subdivision", "building-permit"])
def test_the_page_sent_back_as_it_stands_changes_nothing(code, cast, submitted, signed_in):
    case = drive(submitted(code), cast, "under_study")
    page, url = signed_in(cast.reviewer), reverse("staff:correct", args=[case.reference])
    same = page.post(url, form_of(page.get(url)) | {"reason": "x"})
    assert [problem.code for problem in same.context["problems"]] == ["no_change"]
    case.refresh_from_db()
    assert case.answers_version == 1


def test_somebody_faster_is_told_and_nothing_typed_is_lost(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    page, url = signed_in(cast.reviewer), reverse("staff:correct", args=[case.reference])
    data = form_of(page.get(url)) | {"area_m2": "905", "reason": "كما في الصك"}
    late = page.post(url, data | {"version": case.version - 1})
    assert late.status_code == 409
    assert form_of(late)["area_m2"] == "905"
    assert "كما في الصك" in late.content.decode()


def test_the_supervisor_and_the_registry_do_not_correct_what_the_reviewer_studies(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    url = reverse("staff:correct", args=[case.reference])
    for person in (cast.supervisor, cast.registry, cast.clerk):
        assert signed_in(person).get(url).url == reverse("staff:case", args=[case.reference])


def test_a_new_district_of_another_office_shows_on_the_case(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    page, url = signed_in(cast.reviewer), reverse("staff:correct", args=[case.reference])
    done = page.post(url, form_of(page.get(url)) | {"land_use": "commercial", "reason": "x"}, follow=True)
    assert len(done.context["turned_up"]) == 1


def test_a_return_in_ones_own_words_names_what_it_opens(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    url = reverse("staff:move", args=[case.reference, "return"])
    page, typed = signed_in(cast.reviewer), {"version": case.version, "own-2": " ", "opens-2": ["deed", "area_m2"]}
    refused = page.post(url, typed)
    assert refused.status_code == 422
    assert [own.chosen for own in refused.context["own_words"]] == [False, True, False]
    page.post(url, typed | {"own-2": "المساحة في الصك غيرها", "deficiency": ["part-area"], "sentence-part-area": ""})
    found = case.deficiencies.order_by("code").values_list("code", "about", "opens")
    assert list(found) == [
        ("own-1", "deed", ["deed", "area_m2"]),
        ("part-area", "parts", ["parts", "division_drawing"]),
    ]
