"""The demo city: the same seed gives the same city, through the services."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import transaction

from core.hijri import riyadh_day
from journal import export
from journal.verify import verify
from municipality.models import Office, OfficeKind
from municipality.services import clear_caches, current_calendar
from transactions.domain import pins, service_types
from transactions.models import Attachment, Event, Movement, Transaction

# `bin/run --full` and the scripts of test_scripts.py build it on PostgreSQL.
pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]
COUNT = 60


def build(settings, tmp_path, *, transactions=COUNT, seed=5):
    settings.VAR = tmp_path
    clear_caches()
    call_command("seed_demo", transactions=transactions, seed=seed, today=date(2026, 11, 24), stdout=StringIO())
    return list(Transaction.objects.order_by("pk").values_list("reference", "service", "status", "version", "due_at"))


class Undo(Exception):
    """Leaves the database as it was."""


def seen_in(settings, tmp_path, seed):
    """What one can see of the cases, events and registers of a small city, which is then taken away again."""
    found = []
    with contextlib.suppress(Undo), transaction.atomic():
        build(settings, tmp_path, transactions=25, seed=seed)
        cases = Transaction.objects.order_by("pk")
        found += cases.values_list("reference", "service", "status", "stage", "branch__code", "centre__code",
                                   "held_by__code", "submitted_at", "due_at", "issued_at", "answers")  # fmt: skip
        names = ("transaction__reference", "move", "actor_role", "at")
        found += Event.objects.order_by("pk").values_list(*names)
        found += Movement.objects.order_by("pk").values_list("office__code", "direction", "hijri_year", "number", "at")
        raise Undo
    return found


def test_the_same_seed_and_day_give_the_same_city_and_another_seed_another(settings, tmp_path):
    first, again, other = (seen_in(settings, tmp_path, seed) for seed in (7, 7, 8))
    assert len(first) > 100
    assert first == again
    assert [row[1:] for row in first[:25]] != [row[1:] for row in other[:25]]


def test_a_city_is_spread_over_services_offices_months_and_outcomes(settings, tmp_path):
    rows = build(settings, tmp_path)
    assert len(rows) == COUNT
    assert {row[1] for row in rows} == {service.code for service in service_types.all_services()}
    days = sorted(Transaction.objects.values_list("submitted_at", flat=True))
    assert (days[-1] - days[0]).days > 250
    both = {(service.code, outcome) for service in service_types.all_services() for outcome in ("approve", "reject")}
    assert set(Event.objects.filter(move__in=["approve", "reject"]).values_list("transaction__service", "move")) == both
    branches = Office.objects.filter(kind=OfficeKind.SUB_MUNICIPALITY)
    assert branches.count() == 14
    assert not branches.exclude(pk__in=Transaction.objects.values("branch"))
    # Offices work on working days; only applicants and routing act on others.
    calendar = current_calendar()
    staffed = Event.objects.exclude(actor_role__in=["applicant", "owner", "system"]).exclude(move="submit")
    off = [(move, at) for move, at in staffed.values_list("move", "at") if not calendar.is_working_day(riyadh_day(at))]
    assert off == []
    heads, bad = verify(export.lines())
    assert bad is None
    assert heads
    for office, direction, year in Movement.objects.values_list("office", "direction", "hijri_year").distinct():
        numbers = Movement.objects.filter(office=office, direction=direction, hijri_year=year)
        assert sorted(numbers.values_list("number", flat=True)) == list(range(1, numbers.count() + 1))


def test_a_city_carries_documents_worth_looking_at_closely(settings, tmp_path):
    build(settings, tmp_path)
    files = Attachment.objects.filter(transaction__service="building-permit")
    sheets = files.filter(original_name__startswith="A-101")
    assert len({sheet.sha256 for sheet in sheets}) == 2, "two revisions"
    assert {sheet.look for sheet in sheets} == {"good"}
    assert files.filter(pages=160, look="good").exists()
    assert files.filter(content_type="image/vnd.dxf", look="good", pages=1).exists()
    signed = files.filter(original_name="declaration.pdf").first()
    with default_storage.open(signed.stored_as) as stored:
        assert b"/Sig" in stored.read()


def test_what_a_newcomer_needs_is_written_for_them_alone(settings, tmp_path):
    build(settings, tmp_path)
    path = tmp_path / "demo.json"
    demo = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_mode & 0o077 == 0
    assert len(demo["samples"]) == 3
    for sample in demo["samples"].values():
        assert pins.derive_pin(Transaction.objects.get(reference=sample["reference"]).reference) == sample["pin"]
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
