"""Every script in bin/ that measures or breaks the portal is run, as small as it goes: does it still run at all?

`run`, `test` and `lint` are run by whoever works here; what they say of themselves is asked for here too.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ..conftest import provision
from .conftest import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.thorough]
PATIENCE = 600
EVERYBODY_RUNS = {"run", "test", "lint"}
# tests/boxes/test_office.py, tests/outage/test_outage.py, tests/continuity/test_vault_postgres.py
RUN_ELSEWHERE = {"office", "outage", "vault"}
SCRIPTS = sorted(path.name for path in (ROOT / "bin").iterdir() if path.is_file() and "." not in path.name)


def run(*command: str) -> str:
    """What a script printed; a failure shows its last lines. It starts servers of its own, as when a person runs it."""
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    env |= {"PYTEST_ADDOPTS": "-p no:cacheprovider"}
    started = [sys.executable, str(ROOT / "bin" / command[0]), *command[1:]]
    process = subprocess.Popen(
        started, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        printed, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C: it ends the servers it started
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 0, f"{printed[-3000:]}\n{said[-3000:]}"
    return printed


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_says_what_it_does(script):
    assert "usage" in run(script, "--help").lower()


def bench():
    printed = run("bench", "--small")
    parts = re.findall(r"^## (\w+)$", printed, re.MULTILINE)
    assert parts == ["cost", "load", "latency", "backlog", "memory", "growth", "books", "desk"]
    load = printed.partition("## load")[2].partition("## latency")[0]
    failed = re.findall(r"^\| (inquiry.*?|submission.*?) \|.*\| (\d+) \|$", load, re.MULTILINE)
    asked = dict(failed)
    assert asked.keys() >= {"inquiry, API", "inquiry, page", "submission, API"}
    assert asked["inquiry, API"] == asked["inquiry, page"] == "0"


def fuzz():
    assert "wrong 0" in run("fuzz", "--requests", "200", "--engine", "sqlite")


def storm():
    assert "operations" in run("storm", "--seconds", "3", "--seed", "7")


def lock():
    """Locking changes nothing that is locked."""
    before = {name: (ROOT / name).read_bytes() for name in ("requirements.txt", "requirements-dev.txt")}
    try:
        run("lock", "--keep")
        assert {name: (ROOT / name).read_bytes() for name in before} == before
    finally:
        for name, content in before.items():
            (ROOT / name).write_bytes(content)


def probe():
    """Where nobody answers nothing is said to work."""
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "probes.jsonl"
        run("probe", f"http://127.0.0.1:{provision.free_port()}", "--to", str(noted))
        answers = [json.loads(line) for line in noted.read_text().splitlines()]
        assert {row["name"]: row["ok"] for row in answers} == {"inquiry": False, "writes": False, "worker": False}


def drill():
    assert "1 rounds, seed 7: good" in run("drill", "--rounds", "1", "--seconds", "5", "--seed", "7")


SMALL = {"bench": bench, "drill": drill, "fuzz": fuzz, "lock": lock, "probe": probe, "storm": storm}


@pytest.mark.parametrize("script", SMALL)
def test_as_small_as_it_goes_a_script_runs(script):
    SMALL[script]()


def test_a_mutant_is_built_and_noticed():
    assert "every protection is missed" in run("storm", "--mutants", "--only", "IMMEDIATE")


def test_every_script_is_looked_after():
    """A script that is new is run here or in a test of its own, or is one of those everybody runs."""
    assert set(SCRIPTS) == {*SMALL, *EVERYBODY_RUNS, *RUN_ELSEWHERE}
    assert provision.ROOT == ROOT
