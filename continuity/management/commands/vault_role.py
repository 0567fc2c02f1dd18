"""`manage.py vault_role`: the role under which the vault streams, and the server told to hear its acknowledgements.

Run by a superuser of the server, once; harmless the second time. In this order, so that no commit ever waits: commits
are local for every role and session first, and the vault's receiver is named after that.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from continuity.asking import RECEIVER, ROLE
from journal import standing

ASKED_BY_BARMAN = (
    "pg_switch_wal()",
    "pg_create_restore_point(text)",
    "pg_backup_start(text, boolean)",
    "pg_backup_stop(boolean)",
)


class Command(BaseCommand):
    help = "Make the role of the vault, with the password in VAULT_DATABASE_PASSWORD, and have its receiver heard."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keep-wal",
            default="16GB",
            help="the most WAL that is kept for a vault that is away, since disks fill up (%(default)s)",
        )

    def handle(self, *args: Any, keep_wal: str, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("roles are PostgreSQL's; on SQLite the vault is handed copies")
        password = os.environ.get("VAULT_DATABASE_PASSWORD", "")
        if not password:
            raise CommandError("set VAULT_DATABASE_PASSWORD to the password of this role")
        with standing.without_write_check(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            rights = "LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE"
            cursor.execute(f"{verb} ROLE {ROLE} {rights} PASSWORD %s", [password])
            for statement in self._statements():
                cursor.execute(statement)
            cursor.execute("ALTER SYSTEM SET max_slot_wal_keep_size = %s", [keep_wal])
            cursor.execute("SELECT pg_reload_conf()")
        self.stdout.write(f"{ROLE} streams; commits are local, and {RECEIVER} is heard")

    def _statements(self) -> list[str]:
        return [
            # What Barman asks for (PostgreSQL 15 and later).
            f"GRANT pg_read_all_settings, pg_read_all_stats, pg_checkpoint TO {ROLE}",
            *(f"GRANT EXECUTE ON FUNCTION {function} TO {ROLE}" for function in ASKED_BY_BARMAN),
            "ALTER SYSTEM SET synchronous_commit = 'local'",
            f"ALTER SYSTEM SET synchronous_standby_names = '{RECEIVER}'",
        ]
