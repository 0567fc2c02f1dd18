"""A session that ends while somebody writes loses nothing, on whatever page they write."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Authorisation
from municipality.models import Office
from transactions.domain import service_types
from transactions.incidents import memory
from transactions.intake import drafts

from ..conftest import PASSWORD, authorised
from ..page_forms import PageForm, forms_of

pytestmark = pytest.mark.django_db


def sign_in(client: Any, person: Any) -> None:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")


def came_back(client: Any, person: Any, url: str, box: str, typed: dict[str, Any]) -> PageForm:
    """Open a page, lose the session, send the form, sign in as one is asked to, and read the form again."""
    sign_in(client, person)
    page = client.get(url)
    form = next(form for form in forms_of(page.content.decode()) if box in form.data)
    client.logout()
    answer = client.post(form.action or url, form.data | typed)
    assert answer.status_code == 302
    login = client.get(answer.url, follow=True)
    login_page = login.redirect_chain[-1][0] if login.redirect_chain else answer.url
    back = client.post(login_page, {"login": person.national_id, "password": PASSWORD}, follow=True)
    html = back.content.decode()
    assert "لم يضع منه شيء" in html, "they are told"
    return next(form for form in forms_of(html) if box in form.data)


def test_a_withdrawal(cast, submitted, client):
    url = reverse("transactions:withdraw", args=[submitted().reference])
    form = came_back(client, cast.citizen, url, "reason", {"reason": "بعت الأرض"})
    assert form.data["reason"] == ["بعت الأرض"]
    assert client.post(url, form.data).status_code == 302


def test_an_authorisation(cast, client):
    url = reverse("accounts:authorisations")
    form = came_back(client, cast.citizen, url, "plan_number", {"plan_number": "415", "parcel_number": "27"})
    assert (form.data["plan_number"], form.data["parcel_number"]) == (["415"], ["27"])
    assert not Authorisation.objects.exists(), "we press nothing for them"


def test_a_profile(cast, client):
    form = came_back(client, cast.citizen, reverse("accounts:profile"), "language", {"language": ["en"]})
    assert form.data["language"] == ["en"]


@pytest.mark.parametrize(("code", "box"), [("SHR", "name_en"), ("SC01", "location_ar")])
def test_a_form_of_the_admin(cast, client, code, box):
    url = reverse("staff:municipality_office_change", args=[Office.objects.get(code=code).pk])
    form = came_back(client, cast.administrator, url, box, {box: ["another"], "suspended": ["on"]})
    assert (form.data[box], form.data["suspended"]) == (["another"], ["on"])


def test_a_form_that_adds_a_row_in_the_admin(cast, client):
    url = reverse("staff:municipality_holiday_add")
    typed = {"name_ar": ["يوم"], "name_en": ["Day"], "first_day": ["2026-12-06"]}
    form = came_back(client, cast.administrator, url, "name_ar", typed)
    assert {name: form.data[name] for name in typed} == typed


def test_what_another_window_saved_meanwhile_is_still_noticed(cast, client):
    office = Office.objects.get(code="SHR")
    url = reverse("staff:municipality_office_change", args=[office.pk])
    sign_in(client, cast.administrator)
    form = next(form for form in forms_of(client.get(url).content.decode()) if "capacity" in form.data)
    client.logout()
    Office.objects.filter(pk=office.pk).update(capacity=99)
    answer = client.post(url, form.data | {"capacity": ["40"], "name_en": ["X"]})
    login = client.get(answer.url, follow=True).redirect_chain[-1][0]
    back = client.post(login, {"login": cast.administrator.national_id, "password": PASSWORD}, follow=True)
    held = next(form for form in forms_of(back.content.decode()) if "capacity" in form.data)
    assert client.post(url, held.data | {"_save": "1"}).status_code == 200
    office.refresh_from_db()
    assert office.capacity == 99


def test_secrets_are_not_held(cast, client):
    answer = client.post(reverse("accounts:profile"), {"password": "x" * 12, "code": "123456", "email": "a@b.example"})
    client.get(answer.url)
    assert set(client.session["typed_before_sign_in"]["typed"]) == {"email"}


def test_an_empty_press_and_a_failed_sign_in_hold_nothing(cast, client):
    client.post(reverse("staff:take_next"))
    client.post(reverse("account_login"), {"login": "1000000008", "password": "wrong"})
    assert "typed_before_sign_in" not in client.session


def test_public_pages_ask_no_session_for_it(client, city, django_assert_max_num_queries):
    client.cookies["sessionid"] = "forged"
    memory.known()  # incidents and gates, as each process remembers them
    with django_assert_max_num_queries(0):
        client.get(reverse("transactions:help"))


def leave_while_writing(client: Any, person: Any, url: str, typed: dict[str, Any]) -> str:
    """Signed in by the password, signed out again while writing: the address of the sign-in page."""
    client.post(reverse("account_login"), {"login": person.national_id, "password": PASSWORD})
    client.cookies.pop("sessionid")
    answer = client.post(url, typed)
    assert answer.status_code == 302
    return answer.url


@pytest.mark.parametrize("same", [True, False])
def test_whoever_signs_in_next_on_a_shared_device_sees_only_their_own(cast, client, same):
    url = reverse("accounts:authorisations")
    login = leave_while_writing(client, cast.citizen, url, {"plan_number": "415", "parcel_number": "27"})
    person = cast.citizen if same else cast.other_citizen
    html = client.post(login, {"login": person.national_id, "password": PASSWORD}, follow=True).content.decode()
    form = next(form for form in forms_of(html) if "plan_number" in form.data)
    assert (form.data["plan_number"] == ["415"]) is same
    assert ("لم يضع منه شيء" in html) is same


def test_a_draft_of_one_is_not_filled_by_another_who_shares_the_device(cast, client):
    cast.office.memberships.create(user=cast.other_citizen, starts_on="2020-01-01")
    permit = drafts.start_draft(service_types.get("building-permit"), by=cast.engineer, authorisation=authorised(cast))
    url = reverse("transactions:step", args=[permit.key, permit.service_type.steps[0].code])
    login = leave_while_writing(client, cast.engineer, url, {"deed_number": "320211009988"})
    back = client.post(login, {"login": cast.other_citizen.national_id, "password": PASSWORD}, follow=True)
    assert back.status_code == 200
    assert "320211009988" not in back.content.decode()


def test_the_language_button_beside_a_question_keeps_what_would_be_saved(cast, client):
    sign_in(client, cast.administrator)
    url = reverse("staff:municipality_office_change", args=[Office.objects.get(code="SHR").pk])
    form = next(one for one in forms_of(client.get(url).content.decode()) if "capacity" in one.data)
    typed = form.data | {"suspended": "on", "suspended_reason": "صيانة المبنى", "capacity": "41"}
    asked = client.post(url, typed)
    question = next(one for one in forms_of(asked.content.decode()) if "_confirmed" in one.data)
    assert question.data["capacity"] == ["41"]
    english = client.post(reverse("set_language"), question.data | {"language": "en"}, follow=True)
    assert english.headers["Content-Language"] == "en"
    again = next(one for one in forms_of(english.content.decode()) if "capacity" in one.data)
    assert (again.data["capacity"], again.data["suspended_reason"]) == (["41"], ["صيانة المبنى"])
    assert again.data["suspended"] == ["on"]
    assert not Office.objects.get(code="SHR").suspended, "nothing was pressed for them"
