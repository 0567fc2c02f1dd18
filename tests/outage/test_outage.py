"""The outage in small, and that its verdict can be bad: one thing is spoilt by hand, and it is named."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from .plan import FULL, KINDS, SHORT, Plan
from .truth import FILE

pytestmark = [pytest.mark.embedded, pytest.mark.thorough]
ROOT = Path(settings.BASE_DIR)
ALL = {
    "confirmed", "given", "doubled", "numbers", "same", "receipts", "chains", "messages", "errors", "copied", "stolen",
    "order", "new", "forecast", "books",
}  # fmt: skip


def outage(*arguments):
    """(exit status, what was said) of the script."""
    env = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
        "VAR_DIR": str(settings.VAR)
    }
    command = [sys.executable, str(ROOT / "bin" / "outage"), *map(str, arguments)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    return done.returncode, done.stdout + done.stderr


def shown(folder):
    return json.loads((folder / "outage.json").read_text())


def broken(folder):
    return {line["code"] for line in shown(folder)["invariants"] if line["holds"] is not True}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outage") / "kept"
    status, said = outage("--short", "--seed", 1, "--keep", folder)
    assert status == 0, said
    return folder


def test_the_short_form_holds_every_invariant(replayed):
    page = shown(replayed)
    assert {line["code"]: line["holds"] for line in page["invariants"]} == dict.fromkeys(ALL, True)
    assert page["verdict"] == "good"
    given = sum(day["taken"] for day in page["days"])
    away = [day for day in page["days"] if day["away"]]
    assert given >= 100
    assert len(away) == 4
    assert away[-1]["held"] == sum(day["taken"] for day in away)  # nothing came through
    assert page["days"][-1]["held"] == 0
    assert sum(day["pile"] or 0 for day in page["days"]) > 20
    for file in ("outage.html", "outage.txt"):
        written = (replayed / file).read_text()
        assert all(line["title"] in written for line in page["invariants"]), file
        assert "rebuild" in written, "what is not shown is said"


def test_everything_that_goes_wrong_on_purpose_is_noticed(replayed):
    errors = shown(replayed)["errors"]
    assert {row["kind"] for row in errors} == set(KINDS)
    assert all(row["noticed"] for row in errors)


def one(database, question):
    return database.execute(question).fetchone()[0]


def lose_a_request(database, _history):
    """What was confirmed is not there any more."""
    case = one(database, "SELECT max(transaction_id) FROM boxes_delivered WHERE state = 'taken'")
    database.execute("DELETE FROM transactions_transaction WHERE id = ?", [case])


def double_a_request(database, _history):
    """A row copied under a number nobody was given."""
    names = [row[1] for row in database.execute("PRAGMA table_info(transactions_transaction)")]
    columns = ", ".join(f'"{name}"' for name in names if name not in ("id", "reference"))
    database.execute(
        f"INSERT INTO transactions_transaction (reference, {columns}) "  # noqa: S608 – names of our own columns
        f"SELECT 'C1A-1448-999999-X', {columns} FROM transactions_transaction ORDER BY id LIMIT 1"
    )


def tamper_with_the_journal(database, _history):
    """One entry of the centre says something else than what was signed, and another is not the one it was."""
    mine = "SELECT {}(id) FROM journal_entry WHERE kind = 'received' AND subject LIKE 'C1A%'"
    first, last = one(database, mine.format("min")), one(database, mine.format("max"))
    body = database.execute("SELECT body FROM journal_entry WHERE id = ?", [first]).fetchone()[0]
    changed = body.replace(b"received", b"withdrawn")
    assert changed != body
    database.execute("UPDATE journal_entry SET body = ? WHERE id = ?", [changed, first])
    database.execute("UPDATE journal_entry SET hash = zeroblob(32) WHERE id = ?", [last])


def let_the_thief_in(database, history):
    """A receipt of the stolen box became a request."""
    thiefs = next(reference for reference, row in history["receipts"].items() if row["place"] == "thief")
    database.execute("UPDATE transactions_transaction SET reference = ? WHERE id = 1", [thiefs])


def forecast_wrongly(database, _history):
    """Half as much was done as the forecast said."""
    database.execute("UPDATE transactions_pileforecast SET actual = expected / 2 WHERE actual IS NOT NULL")


def give_a_number_twice(_database, history):
    history["again"].append(next(iter(history["receipts"])))


def forget_a_message(database, _history):
    """It left, and no delivery is on record."""
    database.execute("DELETE FROM transactions_delivery WHERE id = (SELECT max(id) FROM transactions_delivery)")


def give_another_receipt(_database, history):
    """The same form sent twice gave another receipt the second time."""
    history["twice"][next(iter(history["twice"]))] = False


def overlook_an_error(_database, history):
    history["errors"][0]["noticed"] = ""


def take_the_last_first(_database, history):
    history["takes"] = history["takes"][::-1]
    for take in history["takes"]:
        take["at"] = "2027-01-01"


def starve_new_work(_database, history):
    for take in history["takes"]:
        take["lane"] = "pile"


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        ([lose_a_request], {"confirmed", "given", "doubled", "books"}),
        ([double_a_request], {"doubled", "books"}),
        ([tamper_with_the_journal, forecast_wrongly], {"chains", "receipts", "forecast"}),
        (
            [let_the_thief_in, give_a_number_twice, forget_a_message],
            {"stolen", "given", "doubled", "numbers", "messages"},
        ),
        (
            [overlook_an_error, give_another_receipt, take_the_last_first, starve_new_work],
            {"errors", "same", "order", "new"},
        ),
    ],
)
def test_what_is_spoilt_by_hand_is_named(replayed, tmp_path, spoil, named):
    kept = {name: tmp_path / name for name in ("centre.sqlite3", FILE)}
    for name, place in kept.items():
        shutil.copyfile(replayed / name, place)
    history = json.loads(kept[FILE].read_text())
    try:
        database = sqlite3.connect(replayed / "centre.sqlite3")
        database.execute("PRAGMA foreign_keys = OFF")
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')  # whoever does this by hand has the file
        for each in spoil:
            each(database, history)
        database.commit()
        database.close()
        (replayed / FILE).write_text(json.dumps(history))
        status, said = outage("--judge", replayed)
        assert status == 1, said
        assert named <= broken(replayed), said
    finally:
        for name, place in kept.items():
            shutil.copyfile(place, replayed / name)  # into the same file, which the witness knows


def test_left_alone_it_is_judged_as_before(replayed):
    status, said = outage("--judge", replayed)
    assert status == 0, said


def test_the_same_seed_gives_the_same_plan_and_another_another():
    for size in (FULL, SHORT):
        assert Plan.draw(size, 3) == Plan.draw(size, 3)
        assert len({str(Plan.draw(size, seed).wrong) for seed in range(20)}) > 10
        for seed in range(20):
            plan = Plan.draw(size, seed)
            assert {each.kind for each in plan.wrong} == set(KINDS)
            assert all(each.box < size.boxes and each.day in range(1, size.days + 1) for each in plan.wrong)
    assert not Plan(replace(SHORT, lost=99), 1).is_away(3)
