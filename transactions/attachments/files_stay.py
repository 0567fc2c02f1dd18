"""The database itself keeps a file where it lies: in its draft until its request takes it, and there for good.

On SQLite the rules look at the row alone: a trigger that names other tables breaks later migrations there, and one is
lost when a migration rebuilds its table, so they are set again after each `migrate`.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

POSTGRESQL = """
CREATE OR REPLACE FUNCTION transactions_files_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.transaction_id IS NOT NULL AND NEW.transaction_id IS DISTINCT FROM OLD.transaction_id THEN
    RAISE EXCEPTION 'a file stays with the request that took it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.draft_id IS NOT NULL AND NEW.draft_id IS DISTINCT FROM OLD.draft_id AND (NEW.draft_id IS NOT NULL
     OR (NEW.transaction_id IS NULL AND NEW.removed_at IS NULL)) THEN
    RAISE EXCEPTION 'a file stays in the draft it lies in' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.transaction_id IS NULL AND NEW.transaction_id IS NOT NULL AND (OLD.removed_at IS NOT NULL
     OR (OLD.draft_id IS NOT NULL
         AND EXISTS (SELECT 1 FROM transactions_transaction WHERE id = NEW.transaction_id))) THEN
    RAISE EXCEPTION 'a file of a draft comes with its request, not later'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION transactions_own_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM transactions_attachment a JOIN transactions_draft d ON d.id = a.draft_id
    WHERE a.transaction_id = NEW.id AND (d.applicant_id <> NEW.applicant_id OR d.service <> NEW.service
          OR d.authorisation_id IS DISTINCT FROM NEW.authorisation_id)
  ) THEN
    RAISE EXCEPTION 'a request takes the files of its own draft' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER transactions_files_stay BEFORE UPDATE OF transaction_id, draft_id, removed_at
ON transactions_attachment FOR EACH ROW EXECUTE FUNCTION transactions_files_stay();
CREATE TRIGGER transactions_own_files AFTER INSERT ON transactions_transaction
FOR EACH ROW EXECUTE FUNCTION transactions_own_files();
"""
POSTGRESQL_BACK = """
DROP TRIGGER transactions_own_files ON transactions_transaction;
DROP TRIGGER transactions_files_stay ON transactions_attachment;
DROP FUNCTION transactions_own_files();
DROP FUNCTION transactions_files_stay();
"""
SQLITE = [
    """CREATE TRIGGER IF NOT EXISTS transactions_file_of_request BEFORE UPDATE OF transaction_id
       ON transactions_attachment
       WHEN OLD.transaction_id IS NOT NULL AND NEW.transaction_id IS NOT OLD.transaction_id
       BEGIN SELECT RAISE(ABORT, 'a file stays with the request that took it'); END""",
    """CREATE TRIGGER IF NOT EXISTS transactions_file_of_draft BEFORE UPDATE OF draft_id ON transactions_attachment
       WHEN OLD.draft_id IS NOT NULL AND NEW.draft_id IS NOT OLD.draft_id AND (NEW.draft_id IS NOT NULL
            OR (NEW.transaction_id IS NULL AND NEW.removed_at IS NULL))
       BEGIN SELECT RAISE(ABORT, 'a file stays in the draft it lies in'); END""",
    """CREATE TRIGGER IF NOT EXISTS transactions_removed_file BEFORE UPDATE OF transaction_id ON transactions_attachment
       WHEN OLD.transaction_id IS NULL AND NEW.transaction_id IS NOT NULL AND OLD.removed_at IS NOT NULL
       BEGIN SELECT RAISE(ABORT, 'a removed file comes with no request'); END""",
]
SQLITE_BACK = [
    "DROP TRIGGER IF EXISTS transactions_file_of_request",
    "DROP TRIGGER IF EXISTS transactions_file_of_draft",
    "DROP TRIGGER IF EXISTS transactions_removed_file",
]


def forwards(apps: Any, schema_editor: Any) -> None:
    _run(schema_editor, [POSTGRESQL], SQLITE)


def backwards(apps: Any, schema_editor: Any) -> None:
    _run(schema_editor, [POSTGRESQL_BACK], SQLITE_BACK)


def _run(schema_editor: Any, postgresql: list[str], sqlite: list[str]) -> None:
    for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
        schema_editor.execute(statement)


def set_again(*, using: str, **_more: Any) -> None:
    """After `migrate` (post_migrate of this app): what a rebuilt table has lost on SQLite."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in SQLITE:
                cursor.execute(statement)
