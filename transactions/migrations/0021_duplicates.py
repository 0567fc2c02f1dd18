"""Indexes for what two requests share: a plot by plan and parcel together (which finds plans too), a file by its bytes."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

PLOT = models.Index(
    KeyTextTransform("plan_number", "answers"), KeyTextTransform("parcel_number", "answers"), name="by_plot"
)
PLAN = models.Index(KeyTextTransform("plan_number", "answers"), name="by_plan")
FILE = models.Index(fields=["sha256"], name="same_file", condition=models.Q(removed_at__isnull=True))


def build(apps, schema_editor):
    """Without a lock on PostgreSQL, where requests are taken meanwhile; begun anew when it was broken off."""
    _add(apps, schema_editor, ("Transaction", PLOT), ("Attachment", FILE))
    _drop(schema_editor, PLAN)


def take_down(apps, schema_editor):
    _add(apps, schema_editor, ("Transaction", PLAN))
    for index in (PLOT, FILE):
        _drop(schema_editor, index)


def _add(apps, schema_editor, *wanted):
    live = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    for model, index in wanted:
        _drop(schema_editor, index)
        schema_editor.add_index(apps.get_model("transactions", model), index, **live)


def _drop(schema_editor, index):
    live = " CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX{live} IF EXISTS {index.name}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0020_brought_receipts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[
                migrations.RemoveIndex(model_name="transaction", name="by_plan"),
                migrations.AddIndex(model_name="transaction", index=PLOT),
                migrations.AddIndex(model_name="attachment", index=FILE),
            ],
        )
    ]
