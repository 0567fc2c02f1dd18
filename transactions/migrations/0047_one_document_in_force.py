from django.db import migrations, models

TABLE, NAME = "transactions_issueddocument", "one_document_in_force"


def build(apps, schema_editor):
    """Without a lock on PostgreSQL; begun anew when it was broken off."""
    concurrently = " CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX{concurrently} IF EXISTS {NAME}")
    schema_editor.execute(
        f"CREATE UNIQUE INDEX{concurrently} {NAME} ON {TABLE} (transaction_id, kind) WHERE ended_at IS NULL"
    )


def take_down(apps, schema_editor):
    schema_editor.execute(f"DROP INDEX {NAME}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0046_endings")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[
                migrations.AddConstraint(
                    model_name="issueddocument",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("transaction", "kind"),
                        name=NAME,
                        violation_error_message="This document has already been issued.",
                    ),
                )
            ],
        ),
    ]
