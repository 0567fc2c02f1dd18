"""Whoever writes to a page that is taken from them meanwhile reads there what they wrote; no script needed."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts import services as people
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Draft
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, PASSWORD, authorised, drive

pytestmark = pytest.mark.django_db
WORDS = "بيت من <b>دورين</b> وملحق"


@pytest.fixture
def draft(cast) -> Draft:
    """A building permit that an engineer writes."""
    service = service_types.get("building-permit")
    return drafts.start_draft(service, by=cast.engineer, authorisation=authorised(cast), now=NOW)


def step_of(draft: Draft, box: str) -> str:
    code = next(step.code for step in draft.service_type.steps if box in {spec.name for spec in step.fields})
    return reverse("transactions:step", args=[draft.key, code])


def revoke(draft: Draft, cast) -> None:
    people.revoke_authorisation(draft.authorisation, by=cast.citizen, now=NOW)


def revoke_and_delete(draft: Draft, cast) -> None:
    revoke(draft, cast)
    drafts.delete_draft(draft, by=cast.citizen, now=NOW)


@pytest.mark.parametrize("end", [revoke, revoke_and_delete])
@pytest.mark.parametrize("box", ["plan_number", "ground_area_m2"])
def test_an_engineer_whose_authorisation_ends_while_typing_keeps_the_words(draft, cast, signed_in, end, box):
    page, url = signed_in(cast.engineer), step_of(draft, box)
    label = next(str(spec.label) for spec in draft.service_type.fields() if spec.name == box)
    end(draft, cast)
    answer = page.post(url, {box: "4711", "csrfmiddlewaretoken": "x"})
    html = answer.content.decode()
    assert answer.status_code == 404
    assert "4711" in html
    assert label in html
    assert page.get(url).status_code == 404, "and nothing of the draft"
    assert "4711" not in page.get(url).content.decode()


def test_words_outlive_a_session_that_ended_together_with_the_authorisation(draft, cast, client, signed_in):
    page, url = signed_in(cast.engineer), step_of(draft, "plan_number")
    page.logout()
    sign_in = page.post(url, {"plan_number": "4711"}).url
    revoke(draft, cast)
    shown = page.get(sign_in, follow=True).redirect_chain
    address = shown[-1][0] if shown else sign_in
    back = page.post(address, {"login": cast.engineer.national_id, "password": PASSWORD}, follow=True)
    assert back.status_code == 404
    assert "4711" in back.content.decode()


def test_what_was_typed_is_text_and_nothing_else(draft, cast, signed_in):
    revoke(draft, cast)
    url = reverse("transactions:check", args=[draft.key])
    html = signed_in(cast.engineer).post(url, {"changes": "1", "note": WORDS}).content.decode()
    assert "&lt;b&gt;دورين" in html
    assert "<b>دورين" not in html


def test_a_page_nobody_wrote_to_is_not_there(draft, cast, signed_in):
    url = step_of(draft, "plan_number")
    stranger = signed_in(cast.other_citizen)
    for answer in (stranger.get(url), stranger.post(url, {"plan_number": " "}), stranger.post(url, {"later": "1"})):
        assert answer.status_code == 404
        assert "summary__row" not in answer.content.decode()


def test_a_colleague_who_sends_the_file_to_its_owner_takes_no_words_away(draft, cast, signed_in):
    """They may still read it, so the page says why it was not saved, and what was not."""
    Draft.objects.filter(pk=draft.pk).update(stage=Draft.Stage.AWAITING_OWNER)
    answer = signed_in(cast.engineer).post(step_of(draft, "plan_number"), {"plan_number": "4711"})
    assert answer.status_code == 409
    assert "4711" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.answers.get("plan_number") != "4711"


def test_an_answer_to_a_return_is_given_back_too(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_study")
    asked = RequestedCompletion(case.service_type.deficiencies[0].code)
    case = moves.return_for_completion(case, deficiencies=[asked], by=cast.reviewer, now=NOW)
    deficiency = case.deficiencies.get()
    people.revoke_authorisation(case.authorisation, by=cast.citizen, now=NOW)
    url = reverse("transactions:answer", args=[case.reference])
    answer = signed_in(cast.engineer).post(url, {f"answer-{deficiency.pk}": WORDS})
    assert answer.status_code == 404
    assert "&lt;b&gt;دورين" in answer.content.decode()
    deficiency.refresh_from_db()
    assert deficiency.answer == ""
