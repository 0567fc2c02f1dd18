"""Which tests one process runs together, and which begin first, so that all processes end at about the same time."""

from __future__ import annotations

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

# These break one set of servers, which takes half a minute to start.
STACK = {f"tests/faults/test_{name}.py" for name in ("broker", "database", "kills", "odd", "upgrade")}
# Each test of these takes long, and none needs another's fixtures.
ONE_BY_ONE = {
    "tests/faults/test_scripts.py",
    "tests/journeys/test_apply_face.py",
    "tests/journeys/test_face.py",
    "tests/journeys/test_staff_face.py",
    "tests/journeys/test_stories.py",
    "tests/portal/test_access_matrix.py",
    "tests/portal/test_any_date.py",
    "tests/transactions/test_retired_services.py",
}


class TogetherByFile(LoadFileScheduling):
    """Tests of one file go to one process, but for those above."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if file in STACK:
            return "stack"
        return nodeid if file in ONE_BY_ONE else file


def sort(items: list[pytest.Item]) -> None:
    """What takes long first, file by file; the rest fills up the gaps."""

    def rank(item: pytest.Item) -> tuple[int, str]:
        file = item.nodeid.split("::", 1)[0]
        if file in STACK:
            return 0, ""
        dear = any(item.get_closest_marker(name) for name in ("browser", "stack", "thorough"))
        return (1 if file in ONE_BY_ONE else 2 if dear else 3), file

    items.sort(key=rank)
