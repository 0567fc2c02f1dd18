"""The centre is gone; the portal is rebuilt from its vault on blank disks, proved, and gives no number twice."""

from __future__ import annotations

import os
import re
import shutil
import time
from datetime import UTC, datetime, timedelta

import pyrage
import pytest

from continuity.vault import restoring

from ..portal.installation import Installation

pytestmark = [pytest.mark.embedded, pytest.mark.thorough]
HAND_OVER = """
from django.utils import timezone
from continuity import keeping
from transactions.outbox import queue
for _turn in range(2):
    keeping.keep(timezone.now())
    for kind in queue.known_kinds():
        if kind.startswith("vault"):
            for pk in queue.due_ids(kind, timezone.now(), 1000):
                assert queue.process_row(pk), kind
from continuity.models import Reached
from journal.models import Chain
assert all(Reached.objects.get(chain=chain).seq == chain.length for chain in Chain.objects.all())
"""
REFERENCES = """
from transactions.models import Attachment, Transaction
from transactions.attachments.stored import open_intact
for case in Transaction.objects.all():
    files = [open_intact(file) for file in case.attachments.all()]
    assert files and all(files)
    print(case.reference)
"""


@pytest.fixture
def centre(tmp_path):
    """A small installation with a vault that is a folder of another authority."""
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity.txt").write_text(f"{identity}\n")
    more = {"VAULT_URL": f"file://{tmp_path / 'vault'}", "VAULT_RECIPIENT": str(identity.to_public())}
    made = Installation(tmp_path / "centre", more=more)
    made.prepare()
    return made


def said(installation, code):
    status, out = installation.run(code)
    assert status == 0, out
    return out


def rebuild(centre, tmp_path, *more):
    """Blank disks elsewhere, with the keys that are kept apart; (exit status, what was said)."""
    blank = Installation(tmp_path / "rebuilt", letter="", key="B", more=dict(centre.more))
    del blank.more["VAULT_URL"]
    arguments = ("--vault", tmp_path / "vault", "--identity", tmp_path / "identity.txt", *more)
    return blank, *blank.manage("rebuild", *arguments)


def unset(installation):
    """The letter comes from the file that the rebuild wrote; posts are given back by somebody who has compared them."""
    installation.letter = ""
    status, out = installation.manage("reinstate", "posts", "--all-but")
    assert status == 0, out
    return installation


def test_what_was_confirmed_is_there_and_numbers_go_on(centre, tmp_path):
    before = centre.submit(3)
    said(centre, HAND_OVER)
    shutil.rmtree(centre.folder)
    blank, status, out = rebuild(centre, tmp_path)
    assert status == 0, out
    assert "0 entries of the journal" in out
    assert "C1B" in out
    assert sorted(said(blank, REFERENCES).split()) == before
    # Until its letter and key are new nothing is written; then numbers go on, and none is given twice.
    assert "JOURNAL_INCARNATION" in Installation(blank.folder, key="A", more=blank.more).refusal()
    after = unset(blank).submit(2)
    assert not set(after) & set(before)
    assert all(reference.startswith("C1B") for reference in after)
    status, out = blank.manage("verify_journal")
    assert status == 0, out


def test_the_old_letter_and_the_old_key_are_refused_after_a_rebuild(centre, tmp_path):
    centre.submit(1)
    said(centre, HAND_OVER)
    shutil.rmtree(centre.folder)
    blank, status, out = rebuild(centre, tmp_path)
    assert status == 0, out
    for letter, key in (("A", "A"), ("B", "A"), ("A", "B")):
        assert Installation(blank.folder, letter, key, dict(blank.more)).refusal()


def test_two_rebuilt_copies_give_no_number_twice(centre, tmp_path):
    """Started at once, with the same letter and the same new key."""
    centre.submit(2)
    said(centre, HAND_OVER)
    shutil.rmtree(centre.folder)
    blank, status, out = rebuild(centre, tmp_path)
    assert status == 0, out
    twin = unset(blank).copy(tmp_path / "twin", "portal.sqlite3", "files", "incarnation")
    assert not set(blank.submit(3)) & set(twin.submit(3))


def test_provisional_ones_that_are_lost_are_named(centre, tmp_path):
    """Shown to the vault, and its rows are not there: the last copy is older."""
    kept = centre.submit(1)
    said(centre, HAND_OVER)
    lost = centre.submit(1)
    said(centre, HAND_OVER)
    restoring.copies(tmp_path / "vault")[-1].unlink()
    shutil.rmtree(centre.folder)
    blank, status, out = rebuild(centre, tmp_path)
    assert status == 0, out
    assert "1 entries of the journal" in out
    assert f"received {lost[0]}" in out
    assert said(blank, REFERENCES).split() == kept


def test_to_the_moment_before_the_malice(centre, tmp_path):
    kept = centre.submit(1)
    said(centre, HAND_OVER)
    time.sleep(1.1)
    before = datetime.now(UTC)
    centre.submit(1)
    said(centre, HAND_OVER)
    shutil.rmtree(centre.folder)
    blank, status, out = rebuild(centre, tmp_path, "--before", before.isoformat())
    assert status == 0, out
    assert said(blank, REFERENCES).split() == kept
    assert "1 entries of the journal" in out


@pytest.mark.parametrize("what", ["a file", "the record", "the copy", "the identity"])
def test_what_is_not_as_it_was_is_named(what, centre, tmp_path):
    centre.submit(1)
    said(centre, HAND_OVER)
    shutil.rmtree(centre.folder)
    vault = tmp_path / "vault"
    if what == "a file":
        path = next(path for path in (vault / "files").rglob("*") if path.is_file())
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    elif what == "the record":
        path = vault / "journal" / "C1A.jsonl"
        path.write_text(re.sub('"hash": "..', '"hash": "AA', path.read_text()))
    elif what == "the copy":
        path = restoring.copies(vault)[-1]
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    else:
        (tmp_path / "identity.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    _blank, status, out = rebuild(centre, tmp_path)
    assert status != 0
    expected = {
        "a file": "the vault does not have it, or not as it was uploaded",
        "the record": "entry 1: the vault was shown another one",
        "the copy": "does not open the copy",
        "the identity": "does not open the copy",
    }
    assert expected[what] in out


def test_it_goes_onto_blank_disks_only(centre, tmp_path):
    centre.submit(1)
    said(centre, HAND_OVER)
    arguments = ("rebuild", "--vault", tmp_path / "vault", "--identity", tmp_path / "identity.txt")
    status, out = centre.manage(*arguments)
    assert status != 0
    assert "blank disks" in out
    status, out = centre.manage(*arguments, "--before", "yesterday")
    assert status != 0
    assert "is no moment" in out


def test_old_copies_are_forgotten_and_the_newest_stays(tmp_path):
    from continuity.vault.keeping import forget_copies

    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    for number, age in enumerate((0.1, 1, 5, 30, 31, 32, 60, 24 * 20, 24 * 40)):
        place = tmp_path / "copies" / f"C1A-{number:012d}" / f"{number:064x}"
        place.parent.mkdir(parents=True)
        place.write_bytes(b"x")
        at = (now - timedelta(hours=age)).timestamp()
        os.utime(place, (at, at))
    forget_copies(tmp_path, now, timedelta(days=28))
    ages = sorted(round((now.timestamp() - path.stat().st_mtime) / 3600) for path in restoring.copies(tmp_path))
    assert ages == [0, 1, 5, 30, 60, 480]
