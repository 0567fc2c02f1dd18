"""The demo city: the same seed gives the same city, through the services."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from journal import export
from journal.verify import verify
from municipality.services import current_calendar
from transactions import service_types
from transactions.models import Event, Movement, Transaction

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
COUNT = 60


def build(settings, tmp_path):
    settings.VAR = tmp_path
    out = StringIO()
    call_command("seed_demo", transactions=COUNT, seed=5, today=date(2026, 11, 24), stdout=out)
    return list(Transaction.objects.order_by("pk").values_list("reference", "service", "status", "version", "due_at"))


def test_a_city_is_spread_over_services_offices_months_and_outcomes(settings, tmp_path):
    rows = build(settings, tmp_path)
    assert len(rows) == COUNT
    assert {row[1] for row in rows} == {service.code for service in service_types.every()}
    days = sorted(Transaction.objects.values_list("submitted_at", flat=True))
    assert (days[-1] - days[0]).days > 250
    assert Transaction.objects.values("branch").distinct().count() > 6
    statuses = {row[2] for row in rows}
    assert "rejected" in statuses
    assert statuses & {"issued", "completed"}
    # Offices work on working days; only applicants and routing act on others.
    calendar = current_calendar()
    staffed = Event.objects.exclude(actor_role__in=["applicant", "system"]).exclude(move="submit")
    assert all(calendar.is_working_day(at.date()) for at in staffed.values_list("at", flat=True))
    heads, bad = verify(export.lines())
    assert bad is None
    assert heads
    for office, direction, year in Movement.objects.values_list("office", "direction", "hijri_year").distinct():
        numbers = Movement.objects.filter(office=office, direction=direction, hijri_year=year)
        assert sorted(numbers.values_list("number", flat=True)) == list(range(1, numbers.count() + 1))


def test_what_a_newcomer_needs_is_written_for_them_alone(settings, tmp_path):
    build(settings, tmp_path)
    path = tmp_path / "demo.json"
    demo = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_mode & 0o077 == 0
    assert {"owner", "engineer", "centre_clerk", "reviewer", "supervisor", "administrator"} <= set(demo["accounts"])
    for account in demo["accounts"].values():
        from accounts.models import User

        assert User.objects.get(national_id=account["national_id"]).check_password(account["password"])
    call_command("seed_demo", if_empty=True, base_url="http://127.0.0.1:9999")
    moved = json.loads(path.read_text(encoding="utf-8"))
    assert (moved["base_url"], moved["accounts"]) == ("http://127.0.0.1:9999", demo["accounts"])


def test_a_demo_is_never_made_where_people_are(settings, city):
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("seed_demo")
