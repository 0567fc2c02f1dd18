"""The database itself refuses to change a row of the access log, and to delete one before it is a year old.

Nothing younger can be taken out by a retention rule either, however it is set. TRUNCATE stays possible, as with the
journal; on SQLite, where a test database can only be emptied by DELETE, rows go when the journal's own guard is off.
"""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION access_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the access log is append-only';
END $$;
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE ON accounts_accessrecord
FOR EACH ROW EXECUTE FUNCTION access_log_refuse();
"""
POSTGRESQL_BACK = "DROP TRIGGER access_log_append_only ON accounts_accessrecord; DROP FUNCTION access_log_refuse();"
SQLITE = [
    """CREATE TRIGGER access_log_no_update BEFORE UPDATE ON accounts_accessrecord
       BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END""",
    """CREATE TRIGGER access_log_no_delete BEFORE DELETE ON accounts_accessrecord
       WHEN OLD.at >= datetime('now', '-365 days')
        AND EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'journal_no_delete')
       BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END""",
]
SQLITE_BACK = ["DROP TRIGGER access_log_no_update", "DROP TRIGGER access_log_no_delete"]


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
    dependencies = [("accounts", "0006_four_eyes_and_the_access_log")]
    operations = [migrations.RunPython(forwards, backwards)]
