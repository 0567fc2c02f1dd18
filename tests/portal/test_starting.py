"""From a service's page into its draft: one press, also for whoever has to sign in first."""

from __future__ import annotations

import pytest
from django.urls import reverse

from transactions.models import Draft

from ..conftest import PASSWORD

pytestmark = pytest.mark.django_db
START = reverse("transactions:start", args=["electricity-connection"])


def log_in(client, person, page):
    return client.post(page, {"login": person.national_id, "password": PASSWORD}, follow=True)


def test_the_press_counts_after_signing_in(cast, client):
    answer = log_in(client, cast.citizen, client.post(START).url)
    draft = Draft.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("transactions:draft", args=[draft.key])
    assert draft.applicant == cast.citizen


def test_it_counts_once(cast, client):
    log_in(client, cast.citizen, client.post(START).url)
    assert client.get(START).url == reverse("transactions:service", args=["electricity-connection"])
    assert Draft.objects.count() == 1


def test_a_link_begins_nothing(cast, client):
    log_in(client, cast.citizen, client.get(START).url)
    assert not Draft.objects.exists()


def test_the_press_of_one_service_begins_no_other(cast, client):
    client.post(START)
    other = reverse("transactions:start", args=["land-subdivision"])
    log_in(client, cast.citizen, client.get(other).url)
    assert not Draft.objects.exists()


@pytest.mark.parametrize("code", ["electricity-connection", "land-subdivision", "building-permit"])
def test_facts_and_start_come_first(city, client, code):
    page = client.get(reverse("transactions:service", args=[code])).content.decode()
    main = page[page.index("<main") :]
    assert main.index("btn--wide") < main.index("<dl")
