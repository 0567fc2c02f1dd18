"""What the portal writes into its log, as production writes it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log lines of this process so far."""
    ours = next(one for one in logging.getLogger().handlers if "Json" in type(one.formatter).__name__)
    stream, before, level = io.StringIO(), ours.stream, logging.getLogger().level
    ours.setStream(stream)
    logging.getLogger().setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    ours.setStream(before)
    logging.getLogger().setLevel(level)
