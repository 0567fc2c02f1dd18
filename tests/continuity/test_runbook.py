"""The runbook for people: true commands, no secrets (its two sheets of paper: tests/journeys/test_runbook_paper.py)."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands

from continuity import runbook

ROOT = Path(__file__).parents[2]
STEPS = [step for part in (runbook.FIRST_HOUR, runbook.FIRST_DAY, runbook.FIRST_WEEK) for step in part.steps]


@pytest.mark.parametrize("command", [step.command for step in STEPS if step.command])
def test_every_command_it_names_exists(command):
    words = command.split()
    if words[0] == "manage.py":
        assert words[1] in get_commands()
    elif words[0] != "pg_ctl":  # PostgreSQL's own
        assert (ROOT / words[0]).exists()


def test_it_tells_no_secret(settings, tmp_path):
    settings.VAULT_URL = "https://portal:verysecret@vault.example:8443"
    call_command("print_runbook", str(tmp_path / "runbook.html"), language="en", stdout=StringIO())
    page = (tmp_path / "runbook.html").read_text()
    assert "vault.example" in page
    for secret in ("verysecret", settings.SECRET_KEY, settings.RECEIPT_PIN_KEY, settings.JOURNAL_KEY or "-----"):
        assert secret not in page
