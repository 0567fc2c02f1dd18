"""A file made once: of many that come at the same moment all read the same, and nobody reads half of it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.write_once import write_once
from journal.keys import load


def test_of_many_at_once_all_have_the_first_ones(tmp_path):
    path = tmp_path / "folder" / "key"
    with ThreadPoolExecutor(16) as threads:
        read = list(threads.map(lambda number: write_once(path, bytes([number]) * 100_000), range(64)))
    assert set(read) == {path.read_bytes()}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path], "nothing half-made is left"


def test_what_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_once(tmp_path / "key", b"content")
    assert not list(tmp_path.iterdir())


def test_a_key_made_at_once_by_many_is_one(tmp_path):
    made = load.__wrapped__  # as in processes of their own, without what this one remembers
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _each: made("", str(tmp_path / "key"), True), range(32)))
    assert len({key.private_bytes_raw() for key in keys}) == 1
