"""Whoever an incident touches is told once of each notice."""

import django.db.models.deletion
from django.db import migrations, models

ONCE = models.UniqueConstraint(
    fields=["incident_notice", "recipient"],
    condition=models.Q(("incident_notice__isnull", False)),
    name="told_of_an_incident_once",
    violation_error_message="This person has already been notified of this.",
)


def build(apps, schema_editor):
    """The index of the constraint, on PostgreSQL without a lock; begun anew when it was broken off."""
    live = " CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX{live} IF EXISTS {ONCE.name}")
    schema_editor.execute(
        f"CREATE UNIQUE INDEX{live} {ONCE.name} ON transactions_notification (incident_notice_id, recipient_id) "
        "WHERE incident_notice_id IS NOT NULL"
    )


def take_down(apps, schema_editor):
    schema_editor.execute(f"DROP INDEX {ONCE.name}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0037_incidents_append_only")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="incident_notice",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notifications",
                to="transactions.incidentnotice",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[migrations.AddConstraint(model_name="notification", constraint=ONCE)],
        ),
    ]
