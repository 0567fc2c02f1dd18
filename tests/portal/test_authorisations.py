"""Authorisations over HTTP: what an owner gave, page by page, and what an office answers."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts import services as people
from accounts import views
from accounts.models import Authorisation

from ..conftest import NOW, authorised

pytestmark = pytest.mark.django_db
MINE = reverse("accounts:authorisations")


def given(cast, many: int, **kind) -> list[Authorisation]:
    rows = [
        Authorisation(
            owner=cast.citizen, office=cast.office, plan_number="9", parcel_number=str(n), given_at=NOW, **kind
        )
        for n in range(many)
    ]
    return Authorisation.objects.bulk_create(rows)


@pytest.mark.parametrize("said", [{}, {"answer": ""}, {"answer": "Accept"}, {"accept": "1"}])
def test_an_answer_that_says_nothing_declines_nothing(said, cast, signed_in):
    row = people.authorise_office(cast.citizen, cast.office, plan_number="9", parcel_number="9", now=NOW)
    url = reverse("accounts:answer", args=[row.pk])
    assert signed_in(cast.engineer).post(url, said).status_code == 400
    row.refresh_from_db()
    assert row.status == Authorisation.Status.GIVEN
    assert signed_in(cast.engineer).post(url, {"answer": "decline"}).status_code == 302
    row.refresh_from_db()
    assert row.status == Authorisation.Status.DECLINED


def test_what_an_owner_gave_comes_in_pages_and_what_is_in_force_first(cast, signed_in):
    accepted = authorised(cast)
    ended = given(cast, views.ROWS + 1, status=Authorisation.Status.REVOKED, revoked_at=NOW)
    page = signed_in(cast.citizen)
    first, second = (list(page.get(MINE, {"page": number}).context["page"]) for number in (1, 2))
    assert (first[0], len(first), len(second)) == (accepted, views.ROWS, 2)
    assert {*first, *second} == {accepted, *ended}


def test_offices_that_are_not_shown_are_counted(cast, signed_in, monkeypatch):
    monkeypatch.setattr("accounts.views.OFFERED", 1)
    html = signed_in(cast.citizen).get(MINE).content.decode()
    assert html.count('name="licence_number"') == 1
    assert "يوجد مكتب آخر مطابق" in html
