"""What the journal binds of a request: a hash of exactly which answers and files, and of what a paper says. Pure.

`content` of an entry is the first 32 hexadecimal digits of SHA-256(mark_salt of the transaction ‖ JSON of the content
with sorted keys, no spaces, UTF-8). The salt keeps answers from being guessed back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def content_hash(salt: str, content: Mapping[str, Any]) -> str:
    """The hash as a journal entry and the row beside it hold it."""
    packed = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{salt}{packed}".encode()).hexdigest()[:32]


def answers_hash(salt: str, answers: Mapping[str, Any], files: Iterable[str]) -> str:
    """Of a version of the answers with the files in force then, given by their SHA-256."""
    return content_hash(salt, {"answers": answers, "files": sorted(files)})
