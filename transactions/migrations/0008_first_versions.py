"""Every request there is gets version 1 of its answers: what it holds, as sent by whoever submitted it, when it was
submitted. Nothing else is invented: answers to earlier returns were words and files, which stay where they are.

In pieces, each committed by itself, and from where it stopped when it is run again. A request that the old version
takes in meanwhile has its row written with its second version (services.versions).
"""

from django.db import migrations

PIECE = 5000
FILL = """
INSERT INTO transactions_answers (transaction_id, number, answers, by_id, at, event_id)
SELECT t.id, 1, t.answers, COALESCE(e.actor_id, t.applicant_id), t.submitted_at, e.id
FROM transactions_transaction t JOIN transactions_event e ON e.transaction_id = t.id AND e.seq = 1
WHERE t.id >= %s AND t.id < %s
AND NOT EXISTS (SELECT 1 FROM transactions_answers v WHERE v.transaction_id = t.id)
"""


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT MIN(id), MAX(id) FROM transactions_transaction")
        first, last = cursor.fetchone()
        for start in range(first or 0, (last or -1) + 1, PIECE):
            cursor.execute(FILL, [start, start + PIECE])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0007_versions_of_answers")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
