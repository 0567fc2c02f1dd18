"""`manage.py web_role`: the role of PostgreSQL under which web and workers run. It owns nothing and changes no table.

Run by the owner of the tables after each `migrate`; harmless the second time. Whoever takes over a web process can then
neither switch off the trigger that keeps the journal append-only nor empty it.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from journal import standing

# What is written once, and what only the owner writes.
ONLY = {
    "journal_entry": "SELECT, INSERT",
    "outside_bodymessage": "SELECT, INSERT",
    "journal_restoration": "SELECT",
    "django_migrations": "SELECT",
}


class Command(BaseCommand):
    help = "Make the role of web and workers, with the password in WEB_DATABASE_PASSWORD, and grant it what it needs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the role, as in the DATABASE_URL of web and workers")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("roles are PostgreSQL's; SQLite has none")
        password = os.environ.get("WEB_DATABASE_PASSWORD", "")
        if not password:
            raise CommandError("set WEB_DATABASE_PASSWORD to the password of this role")
        with standing.without_write_check(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper, rolname = current_user FROM pg_roles WHERE rolname = %s", [name])
            row = cursor.fetchone()
            if row and any(row):
                raise CommandError(f"{name} is the owner or a superuser; web and workers need a role of their own")
            for statement in self._statements(name, "ALTER" if row else "CREATE"):
                cursor.execute(statement, [password] if "%s" in statement else None)
        self.stdout.write(f"{name} reads and writes rows, and changes no table")

    def _statements(self, name: str, verb: str) -> list[str]:
        role = connection.ops.quote_name(name)
        database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
        return [
            f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD %s",
            f"GRANT CONNECT ON DATABASE {database} TO {role}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            f"GRANT USAGE ON SCHEMA public TO {role}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            # It may ask whether the vault has what was committed, and learns nothing else of who replicates.
            f"GRANT EXECUTE ON FUNCTION continuity_await TO {role}",
            f"ALTER ROLE {role} SET synchronous_commit = local",
            *(f"REVOKE ALL ON {table} FROM {role}" for table in ONLY),
            *(f"GRANT {rights} ON {table} TO {role}" for table, rights in ONLY.items()),
        ]
