"""A session that ends while somebody writes loses nothing, on whatever page they write."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Authorisation
from municipality.models import Office

from ..conftest import PASSWORD
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
    with django_assert_max_num_queries(0):
        client.get(reverse("transactions:help"))
