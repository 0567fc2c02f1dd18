"""What a body said is never changed: the database refuses it, whoever asks."""

from django.db import migrations

TABLE = "outside_bodymessage"


def refuse(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            """CREATE OR REPLACE FUNCTION outside_message_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'what a body said is not changed'; END $$"""
        )
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_stays BEFORE UPDATE ON {TABLE} "
            "FOR EACH ROW EXECUTE FUNCTION outside_message_stays()"
        )
    else:
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_stays BEFORE UPDATE ON {TABLE} "
            "BEGIN SELECT RAISE(ABORT, 'what a body said is not changed'); END"
        )


def allow(apps, schema_editor):
    on = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER {TABLE}_stays{on}")


class Migration(migrations.Migration):
    dependencies = [("outside", "0001_initial")]
    operations = [migrations.RunPython(refuse, allow)]
