"""One box for services, answers and numbers: folded, in both languages, and without asking who somebody is."""

from __future__ import annotations

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db
PLACE = "/search/"


@pytest.mark.parametrize(
    ("sought", "leads_to"),
    [
        ("كهرباء", "electricity-connection"),
        ("الكهربائى", "electricity-connection"),
        ("رُخصة بنـاء", "building-permit"),
        ("BUILDING permit", "building-permit"),
        ("تجزئة", "land-subdivision"),
        ("تجزئه", "land-subdivision"),
        ("subdivision land", "land-subdivision"),
        ("رخصة محل", "shop-licence"),
        ("Shop", "shop-licence"),
    ],
)
@pytest.mark.parametrize("place", [PLACE, "/services/"])
def test_a_service_is_found_as_people_write_it(sought, leads_to, place, client, city):
    assert reverse("transactions:service", args=[leads_to]) in client.get(place, {"q": sought}).content.decode()


@pytest.mark.parametrize("number", ["C1A-1448-000123-X", "c1a1448000123x", "C1A‎-١٤٤٨-٠٠٠١٢٣-X"])
def test_a_number_asks_for_its_pin_and_tells_nothing(number, client, city):
    page = client.get(PLACE, {"q": number}).content.decode()
    main = page.partition('id="main"')[2]
    assert 'name="pin"' in main
    assert "1448" in main


@pytest.mark.parametrize("sought", ["", "   ", "ظظظ", "<script>alert(1)</script>", "%", "ا" * 500, "'; --"])
def test_whatever_is_typed_is_answered(sought, client, city):
    for place in (PLACE, "/services/", "/help/"):
        answer = client.get(place, {"q": sought})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()


def test_what_is_not_found_says_what_to_do(client, city):
    page = client.get(PLACE, {"q": "ظظظ"}).content.decode()
    assert reverse("transactions:contact") in page.partition('class="empty"')[2].partition("</main>")[0]
