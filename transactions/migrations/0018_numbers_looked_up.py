"""Indexes for the one search: deed, plan and parcel as they stand in the answers."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

INDEXES = [
    models.Index(KeyTextTransform(f"{name}_number", "answers"), name=f"by_{name}")
    for name in ("deed", "plan", "parcel")
]


def build(apps, schema_editor):
    """Without a lock on PostgreSQL, where requests are taken meanwhile; begun anew when it was broken off."""
    live = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    for index in INDEXES:
        schema_editor.execute(f"DROP INDEX{' CONCURRENTLY' if live else ''} IF EXISTS {index.name}")
        schema_editor.add_index(apps.get_model("transactions", "Transaction"), index, **live)


def take_down(apps, schema_editor):
    for index in INDEXES:
        schema_editor.execute(f"DROP INDEX {index.name}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0017_old_papers")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[migrations.AddIndex(model_name="transaction", index=index) for index in INDEXES],
        )
    ]
