"""Are the migrations safe while the portal runs? Called by bin/lint, with the environment it gives.

The old version still serves while a migration runs (docs/operations.md, "Upgrade"), so a migration may add what the
old version does not see, and take away only what no running version uses. What is refused: NOT NULL without a default
in the database, a dropped or renamed column or table, a changed type, an index built under a lock. First migrations are
free: their tables are new and empty. UNRELEASED ones are not yet in any installation and may still change.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import provision
from provision import ROOT

# Emptied at each release: from then on they are in installations.
UNRELEASED: list[str] = []
# What the linter refuses since it cannot tell, and is safe nevertheless.
SAFE = [
    "0017_kinds_of_id",  # longer varchars: PostgreSQL rewrites neither table nor index
    "0004_longer_intake_keys",  # a longer varchar: PostgreSQL rewrites neither table nor index
    "0005_asked_once_a_round",  # its index is built concurrently; no version asks the same thing twice in a round
    "0056_the_counters_day",  # its index is that of a table it has just made
]
ROOMS = [
    *("accounts", "billing", "continuity", "drawings", "journal", "municipality", "outside", "permits"),
    "transactions",
]


def main() -> None:
    family = provision.Family()
    with tempfile.TemporaryDirectory(prefix="jeddah-lint-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        try:
            # The SQL is PostgreSQL's and is not run; but it is not written without a server that says its version.
            os.environ["DATABASE_URL"] = provision.start_postgres(
                family, home / "postgres", log=home / "log", durable=False
            )
            wrong = check()
        finally:
            family.end()
    raise SystemExit(wrong)


def check() -> bool:
    """True when a migration is unsafe; what and why is printed."""
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "jeddah_portal.settings"
    import django

    django.setup()
    from django_migration_linter import MigrationLinter

    linter = MigrationLinter(
        str(ROOT),
        include_apps=ROOMS,
        ignore_initial_migrations=True,
        ignore_name=[*UNRELEASED, *SAFE],
        no_cache=True,
        quiet=["ignore", "ok"],
        all_warnings_as_errors=True,
    )
    linter.lint_all_migrations()
    linter.print_summary()
    return bool(linter.has_errors)


if __name__ == "__main__":
    main()
