"""Every date the database holds, set to days no calendar table knows: no page breaks on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from .world import build, client_of, routes

pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]
OURS = ("municipality", "accounts", "journal", "transactions", "permits")
ACTORS = ("nobody", "applicant", "engineer", "supervisor", "administrator")
# Signed content and what only programs read: at what a page counts by, a row of today must stand.
NOT_TYPED = {"journal.Entry"}


def dates() -> list[tuple[type[models.Model], models.Field[Any, Any]]]:
    """Every column of ours that holds a day or a moment; history is only a copy."""
    return [
        (model, field)
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        if not model.__name__.startswith("Historical") and model._meta.label not in NOT_TYPED
        for field in model._meta.get_fields()
        if isinstance(field, models.DateField) and not field.primary_key
    ]


@pytest.mark.parametrize("year", [2, 1448, 2078, 9998])
def test_no_page_breaks_on_a_date_outside_the_calendar(cast, submitted, year):
    world = build(cast, submitted)
    clients = {actor: client_of(world.who(actor)) for actor in ACTORS}
    addresses = [world.url(route) for route in routes() if not route.startswith(("/static", "/readyz"))]
    day, moment = date(year, 6, 1), datetime(year, 6, 1, 9, tzinfo=UTC)
    found: dict[type[models.Model], dict[str, Any]] = {}
    for model, field in dates():
        found.setdefault(model, {})[field.name] = moment if isinstance(field, models.DateTimeField) else day
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        # What the database itself refuses to change is changed for once: pages show the access log, too.
        cursor.execute("DROP TRIGGER access_log_no_update")
    for model, values in found.items():
        if model._meta.label in ("accounts.StaffPost", "accounts.OfficeMembership"):
            values.pop("starts_on" if year > 2026 else "ends_on")  # they have to be in their post to ask
        model._default_manager.update(**values)
    for actor, client in clients.items():
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code < 500, f"{actor}: {address} with dates of {year}"


def test_a_date_that_may_be_missing_may_be_missing_on_every_page(cast, submitted):
    world = build(cast, submitted)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
    for model, field in dates():
        if field.null:
            model._default_manager.update(**{field.name: None})
    for actor in ACTORS:
        client = client_of(world.who(actor))
        for route in routes():
            if not route.startswith(("/static", "/readyz")):
                assert client.get(world.url(route)).status_code < 500, f"{actor}: {route} without dates"
