"""Files named against files there, in one pass over the rows and the store, folder by folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from django.core.files.storage import default_storage

from ..models import STORED, Attachment, SignedPaper

# Nothing else in the place is a whole file of ours (sweep_files).
FOLDER = re.compile(r"[0-9a-f]{2}")
# The daily sweep takes away what belongs to nobody after a day; what is older was left by it.
SWEPT = timedelta(days=2)
AT_ONCE = 500


class Compared(NamedTuple):
    """How many files requests name and how many lie there; those missing (name, request), those that nobody named."""

    named: int
    there: int
    missing: list[tuple[str, int]]
    stray: list[str]


def compared(now: datetime) -> Compared:
    """Every file that a request names, against the store. OSError when the store does not answer."""
    folders = dict.fromkeys(sorted(filter(FOLDER.fullmatch, default_storage.listdir("")[0])))
    named = there = 0
    missing: list[tuple[str, int]] = []
    stray: list[str] = []
    for folder, rows in _by_folder():
        # Rows were read first: a file is stored before its row, so whatever a row names is listed after it.
        listed = set(default_storage.listdir(folder)[1]) if folder in folders else set()
        folders.pop(folder, None)
        wanted = [(name, case) for name, case, removed in rows if case is not None and removed is None]
        lost = [(f"{folder}/{name}", case) for name, case in wanted if name not in listed]
        named, there, missing = named + len(wanted), there + len(wanted) - len(lost), missing + lost
        stray += _left(folder, listed.difference(name for name, _case, _removed in rows), now)
    for folder in folders:
        stray += _left(folder, set(default_storage.listdir(folder)[1]), now)
    return Compared(named, there, missing, stray)


def _by_folder() -> Iterator[tuple[str, list[tuple[str, int | None, datetime | None]]]]:
    """One ordered walk, so that no folder is asked of the database by itself. What was issued is never removed."""
    files = Attachment.objects.order_by("stored_as").values_list("stored_as", "transaction_id", "removed_at")
    papers = SignedPaper.objects.order_by("stored_as").values_list("stored_as", "transaction_id")
    unremoved = ((name, case, None) for name, case in papers.iterator())
    rows = merge(files.iterator(), unremoved, key=lambda row: row[0])
    for folder, some in groupby(rows, lambda row: row[0].rpartition("/")[0]):
        yield folder, [(name.rpartition("/")[2], case, removed) for name, case, removed in some]


def _left(folder: str, names: set[str], now: datetime) -> list[str]:
    """Those of these that are old, and that no row names now either."""
    old = [path for path in (f"{folder}/{name}" for name in sorted(names)) if _is_old(path, now)]
    known: set[str] = set()
    for start in range(0, len(old), AT_ONCE):
        for kind in STORED:
            some = kind._default_manager.filter(stored_as__in=old[start : start + AT_ONCE])
            known.update(some.values_list("stored_as", flat=True))
    return [path for path in old if path not in known]


def _is_old(path: str, now: datetime) -> bool:
    try:
        return default_storage.get_modified_time(path) < now - SWEPT
    except FileNotFoundError:
        return False
