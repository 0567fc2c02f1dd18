"""Test the tests: builds with one protection taken out. Each must turn the suite red, and the whole build be green.

A mutant is a copy of this tree with a few lines changed; `shown_by` are the tests that must fail on it. Tests that
say that their fault did not happen prove nothing and make the mutant's run invalid.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS, BROKER, DATABASE, ODD = (f"tests/faults/test_{name}.py::" for name in ("kills", "broker", "database", "odd"))


@dataclass(frozen=True)
class Mutant:
    protection: str
    """What is taken out."""
    edits: tuple[tuple[str, str, str], ...]
    """(file, text that stands there once, text instead)."""
    shown_by: tuple[str, ...]


MUTANTS = (
    Mutant(
        "late acknowledgement and the sweeper",
        (
            ("jeddah_portal/settings/work.py", "CELERY_TASK_ACKS_LATE = True", "CELERY_TASK_ACKS_LATE = False"),
            (
                "jeddah_portal/settings/work.py",
                '    "sweep": {"task": "transactions.tasks.sweep", "schedule": 5, "options": {"expires": 30}},\n',
                "",
            ),
        ),
        (f"{KILLS}test_worker_and_beat_killed_whole_are_started_again_and_catch_up",),
    ),
    Mutant(
        "the idempotency key",
        (
            (
                "transactions/intake/submit.py",
                "    body_hash = submission.body_hash()\n",
                "    body_hash = submission.body_hash()\n    key = secrets.token_hex(8)\n",
            ),
        ),
        (f"{KILLS}test_a_web_worker_killed_before_its_answer_has_taken_the_request_once",),
    ),
    Mutant(
        "IMMEDIATE transactions on SQLite",
        (("jeddah_portal/settings/database.py", '        "transaction_mode": "IMMEDIATE",\n', ""),),
        ("tests/faults/test_concurrency.py",),
    ),
    Mutant(
        "the condition of a claim",
        (
            (
                "transactions/outbox/queue.py",
                "claimed = Outbox.objects.filter(_claimable(now), pk=outbox_id).update(",
                "claimed = Outbox.objects.filter(pk=outbox_id).update(",
            ),
        ),
        (f"{ODD}test_a_task_run_twice_at_the_same_moment_does_each_piece_once",),
    ),
    Mutant(
        "the journal entry inside the transaction",
        (
            (
                "transactions/intake/submit.py",
                """\
    token = receipts.encode_token(
        chain.append("received", case.reference, promise, now, locked=locked, execute=batch.execute)
    )
""",
                """\
    token = ""
""",
            ),
            (
                "transactions/intake/submit.py",
                """\
    batch.send()
    return intake
""",
                """\
    batch.send()

    def afterwards() -> None:
        with transaction.atomic():
            entry = chain.append("received", case.reference, promise, now)
            intake.token = receipts.encode_token(entry)
            intake.save()

    transaction.on_commit(afterwards)
    return intake
