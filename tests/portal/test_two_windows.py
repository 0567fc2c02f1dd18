"""One row open in two windows, or by two people: the later save shows both and loses neither."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import EngineeringOffice, User
from core.forms.concurrency import fingerprint, is_stale, same
from municipality.models import Office
from transactions.domain import service_types
from transactions.intake import answers_in_progress, drafts
from transactions.models import Draft, Transaction
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, authorised, drive
from ..page_forms import PageForm, forms_of
from ..transactions.test_retired_services import whole_draft  # noqa: F401 – a fixture
from .world import client_of

pytestmark = pytest.mark.django_db


def opened(client: Any, url: str, box: str) -> PageForm:
    """The form of a page that holds this box, as one window shows it."""
    page = client.get(url)
    return next(form for form in forms_of(page.content.decode()) if box in form.data)


def sent(client: Any, url: str, form: PageForm, **typed: object) -> Any:
    return client.post(url, form.data | {name: str(value) for name, value in typed.items()})


@pytest.fixture
def draft(cast):
    return drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)


def step_with(draft: Draft, box: str) -> str:
    code = next(step.code for step in draft.service_type.steps if box in {spec.name for spec in step.fields})
    return reverse("transactions:step", args=[draft.key, code])


def test_the_older_of_two_windows_does_not_wipe_the_newer_answers(cast, draft):
    client, url = client_of(cast.citizen), step_with(draft, "plan_number")
    older, newer = (opened(client, url, "plan_number") for _window in range(2))
    sent(client, url, newer, plan_number="415", parcel_number="27")
    answer = sent(client, url, older, plan_number="999", parcel_number="27")
    assert answer.status_code == 409
    draft.refresh_from_db()
    assert draft.answers["plan_number"] == "415"
    html = answer.content.decode()
    assert 'value="999"' in html, "what was typed stands in the box"
    assert "<bdi>415</bdi>" in html, "and what is stored beside it"
    assert "parcel_number_error" not in html, "what is the same is no conflict"

    again = next(form for form in forms_of(html) if "plan_number" in form.data)
    assert sent(client, url, again).status_code != 409
    draft.refresh_from_db()
    assert draft.answers["plan_number"] == "999", "who has seen both decides"


def test_a_wrong_answer_in_the_older_window_wipes_nothing_either(cast, draft):
    client, url = client_of(cast.citizen), step_with(draft, "area_m2")
    older, newer = (opened(client, url, "area_m2") for _window in range(2))
    sent(client, url, newer, area_m2="900")
    assert sent(client, url, older, area_m2="much").status_code == 409
    draft.refresh_from_db()
    assert draft.answers["area_m2"] == "900"


def test_rows_of_a_group_are_shown_both_ways(cast, draft):
    client, url = client_of(cast.citizen), step_with(draft, "parts")
    older, newer = (opened(client, url, "parts-0-area_m2") for _window in range(2))
    sent(client, url, newer, **{"parts-0-area_m2": "450", "parts-0-frontage_m": "15"})
    answer = sent(client, url, older, **{"parts-0-area_m2": "300"})
    assert answer.status_code == 409
    draft.refresh_from_db()
    assert draft.answers["parts"][0]["area_m2"] == "450"
    assert 'value="300"' in answer.content.decode()
    assert "450" in answer.content.decode()


def test_windows_on_different_pages_do_not_meet(cast, draft):
    client, one, other = client_of(cast.citizen), step_with(draft, "plan_number"), step_with(draft, "parts")
    first, second = opened(client, one, "plan_number"), opened(client, other, "parts-0-area_m2")
    sent(client, one, first, plan_number="415")
    assert sent(client, other, second, **{"parts-0-area_m2": "450"}).status_code != 409
    draft.refresh_from_db()
    assert (draft.answers["plan_number"], draft.answers["parts"][0]["area_m2"]) == ("415", "450")


def test_two_engineers_of_one_office_on_one_draft(cast):
    colleague = cast.other_citizen
    cast.office.memberships.create(user=colleague, starts_on="2020-01-01")
    permit = drafts.start_draft(
        service_types.get("building-permit"), by=cast.engineer, authorisation=authorised(cast), now=NOW
    )
    url = step_with(permit, "floors")
    one, two = client_of(cast.engineer), client_of(colleague)
    first, second = opened(one, url, "floors"), opened(two, url, "floors")
    sent(one, url, first, floors="2")
    assert sent(two, url, second, floors="3").status_code == 409
    permit.refresh_from_db()
    assert permit.answers["floors"] == "2"


def test_the_same_press_twice_is_no_conflict(cast, draft):
    client, url = client_of(cast.citizen), step_with(draft, "plan_number")
    form = opened(client, url, "plan_number")
    for _press in range(2):
        assert sent(client, url, form, plan_number="415").status_code != 409


def test_what_was_changed_after_it_was_looked_through_is_not_submitted(cast, whole_draft):  # noqa: F811
    client, url = client_of(cast.citizen), reverse("transactions:check", args=[whole_draft.key])
    looked = opened(client, url, "version_seen")
    Draft.objects.filter(pk=whole_draft.pk).update(answers=whole_draft.answers | {"load_kva": "30"})
    assert client.post(url, looked.data).status_code == 422
    assert not Transaction.objects.exists()
    assert client.post(url, opened(client, url, "version_seen").data).status_code == 302
    assert Transaction.objects.get().answers["load_kva"] == "30"


def test_a_clerk_with_the_counter_page_open_twice(cast):
    centre = Office.objects.get(code="SC01")
    service = service_types.get("electricity-connection")
    begun = drafts.start_draft(service, by=cast.clerk, applicant=cast.other_citizen, centre=centre, now=NOW)
    client, url = client_of(cast.clerk), reverse("staff:intake", args=[begun.key])
    older, newer = (opened(client, url, "street") for _window in range(2))
    sent(client, url, newer, street="شارع فلسطين")
    answer = sent(client, url, older, street="شارع حائل")
    assert answer.status_code == 409
    begun.refresh_from_db()
    assert begun.answers["street"] == "شارع فلسطين"
    assert "شارع حائل" in answer.content.decode()


def test_two_windows_of_the_profile(cast):
    client, url = client_of(cast.citizen), reverse("accounts:profile")
    older, newer = (opened(client, url, "email") for _window in range(2))
    client.post(url, newer.data | {"sms_notices": [], "language": ["en"]})
    answer = client.post(url, older.data | {"language": ["ar"], "email_notices": []})
    assert answer.status_code == 200
    assert User.objects.get(pk=cast.citizen.pk).language == "en"
    again = next(form for form in forms_of(answer.content.decode()) if "email" in form.data)
    assert client.post(url, again.data).status_code == 302


def test_two_administrators_on_one_office(cast):
    client = client_of(cast.administrator)
    office = Office.objects.get(code="SHR")
    url = reverse("staff:municipality_office_change", args=[office.pk])
    older, newer = (opened(client, url, "capacity") for _window in range(2))
    assert sent(client, url, newer, capacity="40").status_code == 302
    answer = sent(client, url, older, capacity="60", name_en="Ash-Sharafiyah Branch")
    assert answer.status_code == 200
    office.refresh_from_db()
    assert (office.capacity, office.name_en != "Ash-Sharafiyah Branch") == (40, True)
    assert 'value="60"' in answer.content.decode()
    again = next(form for form in forms_of(answer.content.decode()) if "capacity" in form.data)
    assert sent(client, url, again).status_code == 302
    office.refresh_from_db()
    assert office.capacity == 60


def test_two_administrators_on_a_member_of_an_engineering_office(cast):
    client = client_of(cast.administrator)
    url = reverse("staff:accounts_engineeringoffice_change", args=[cast.office.pk])
    older, newer = (opened(client, url, "memberships-0-role") for _window in range(2))
    newer.data["memberships-0-role"] = ["manager"]
    saved = client.post(url, newer.data)
    assert saved.status_code == 302, saved.context["errors"]
    older.data["memberships-0-ends_on"] = ["2030-01-01"]
    assert client.post(url, older.data).status_code == 200
    member = EngineeringOffice.objects.get(pk=cast.office.pk).memberships.order_by("pk")[0]
    assert (member.role, member.ends_on) == ("manager", None)


ANSWER = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4), ANSWER, max_size=4))
def test_a_fingerprint_knows_its_own_values_and_no_others(values):
    assert not is_stale(fingerprint(values), dict(reversed(values.items())))
    assert not is_stale("", values)
    assert is_stale(fingerprint(values), values | {"one more": "x"})
    assert not is_stale(fingerprint(values), values | {"empty": "", "none": None, "no rows": []})


ALIKE = [("", None), ([], ""), (False, None), ("2", "2")]
UNLIKE = [("0", ""), ("1", "01"), ([{"a": "1"}], [{"a": "2"}])]


def test_what_says_the_same():
    assert all(same(one, other) for one, other in ALIKE)
    assert not any(same(one, other) for one, other in UNLIKE)


def test_two_windows_in_which_a_return_is_answered(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "under_study")
    asked = [RequestedCompletion("", sentence="المساحة لا تطابق الصك", opens=("area_m2",))]
    case = moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW)
    item = case.deficiencies.get()
    client, url = client_of(cast.citizen), reverse("transactions:answer", args=[case.reference])
    older, newer = (opened(client, url, f"answer-{item.pk}") for _window in range(2))
    words = f"answer-{item.pk}"
    sent(client, url, newer, **{words: "صححت المساحة", "later": "1", "area_m2": "910"})
    answer = sent(client, url, older, **{words: "لم يتغير شيء", "later": "1"})
    assert answer.status_code in (409, 422)
    item.refresh_from_db()
    assert item.answer == "صححت المساحة"
    assert answers_in_progress.read_answers_in_progress(case)["answers"]["area_m2"] == "910"
    html = answer.content.decode()
    assert "لم يتغير شيء" in html
    assert "صححت المساحة" in html


def test_a_page_left_open_is_told_that_the_request_was_submitted_without_it(cast, whole_draft):  # noqa: F811
    client, url = client_of(cast.citizen), step_with(whole_draft, "load_kva")
    older = opened(client, url, "load_kva")
    check = reverse("transactions:check", args=[whole_draft.key])
    assert client.post(check, opened(client, check, "version_seen").data).status_code == 302
    html = client.post(url, older.data | {"load_kva": "99"}, follow=True).content.decode()
    assert "ليس جزءًا منه" in html
    assert Transaction.objects.get().answers["load_kva"] != "99"
