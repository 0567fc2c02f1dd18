"""A PostgreSQL database that was put back by tools of its own, and not by our command, takes nothing either."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from django.db import connection
from django.test import override_settings

from jeddah_portal.backup import _pg_tool
from transactions.domain import pins, references

from ..journeys.conftest import database_url
from .installation import Installation

pytestmark = [pytest.mark.thorough, pytest.mark.stack, pytest.mark.django_db(transaction=True)]
REMEDY = "set JOURNAL_INCARNATION to a letter after"
ASK = """
from transactions.inquiry import services as inquiry
from transactions.domain.errors import NotVisible
for reference, pin in {asked}:
    try:
        print('found', inquiry.find_by_pin(reference, pin, address='192.0.2.1').reference)
    except NotVisible:
        print('unknown')
"""


def address(name: str) -> str:
    return f"{database_url().rpartition('/')[0]}/{name}"


def tool(name: str, *arguments: str) -> None:
    subprocess.run([_pg_tool(name), *arguments], check=True)


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def databases():
    """Makes databases beside the test's own; they are dropped afterwards."""
    made = set()

    def make(name: str, like: str = "template0") -> str:
        full = f"by_hand_{name}_{os.getpid()}"
        run(f"DROP DATABASE IF EXISTS {full}")
        run(f"CREATE DATABASE {full} TEMPLATE {like}")
        made.add(full)
        return full

    yield make
    for name in made:
        run(f"DROP DATABASE {name}")


def holders_of(lost: list[str]) -> list[tuple[str, str]]:
    """(reference, PIN) as the first holders have them on their receipts."""
    with override_settings(RECEIPT_PIN_KEY="p" * 50):
        return [(reference, pins.derive_pin(reference)) for reference in lost]


def test_put_back_by_pg_restore_it_gives_no_number_twice(databases, tmp_path):
    first = databases("first")
    home = Installation(tmp_path / "first", more={"DATABASE_URL": address(first)})
    home.prepare()
    before = home.submit(2)
    dump = tmp_path / "portal.dump"
    tool("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={address(first)}")
    lost = home.submit(20)
    assert len({*before, *lost}) == 22
    code, said = home.run(ASK.format(asked=holders_of([before[0], lost[0]])))
    assert (code, [line for line in said.splitlines() if line]) == (0, [f"found {before[0]}", f"found {lost[0]}"])

    # A database like it, beside it, with the settings and a copy of the files of the first.
    twin = home.copy(tmp_path / "twin", "files")
    twin.more["DATABASE_URL"] = address(databases("twin", like=first))
    # The old state under another name, without the files.
    moved = Installation(tmp_path / "moved", more={"DATABASE_URL": address(databases("moved"))})
    moved.folder.mkdir()
    tool("pg_restore", "--no-owner", f"--dbname={moved.more['DATABASE_URL']}", str(dump))
    # The old state in its old place, beside its files.
    databases("first")
    tool("pg_restore", "--no-owner", f"--dbname={address(first)}", str(dump))
    for copy in (home, twin, moved):
        assert REMEDY in copy.refusal(), copy.folder
        code, said = copy.manage("verify_journal")
        assert code, said
    for letter, key, wanted in (("A", "B", "new incarnation"), ("B", "A", "This key was used before")):
        home.letter, home.key = letter, key
        assert wanted in home.refusal()

    # Both go on, by the same new letter and key.
    given = []
    for copy in (home, moved):
        copy.letter = copy.key = "B"
        assert copy.manage("check")[0] == 0
        given += copy.submit(5)
    assert len({*before, *lost, *given}) == 32
    assert all(re.fullmatch(r"C1B[A-Z]{4}-.*", reference) for reference in given)
    assert all(references.parse(reference) for reference in given)
    # The holders of what is lost are told so, and nothing of another's request.
    code, said = home.run(ASK.format(asked=holders_of([before[0], *lost])))
    assert (code, [line for line in said.splitlines() if line]) == (0, [f"found {before[0]}", *["unknown"] * 20])
    assert home.manage("verify_journal")[0] == 0
