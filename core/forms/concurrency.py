"""Two windows on one row: the later save does not wipe the earlier one unseen.

A form carries the fingerprint of what it showed when it was opened. When it is sent and what is stored has another
fingerprint by then, nothing is written: the page shows both, and a second press, with the fingerprint of what the
person has now seen, puts theirs in its place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# The name of the hidden box.
FIELD = "version_seen"


def fingerprint(values: Mapping[str, Any]) -> str:
    """16 characters that differ when any of these values does. What is empty, not ticked and missing are the same."""
    there = {name: value for name, value in values.items() if value not in (None, False, "", [], {})}
    packed = json.dumps(there, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(packed.encode()).hexdigest()[:16]


def same(first: Any, other: Any) -> bool:
    """Do two answers say the same?"""
    return fingerprint({"": first}) == fingerprint({"": other})


def is_stale(sent: str | None, values: Mapping[str, Any]) -> bool:
    """Was the form opened at another state than this? A program that sends no fingerprint has not looked."""
    return bool(sent) and sent != fingerprint(values)
