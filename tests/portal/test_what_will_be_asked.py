"""What the checks flag is told to the applicant while they write, in both languages, and stops nobody."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.intake.draft_parts import flags_of
from transactions.models import Draft, Intake

from ..conftest import answers_today, pdf, upload

pytestmark = pytest.mark.django_db
TITLES = {"ar": "سيسأل المدقق عن هذا", "en": "The reviewer will ask about this"}
PART = {"area_m2": "450", "frontage_m": "15", "street": "شارع", "street_width_m": "15"}


def written(person, **changed):
    """A subdivision that lacks nothing."""
    service = service_types.get("land-subdivision")
    draft = drafts.start_draft(service, by=person)
    answers = answers_today("land-subdivision") | changed
    for step in service.steps:
        drafts.save_step(draft, step, answers, by=person)
    for document in service.documents_for(answers):
        for _number in range(document.least):
            attachments.attach_to_draft(draft, document.code, upload("a.pdf", pdf()), by=person)
    return Draft.objects.get(pk=draft.pk)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"parts": [PART | {"area_m2": "150"}, PART | {"area_m2": "750"}]}, {"part-area"}),
        ({"parts": [PART | {"frontage_m": "8"}, PART]}, {"part-frontage"}),
        ({"parts": [PART | {"street_width_m": "9.5"}, PART]}, {"part-street"}),
        ({"parts": [PART | {"area_m2": "400"}, PART]}, {"area-tolerance"}),
        ({"parts": [PART | {"area_m2": "199", "frontage_m": "3"}, PART | {"area_m2": "650"}]},
         {"part-area", "part-frontage", "area-tolerance"}),
    ],
)  # fmt: skip
def test_it_is_said_on_the_page_and_where_answers_are_checked_and_stops_nobody(
    changed, codes, language, cast, signed_in
):
    cast.citizen.language = language
    cast.citizen.save()
    draft = written(cast.citizen, **changed)
    with translation.override(language):
        flags = flags_of(draft.service_type, draft.answers)
        said = [str(flag.message) for flag in flags]
    assert {flag.code for flag in flags} == codes
    page = signed_in(cast.citizen)
    page.post("/language/", {"language": language, "next": "/"})
    check = reverse("transactions:check", args=[draft.key])
    for url in (reverse("transactions:step", args=[draft.key, "parts"]), check):
        html = page.get(url).content.decode()
        assert TITLES[language] in html
        assert all(message in html for message in said)
    other = page.get(reverse("transactions:step", args=[draft.key, "deed"])).content.decode()
    assert TITLES[language] not in other, "only on the page of the question it is about"
    assert page.post(check).status_code == 302
    assert Intake.objects.count() == 1


def test_nothing_is_said_where_nothing_is_flagged(cast, signed_in):
    draft = written(cast.citizen)
    html = signed_in(cast.citizen).get(reverse("transactions:check", args=[draft.key])).content.decode()
    assert TITLES["ar"] not in html


def test_saving_a_page_says_it_at_once_on_the_next(cast, signed_in):
    draft = written(cast.citizen)
    row = {f"parts-0-{name}": value for name, value in (PART | {"frontage_m": "8"}).items()}
    row |= {f"parts-1-{name}": value for name, value in PART.items()}
    page = signed_in(cast.citizen)
    saved = page.post(reverse("transactions:step", args=[draft.key, "parts"]), row, follow=True)
    assert saved.redirect_chain[0][0] == reverse("transactions:documents", args=[draft.key])
    assert TITLES["ar"] in saved.content.decode()


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("code", ["land-subdivision", "building-permit", "electricity-connection"])
def test_answers_that_are_not_all_there_are_borne(code, city, data):
    answers = answers_today(code)
    kept = data.draw(st.sets(st.sampled_from(sorted(answers))))
    broken = data.draw(st.sets(st.sampled_from(sorted(kept)))) if kept else set()
    raw = {name: "x" if name in broken else answers[name] for name in kept}
    flags_of(service_types.get(code), raw)