""",
            ),
        ),
        (f"{KILLS}test_a_web_worker_killed_before_the_commit_has_taken_nothing",),
    ),
    Mutant(
        "the end of a lease",
        (
            (
                "transactions/outbox/queue.py",
                "claimed & (Q(lease_until__lt=now) | Q(lease_until__gt=now + LEASE + MAX_CLOCK_DIFFERENCE))",
                "claimed & Q(lease_until__lt=now - timedelta(days=1))",
            ),
        ),
        (f"{KILLS}test_celery_children_killed_at_every_point_of_their_work",),
    ),
    Mutant(
        "the rule for moments no honest clock could write",
        (("transactions/outbox/queue.py", " | Q(lease_until__gt=now + LEASE + MAX_CLOCK_DIFFERENCE)", ""),),
        (f"{ODD}test_a_lease_of_the_future_is_no_lease",),
    ),
    Mutant(
        "waking workers off the request's path",
        (
            (
                "transactions/outbox/wake_up.py",
                "    global _sender\n",
                "    current_app.send_task(TASK_NAME.format(kind), retry=False, expires=9)\n    global _sender\n",
            ),
        ),
        (f"{BROKER}test_redis_hung_but_not_dead",),
    ),
    Mutant(
        "the patience of a request with PostgreSQL",
        (("jeddah_portal/wsgi.py", "database.install_deadlines()\n", ""),),
        (f"{DATABASE}test_postgresql_hung_holds_nobody",),
    ),
    Mutant(
        "noting commits, so that a 503 is true",
        (("core/db/__init__.py", "return state is None or not state.committed", "return True"),),
        (f"{DATABASE}test_a_503_says_truly_whether_anything_was_taken",),
    ),
    Mutant(
        "rows of unknown kinds ending dead",
        (("transactions/tasks.py", "    queue.dead_letter_unknown(now)\n", ""),),
        (f"{ODD}test_a_poison_row_ends_dead_and_seen_and_holds_nobody_up",),
    ),
    Mutant(
        "the acknowledgement of the vault before a receipt is called confirmed",
        (("continuity/worth.py", "promise.seq > reached or ", ""),),
        ("tests/continuity/test_worth.py",),
    ),
    Mutant(
        "files in the class of a receipt",
        (("continuity/worth.py", " or any(came <= promise.at for came in missing)", ""),),
        ("tests/continuity/test_worth.py",),
    ),
    Mutant(
        "the next letter after a rebuild",
        (("continuity/after_loss.py", "chr(ord(last) + 1) if last", "last if last"),),
        ("tests/continuity/test_rebuild_sqlite.py",),
    ),
    Mutant(
        "the vault's comparing of heads",
        (("continuity/vault/record.py", "        if bad:\n            raise AnotherPast(str(bad))\n", ""),),
        ("tests/continuity/test_door.py",),
    ),
)


def copy(target: Path) -> None:
    leave = shutil.ignore_patterns(".venv", ".git", "var", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, target, ignore=leave)


def apply(tree: Path, mutant: Mutant) -> None:
    for name, old, new in mutant.edits:
        path = tree / name
        text = path.read_text()
        if text.count(old) != 1:
            raise SystemExit(f"the mutant without “{mutant.protection}” does not fit {name} any more: mend it")
        path.write_text(text.replace(old, new))


def run(tree: Path, tests: tuple[str, ...]) -> tuple[str, str]:
    """("green" | "red" | "invalid", what failed first)."""
    with tempfile.TemporaryDirectory(prefix="jeddah-mutant-var-") as var:
        env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
        env |= {"VAR_DIR": var, "DEMO": "1", "LOG_LEVEL": "CRITICAL"}
        pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=line", "-rfE", *tests]
        done = subprocess.run(pytest, cwd=tree, env=env, capture_output=True, text=True)
    failed = re.search(r"^(?:FAILED|ERROR) \S*?([^/:\s]+::)?(\S+)", done.stdout, re.M)
    what = failed[2] if failed else done.stdout.strip()[-200:]
    if done.returncode == 0:
        return "green", ""
    if done.returncode != 1 or "InvalidRun" in done.stdout or not failed:
        return "invalid", what
    return "red", what


def table(only: str = "") -> bool:
    """Run them all and print the table; True when every mutant is red and the build itself green.

    With `only`, those alone whose protection is called so or partly so, and not the build itself.
    """
    good, lines = True, []
    chosen = [mutant for mutant in MUTANTS if only in mutant.protection]
    if not chosen:
        raise SystemExit(f"no mutant is called “{only}”")
    with tempfile.TemporaryDirectory(prefix="jeddah-mutants-") as folder:
        whole = tuple(dict.fromkeys(test for mutant in MUTANTS for test in mutant.shown_by))
        for number, mutant in enumerate(chosen if only else [None, *MUTANTS]):
            tree, began = Path(folder) / str(number), time.monotonic()
            copy(tree)
            if mutant:
                apply(tree, mutant)
            verdict, what = run(tree, mutant.shown_by if mutant else whole)
            good &= verdict == ("red" if mutant else "green")
            name = mutant.protection if mutant else "(nothing taken out)"
            lines.append(f"| {name} | {verdict} | {what} | {time.monotonic() - began:.0f} s |")
            print(lines[-1], flush=True)
            shutil.rmtree(tree)
    print("\n| protection taken out | suite | first failure | took |\n|---|---|---|---|")
    print("\n".join(lines))
    print("every protection is missed when it is gone" if good else "SOMETHING IS NOT NOTICED")
    return good
