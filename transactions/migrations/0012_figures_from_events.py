"""What is published of past weeks is counted from events: indexes for it, and days to a decision in events of old."""

from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Max

from municipality.calendar import WorkingCalendar
from ..domain import clock

PIECE = 500
READ = timedelta(days=100)  # figures look back 90 days


class AddIndexLive(AddIndexConcurrently):
    """Without a lock on PostgreSQL, where people go on working meanwhile."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            name = schema_editor.quote_name(self.index.name)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of a run that was broken off
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        return migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            return super().database_backwards(app_label, schema_editor, from_state, to_state)
        return migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


def write_days(apps, schema_editor):
    """Working days from submission to each approval, as moves.approve writes them now."""
    alias = schema_editor.connection.alias
    Event = apps.get_model("transactions", "Event")
    holidays = apps.get_model("municipality", "Holiday").objects.using(alias).values_list("first_day", "last_day")
    calendar = WorkingCalendar(
        first + timedelta(days=n) for first, last in holidays for n in range((last - first).days + 1)
    )
    events = Event.objects.using(alias)
    approvals = events.filter(move="approve")
    last = approvals.aggregate(last=Max("at"))["last"]
    if last is None:
        return
    todo = approvals.filter(at__gt=last - READ).exclude(facts__has_key="working_days")
    pks = sorted(set(todo.values_list("transaction", flat=True)))
    for first in range(0, len(pks), PIECE):
        whole = events.filter(transaction__in=pks[first : first + PIECE]).order_by("transaction_id", "seq")
        changed = []
        for _pk, group in groupby(whole, attrgetter("transaction_id")):
            steps = []
            for event in group:
                steps.append(clock.Step(event.at, event.to_status, event.from_stage, event.to_stage))
                if event.move == "approve" and "working_days" not in event.facts:
                    paused, _of_stage = clock.paused_days(steps, calendar)
                    days = calendar.working_days_between(steps[0].at, event.at) - paused
                    event.facts = event.facts | {"working_days": max(0, days)}
                    changed.append(event)
        events.bulk_update(changed, ["facts"], batch_size=200)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0011_identity_levels")]

    operations = [
        AddIndexLive(
            model_name="event",
            index=models.Index(
                fields=["at"], name="decided_lately", condition=models.Q(move__in=["approve", "reject"])
            ),
        ),
        AddIndexLive(
            model_name="event",
            index=models.Index(fields=["at"], name="arrived_lately", condition=models.Q(move__in=["refer", "route"])),
        ),
        migrations.RunPython(write_days, migrations.RunPython.noop),
    ]
