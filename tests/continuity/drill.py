"""Lose the centre under load, again and again, and rebuild it from the vault: what was told, against what is there.

Each round: eight clients submit requests with files and note each receipt with the class they were told; at a random
moment PostgreSQL is killed and everything at the centre is deleted; the portal is rebuilt on blank disks and takes new
requests. Judged: confirmed and lost (0), twice there (0), a number given twice (0); provisional and lost by name.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..conftest import provision
from ..portal.installation import ROOT
from .test_rebuild_sqlite import REFERENCES, said, unset
from .test_vault_postgres import Places

CLIENTS = 8
# Submits until it is killed; what it prints was told.
LOAD = """
import os, threading, uuid
from django.utils import timezone
from accounts.models import User
from continuity.classes import of_receipt
from transactions.domain import service_types
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from tests.conftest import answers_today, files_for
code = 'electricity-connection'
service = service_types.get(code)
citizen = User.objects.order_by('pk').first()
def client():
    while True:
        answers = answers_today(code)
        files = files_for(service, answers, citizen)
        sent = Submission(service=service, applicant=citizen, answers=answers, attachments=files)
        case = submit(sent, by=citizen, key=uuid.uuid4().hex, now=timezone.now()).transaction
        told = case.reference + ' ' + of_receipt(case) + '\\n'
        os.write(1, told.encode())  # whole, whoever else writes
threads = [threading.Thread(target=client) for _each in range(CLIENTS)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
""".replace("CLIENTS", str(CLIENTS))


def one(number: int, chance: random.Random, seconds: float) -> dict[str, list[str]]:
    """One round; what went wrong, by kind, and what was lost that was provisional."""
    home = Path(tempfile.mkdtemp(prefix="jeddah-drill-", dir="/var/tmp"))
    home.chmod(0o711)
    family = provision.Family()
    places = None
    try:
        places = Places(family, home)
        end = time.monotonic() + 180
        while not places.ready():
            if time.monotonic() > end:
                raise SystemExit(f"the vault does not stream; see {home}")
            time.sleep(0.5)
        told = _load(places, family, chance.uniform(seconds / 2, seconds))
        began = time.monotonic()
        blank, status, out = places.rebuild()
        took = time.monotonic() - began
        if status:
            raise SystemExit(out)
        there = said(blank, REFERENCES).split()
        after = unset(blank).submit(2)
        confirmed = [reference for reference, worth in told.items() if worth == "confirmed"]
        found = {
            "confirmed and lost": sorted(set(confirmed) - set(there)),
            "twice there": sorted({one for one in there if there.count(one) > 1}),
            "a number twice": sorted(set(after) & ({*told} | {*there})),
            "provisional and lost": sorted(set(told) - set(confirmed) - set(there)),
        }
        print(
            f"round {number}: {len(told)} receipts told, {len(confirmed)} of them confirmed; {len(there)} are there; "
            f"rebuilt and proved in {took:.1f} s; { ({kind: len(all_) for kind, all_ in found.items()}) }",
            flush=True,
        )
        return found
    finally:
        if places and hasattr(places, "data"):
            places.stop_rebuilt()
        family.end()
        shutil.rmtree(home, ignore_errors=True)


def _load(places: Places, family: provision.Family, seconds: float) -> dict[str, str]:
    """What clients were told until everything was killed."""
    log = places.home / "told"
    env = places.centre.env
    family.start("worker", [sys.executable, ROOT / "manage.py", "work"], env=env, log=places.home / "worker.log")
    shell = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports"]
    with log.open("wb") as out:
        quiet = {"stdout": out, "stderr": subprocess.DEVNULL, "env": env, "cwd": ROOT}
        clients = subprocess.Popen(shell, stdin=subprocess.PIPE, **quiet)
        assert clients.stdin
        clients.stdin.write(LOAD.encode())
        clients.stdin.close()
        time.sleep(seconds)
        _worker, worker, _stop = family.members.pop()
        places.lose_the_centre(clients, worker)
    return dict(re.findall(r"^(\S+) (confirmed|provisional)$", log.read_text(), re.MULTILINE))


def main(rounds: int, seconds: float, seed: int) -> int:
    """The exit status: 0 when nothing was lost, doubled or given twice."""
    chance = random.Random(seed)
    wrong: list[str] = []
    for number in range(1, rounds + 1):
        found = one(number, chance, seconds)
        for reference in found.pop("provisional and lost"):
            print(f"  provisional and lost: {reference}")
        wrong += [f"{kind}: {reference}" for kind, all_ in found.items() for reference in all_]
    for line in wrong:
        print(f"WRONG  {line}")
    print(f"{rounds} rounds, seed {seed}: {'good' if not wrong else f'{len(wrong)} faults'}")
    return bool(wrong)
