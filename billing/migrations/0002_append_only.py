"""The database itself refuses to change or delete an entry of the ledger, whoever asks.

TRUNCATE stays possible, as with the journal; on SQLite, where a test database can only be emptied by DELETE, rows go
when the journal's own guard is off.
"""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
"""
POSTGRESQL_BACK = "DROP TRIGGER ledger_append_only ON billing_ledgerentry; DROP FUNCTION ledger_refuse();"
SQLITE = [
    """CREATE TRIGGER ledger_no_update BEFORE UPDATE ON billing_ledgerentry
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER ledger_no_delete BEFORE DELETE ON billing_ledgerentry
       WHEN EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'journal_no_delete')
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
]
SQLITE_BACK = ["DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_no_delete"]


def forwards(apps, schema_editor):
    _run(schema_editor, POSTGRESQL, SQLITE)


def backwards(apps, schema_editor):
    _run(schema_editor, POSTGRESQL_BACK, SQLITE_BACK)


def _run(schema_editor, postgresql, sqlite):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(postgresql)
    else:
        for statement in sqlite:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("journal", "0006_node_lists")]
    operations = [migrations.RunPython(forwards, backwards)]
