"""An office box has no back office: its modules cannot be imported there, and no address leads to one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from jeddah_portal import office_role

ROOT = Path(django_settings.BASE_DIR)
BACK_OFFICE = (
    "transactions.admin.case", "transactions.admin.queue", "transactions.admin.bulk", "transactions.admin.supervision",
    "transactions.admin.exports", "transactions.admin.ledger", "transactions.admin.lists",
    "transactions.admin.incidents",
    "billing.admin", "outside.pages", "drawings.views", "accounts.power_admin",
    "boxes.centre.receiving", "boxes.centre", "api.v1.urls",
)  # fmt: skip
ASKED = """
import importlib, json, sys
import django
django.setup()
from django.urls import get_resolver
import jeddah_portal.urls_office
away = []
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ImportError as error:
        away.append([name, type(error).__name__])
def walk(patterns, space=""):
    for each in patterns:
        inside = getattr(each, "url_patterns", None)
        if inside is not None:
            yield from walk(inside, each.namespace or space)
        elif each.name:
            yield f"{space}:{each.name}" if space else each.name
loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("api", "billing", "outside", "transactions"))
print(json.dumps({"away": away, "addresses": sorted(set(walk(get_resolver().url_patterns))), "loaded": loaded}))
"""


@pytest.fixture(scope="module")
def role(tmp_path_factory):
    """What a process of this role can do."""
    folder, disk = tmp_path_factory.mktemp("office"), tmp_path_factory.mktemp("disk")
    own = {"PORTAL_ROLE": "office", "OFFICE_SECOND_MEDIUM": str(disk), "VAR_DIR": str(folder), "DEMO": "1"}
    own |= {"DJANGO_SETTINGS_MODULE": "jeddah_portal.settings", "DATABASE_URL": f"sqlite:///{folder}/office.sqlite3"}
    command = [sys.executable, "-c", ASKED, json.dumps(BACK_OFFICE)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_of_the_back_office_can_be_imported(role):
    assert role["away"] == [[name, "BackOfficeAway"] for name in BACK_OFFICE]
    assert [name for name in role["loaded"] if office_role.is_back_office(name)] == []


def test_the_addresses_of_the_workbench_are_those_of_the_counter(role):
    staff = {name for name in role["addresses"] if name.startswith("staff:")}
    assert staff <= office_role.PAGES
    assert staff >= {"staff:counter", "staff:intake", "staff:intake_check", "staff:box_stick", "staff:box_lookup"}
    assert not staff & {"staff:move", "staff:supervision", "staff:boxes", "staff:quarantine", "staff:export"}


def test_pages_that_answer_there_are_addresses_there(role):
    assert office_role.PAGES - set(role["addresses"]) == set()


def test_a_box_without_a_second_disk_does_not_start(tmp_path):
    own = {"PORTAL_ROLE": "office", "OFFICE_SECOND_MEDIUM": str(tmp_path / "missing"), "VAR_DIR": str(tmp_path)}
    own |= {"DJANGO_SETTINGS_MODULE": "jeddah_portal.settings"}
    command = [sys.executable, "-c", "import django; django.setup()"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True)
    assert done.returncode
    assert "OFFICE_SECOND_MEDIUM" in done.stderr
