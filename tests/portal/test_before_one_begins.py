"""What the citizen knows before they begin: centres and hours, a checklist, how long it really takes."""

from __future__ import annotations

from datetime import datetime
from math import isclose

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core.hijri import RIYADH
from municipality.models import Office
from municipality.positions import HEIGHT, WIDTH, Position, distance_km, place_of
from municipality.services import clear_caches, load_reference_data, save_reference
from transactions.domain import service_types
from transactions.selectors.usual_length import MIN_DECIDED, Length, length_from
from transactions.views import centres

DEGREES = st.builds(Position, st.floats(-80, 80), st.floats(-179, 179))


# -- pure --------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 400), min_size=1, max_size=200))
def test_half_took_at_most_the_median_and_eight_of_ten_lie_in_the_range(days):
    counts: dict[int, int] = {}
    for took in days:
        counts[took] = counts.get(took, 0) + 1
    length = length_from(counts)
    if len(days) < MIN_DECIDED:
        assert length is None
        return
    assert sum(took <= length.median for took in days) * 2 >= len(days)
    assert sum(took < length.median for took in days) * 2 < len(days)
    assert sum(length.low <= took <= length.high for took in days) * 10 >= 8 * len(days)
    assert length.low <= length.median <= length.high
    assert length.decided == len(days)


def test_a_length_by_hand():
    assert length_from({3: 2, 5: 10, 8: 6, 30: 2}) == Length(5, 3, 8, 20)
    assert length_from({3: 19}) is None
    assert length_from({}) is None


@given(DEGREES, DEGREES)
def test_distances_are_the_same_both_ways_and_places_are_on_the_map(first, other):
    assert isclose(distance_km(first, other), distance_km(other, first), abs_tol=1e-6)
    assert distance_km(first, first) == 0
    place = place_of(first)
    assert 0 <= place.x <= WIDTH
    assert 0 <= place.y <= HEIGHT


def test_a_known_distance():
    balad, thuwal = Position(21.484, 39.187), Position(22.28, 39.105)
    assert 88 < distance_km(balad, thuwal) < 90
    assert place_of(thuwal).outside
    assert not place_of(balad).outside
    assert place_of(Position(21.7, 39.1)).y < place_of(balad).y, "north is up"
    assert place_of(Position(21.5, 39.3)).x > place_of(balad).x, "east is right"


# -- the page ----------------------------------------------------------------------------------------------------


def _at(monkeypatch, *moment):
    monkeypatch.setattr(centres.timezone, "localtime", lambda: datetime(*moment, tzinfo=RIYADH))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "is_open", "words"),
    [
        ((2026, 11, 24, 10, 0), True, "Open now, until \u206814:30\u2069"),
        ((2026, 11, 24, 14, 30), False, "Closed now; opens on"),
        ((2026, 11, 24, 7, 0), False, "Closed now; opens today at \u206807:30\u2069"),
        ((2026, 11, 26, 15, 0), False, "29 November 2026"),
        ((2026, 11, 27, 10, 0), False, "29 November 2026"),
        # Ramadan 1448 begins on 8 February 2027: from nine to two.
        ((2027, 2, 14, 8, 0), False, "opens today at \u206809:00\u2069"),
        ((2027, 2, 14, 13, 59), True, "until \u206814:00\u2069"),
    ],
)
def test_open_now_by_the_calendar_of_the_city(city, client, monkeypatch, moment, is_open, words):
    _at(monkeypatch, *moment)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.get(reverse("transactions:centres"))
    assert {centre.is_open for centre in answer.context["centres"]} == {is_open}
    assert words in answer.content.decode()


@pytest.mark.django_db
def test_those_of_the_district_come_first_and_then_the_nearest(city, client):
    answer = client.get(reverse("transactions:centres"), {"district": "الشرفيه"})
    shown = answer.context["centres"]
    assert [centre.office.parent.code for centre in shown if centre.near] == ["SHR"] * 3
    assert [centre.near for centre in shown[:4]] == [True, True, True, False]
    rest = [centre.kilometres for centre in shown[3:]]
    assert rest == sorted(rest)
    assert len(shown) == Office.objects.filter(kind="service_centre").count() == 26
    assert [centre.number for centre in shown] == list(range(1, 27))
    html = answer.content.decode()
    assert all(f'href="#{centre.office.code}"' in html for centre in shown)


@pytest.mark.django_db
def test_a_district_nobody_knows_is_told_and_nothing_is_lost(city, client):
    answer = client.get(reverse("transactions:centres"), {"district": "<b>zzz"})
    assert answer.status_code == 200
    assert answer.context["problem"]
    assert len(answer.context["centres"]) == 26
    assert "&lt;b&gt;zzz" in answer.content.decode()


@pytest.mark.django_db
def test_samples_are_called_samples_and_a_confirmed_position_stays(city, client):
    page = client.get(reverse("transactions:centres")).context
    assert (page["samples"], page["placed_for_show"]) == (23, 26)
    centre = Office.objects.get(code="SC05")
    centre.latitude, centre.longitude, centre.position_certainty = "21.50000", "39.18500", "confirmed"
    save_reference(centre)
    load_reference_data()
    assert str(Office.objects.get(code="SC05").latitude) == "21.50000"
    clear_caches()
    assert client.get(reverse("transactions:centres")).context["placed_for_show"] == 25


@pytest.mark.django_db
@pytest.mark.parametrize(("latitude", "longitude"), [("39.18", "21.5"), ("21.5", None), ("0", "0")])
def test_a_position_that_cannot_be_is_refused(city, latitude, longitude):
    centre = Office.objects.get(code="SC05")
    centre.latitude, centre.longitude = latitude, longitude
    with pytest.raises(ValidationError):
        save_reference(centre)


@pytest.mark.django_db
@pytest.mark.parametrize("service", service_types.offered_services(), ids=lambda service: service.code)
def test_the_checklist_names_every_document_and_what_has_to_be_looked_up(city, client, service):
    html = client.get(reverse("transactions:checklist", args=[service.code])).content.decode()
    for document in service.documents:
        assert str(document.label) in html
    assert all(str(spec.help) in html for spec in service.fields() if getattr(spec, "help", ""))
    assert client.get(reverse("transactions:checklist", args=["nothing"])).status_code == 404
