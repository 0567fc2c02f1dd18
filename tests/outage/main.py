"""The process of the centre, begun by bin/outage in an empty folder."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from municipality.services import load_reference_data
from permits.services import load_tariffs

from .. import tables
from . import clock, page
from .judge import Judge
from .plan import FULL, SHORT, Plan
from .replay import Replay
from .truth import Truth


def main() -> int:
    """Replay, or judge what a replay left; the exit status: 0 when every invariant holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--size", choices=("full", "short"), required=True)
    parser.add_argument("--judge", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    clock.install()
    settings.SMS_DIR = options.folder / "sms"
    if options.judge:
        truth = Truth.load(options.folder)
        clock.put_at(Plan(FULL, truth.seed).moment(truth.size["days"], 660))
    else:
        _prepare(options.folder)
        plan = Plan.draw(FULL if options.size == "full" else SHORT, options.seed)
        truth = Replay(plan, options.folder).run()
        clock.put_at(plan.moment(plan.size.days, 660))
    shown = page.document(truth, Judge(truth, settings.SMS_DIR).lines())
    page.write(shown, options.folder)
    sys.stdout.write(page.text(shown) + "\n")
    return 0 if shown["verdict"] == "good" else 1


def _prepare(folder: Path) -> None:
    """The tables, and what `manage.py prepare` puts into them; boxes begin with the same."""
    database = Path(settings.DATABASES["default"]["NAME"])
    tables.copy_sqlite_file(database)
    call_command("createcachetable")
    load_reference_data()
    load_tariffs()
    connection.close()
    shutil.copyfile(database, folder / "tables.sqlite3")
