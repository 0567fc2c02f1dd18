"""The city as it is seeded, loaded once in a process of tests and copied row by row from then on."""

from __future__ import annotations

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from municipality.models import District, Holiday, Office
from municipality.services import load_reference_data
from permits.models import Tariff
from permits.services import load_tariffs

SEEDED = [
    model
    for seeded in (Office, District, Holiday, Tariff)
    for model in (seeded, *([seeded.history.model] if hasattr(seeded, "history") else []))
]
_copied: list[tuple[type[Model], list[Model]]] = []


def plant() -> None:
    """Offices, districts, holidays and tariffs, with their history, into an empty database."""
    if not _copied:
        load_reference_data()
        load_tariffs()
        _copied.extend((model, list(model._default_manager.all())) for model in SEEDED)
        return
    for model, rows in _copied:
        model._default_manager.bulk_create(rows)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), SEEDED):
            cursor.execute(statement)
