"""A database that was put back to an earlier state, by whatever way, gives no number and takes nothing until its letter
and its key are new; and two copies of one state give different numbers whatever they are called.

Each installation here is a folder of its own with processes of its own, as an operator starts them.
"""

from __future__ import annotations

import re
import shutil

import pytest

from .installation import Installation

# On SQLite; what its operators do to PostgreSQL is in test_restored_by_hand.py and test_backup.py.
pytestmark = [pytest.mark.thorough, pytest.mark.embedded]
REMEDY = "set JOURNAL_INCARNATION to a letter after"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """An installation with two receipts, and a backup and a plain copy of its database made after them."""
    folder = tmp_path_factory.mktemp("installations")
    made = Installation(folder / "first")
    made.prepare()
    code, said = made.manage("backup", "--new-key", folder / "identity.txt")
    recipient = re.search("BACKUP_RECIPIENT=(age1[0-9a-z]+)", said)
    assert code == 0
    assert recipient
    made.more["BACKUP_RECIPIENT"] = recipient[1]
    made.before = made.submit(2)  # type: ignore[attr-defined]
    assert made.manage("backup", "--to", folder / "portal.tar.age")[0] == 0
    shutil.copyfile(made.folder / "portal.sqlite3", folder / "old.sqlite3")
    made.after = made.submit(3)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def restored(first, tmp_path):
    """Restores the backup into a new folder; the settings are those of the lost one."""

    def restore(name: str) -> Installation:
        home = first.folder.parent
        made = Installation(home / f"{tmp_path.name}-{name}", more=dict(first.more))
        made.folder.mkdir()
        code, said = made.manage("restore", home / "portal.tar.age", "--identity", home / "identity.txt")
        assert code == 0, said
        assert "until then nothing can be written here" in said
        return made

    return restore


def registers(made: Installation) -> set[str]:
    code, said = made.run(
        "from transactions.models import Movement\n"
        "for m in Movement.objects.all(): print('register', m.office_id, m.direction, m.hijri_year, m.number, m.at)"
    )
    assert code == 0
    return {line.rpartition(" ")[0].rpartition(" ")[0] for line in said.splitlines() if line.startswith("register")}


def give_back_posts(made: Installation) -> None:
    """A restore ends them; a file that was put back knows of no restore."""
    _code, said = made.manage("reinstate", "posts", "--all-but")
    assert said in ("posts given back: 1\n", "CommandError: this database was never restored\n"), said


@pytest.mark.parametrize("way", ["restore", "file put back", "file elsewhere", "file and attachments elsewhere"])
def test_nothing_is_taken_under_the_old_letter_or_key_and_no_number_comes_twice(way, first, restored, tmp_path):
    home = first.folder.parent
    if way == "restore":
        copy = restored("one")
    elif way == "file put back":
        copy = first.copy(home / tmp_path.name, "files")
        # The very file: what is in it is older than what its witness saw.
        copy = Installation(first.folder, more=dict(first.more))
        shutil.copyfile(first.folder / "portal.sqlite3", home / f"{tmp_path.name}.sqlite3")
        shutil.copyfile(home / "old.sqlite3", first.folder / "portal.sqlite3")
    else:
        copy = first.copy(home / tmp_path.name, *(["files"] if "attachments" in way else []))
        shutil.copyfile(home / "old.sqlite3", copy.folder / "portal.sqlite3")
    try:
        assert REMEDY in copy.refusal()
        for command in (["check"], ["work", "--once"], ["verify_journal"], ["seed_demo"], ["load_reference_data"]):
            code, said = copy.manage(*command)
            assert code, command
            assert REMEDY in said, (command, said)
        # One of the two alone is not enough, and a letter does not go back.
        for letter, key, wanted in (("A", "B", "new incarnation"), ("B", "A", "This key was used before")):
            copy.letter, copy.key = letter, key
            assert wanted in copy.refusal()
        copy.letter, copy.key = "B", "B"
        assert copy.manage("check")[0] == 0
        give_back_posts(copy)
        given = copy.submit(3)
        assert all(re.fullmatch(r"C1B[A-Z]{4}-14\d\d-00000\d-[0-9A-Z]", reference) for reference in given)
        assert not set(given) & {*first.before, *first.after}
        assert copy.manage("verify_journal")[0] == 0
        copy.letter, copy.key = "A", "A"
        assert f"{REMEDY} B" in copy.refusal()
    finally:
        if way == "file put back":
            shutil.copyfile(home / f"{tmp_path.name}.sqlite3", first.folder / "portal.sqlite3")
            (first.folder / "files" / "witness" / "C1B").unlink()


@pytest.mark.parametrize("keys", [("B", "B"), ("B", "other")], ids=["one key", "two keys"])
def test_two_copies_started_under_one_letter_share_no_number(keys, first, restored):
    given, lines = [], []
    before = registers(first)
    for name, key in zip(("one", "two"), keys, strict=True):
        copy = restored(name)
        copy.letter, copy.key = "B", key
        give_back_posts(copy)
        given.append(set(copy.submit(3)))
        lines.append(registers(copy))
    assert not given[0] & given[1]
    # Registers too: what is in both, or in the lost one, came out of the backup.
    of_backup = lines[0] & lines[1]
    assert len(lines[0]) == len(lines[1]) == len(of_backup) + 3
    assert not (lines[0] - of_backup) & before


def test_a_letter_that_the_backup_does_not_know_is_used_all_the_same(first, restored):
    """B was begun after the backup, in the same place for files, and lost with its database."""
    copy = restored("one")
    copy.letter, copy.key = "B", "B"
    give_back_posts(copy)
    copy.submit(1)
    again = Installation(copy.folder.parent / f"{copy.folder.name}-again", "B", "B", copy.more)
    again.folder.mkdir()
    shutil.copyfile(copy.folder.parent / "old.sqlite3", again.folder / "portal.sqlite3")
    again.more["MEDIA_ROOT"] = str(copy.folder / "files")
    assert "The letter B was used before" in again.refusal()
    again.letter = "C"
    assert "This key was used before" in again.refusal()
    again.key = "C"
    assert again.submit(1)[0].startswith("C1C")
