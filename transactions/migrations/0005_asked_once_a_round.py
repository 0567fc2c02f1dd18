from django.db import migrations, models

TABLE, NAME = "transactions_deficiency", "asked_once_a_round"


def build(apps, schema_editor):
    """Without a lock on PostgreSQL, where people go on answering meanwhile; begun anew when it was broken off."""
    live = schema_editor.connection.vendor == "postgresql"
    concurrently = " CONCURRENTLY" if live else ""
    schema_editor.execute(f"DROP INDEX{concurrently} IF EXISTS {NAME}")
    schema_editor.execute(f"CREATE UNIQUE INDEX{concurrently} {NAME} ON {TABLE} (transaction_id, round, code)")
    if live:
        schema_editor.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT {NAME} UNIQUE USING INDEX {NAME}")


def take_down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {NAME}")
    else:
        schema_editor.execute(f"DROP INDEX {NAME}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0004_longer_intake_keys")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[
                migrations.AddConstraint(
                    model_name="deficiency",
                    constraint=models.UniqueConstraint(fields=("transaction", "round", "code"), name=NAME),
                )
            ],
        )
    ]
