"""Incoming and outgoing numbers begin at 1 with the Hijri year, at midnight in Jeddah."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.hijri import from_hijri
from municipality.models import Office
from transactions.models import Direction, Movement
from transactions.transitions import moves

pytestmark = pytest.mark.django_db

NEW_YEAR = from_hijri(1449, 1, 1)
# Jeddah is three hours ahead: its new year begins while it is still the day before in UTC.
MIDNIGHT = datetime(NEW_YEAR.year, NEW_YEAR.month, NEW_YEAR.day, tzinfo=UTC) - timedelta(hours=3)
SECOND = timedelta(seconds=1)


def register(case, cast, at):
    moves.register(case, by=cast.registry, now=at)


def refer(case, cast, at):
    moves.refer(case, to=Office.objects.get(code="MTR"), reason="خارج الحدود", by=cast.registry, now=at)


@pytest.mark.parametrize(("enter", "direction"), [(register, Direction.INCOMING), (refer, Direction.OUTGOING)])
def test_a_register_begins_at_one_with_the_first_second_of_the_hijri_year_in_jeddah(enter, direction, cast, submitted):
    moments = (MIDNIGHT - 2 * SECOND, MIDNIGHT - SECOND, MIDNIGHT, MIDNIGHT + SECOND, MIDNIGHT + timedelta(hours=3))
    for at in moments:
        enter(submitted(now=MIDNIGHT - timedelta(days=1)), cast, at)
    lines = Movement.objects.filter(office__code="SHR", direction=direction).order_by("pk")
    found = list(lines.values_list("hijri_year", "number"))
    assert found == [(1448, 1), (1448, 2), (1449, 1), (1449, 2), (1449, 3)]
