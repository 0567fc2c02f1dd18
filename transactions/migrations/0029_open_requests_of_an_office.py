"""An engineering office's open requests, found without its archive."""

from django.db import migrations, models

OPEN = [
    "approved", "awaiting_payment", "awaiting_supervisor", "incoming", "returned", "submitted",
    "under_admin_audit", "under_study", "under_tech_audit",
]
INDEX = models.Index(
    fields=["authorisation"],
    name="open_of_office",
    condition=models.Q(("status__in", OPEN), ("authorisation__isnull", False)),
)


def build(apps, schema_editor):
    """Without a lock on PostgreSQL, where requests are taken meanwhile; begun anew when it was broken off."""
    live = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    schema_editor.execute(f"DROP INDEX{' CONCURRENTLY' if live else ''} IF EXISTS {INDEX.name}")
    schema_editor.add_index(apps.get_model("transactions", "Transaction"), INDEX, **live)


def take_down(apps, schema_editor):
    schema_editor.execute(f"DROP INDEX {INDEX.name}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0028_words_of_visits")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[migrations.AddIndex(model_name="transaction", index=INDEX)],
        )
    ]
