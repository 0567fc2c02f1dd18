"""The subject of a commit: at most 72 characters, a verb of the list first, no full stop at its end.

pre-commit calls it with the file that holds the message, `git rebase --exec` may.
"""

from __future__ import annotations

import sys
from pathlib import Path

VERBS = ("Add", "Fix", "Change", "Remove", "Document", "Test")
MAX_LENGTH = 72


def faults(subject: str) -> list[str]:
    """What is wrong with a subject; nothing when it is good."""
    if subject.startswith(("Merge ", "Revert ", "fixup! ", "squash! ")):
        return []
    problems = []
    if not subject.startswith(tuple(f"{verb} " for verb in VERBS)):
        problems.append(f"begin with one of {', '.join(VERBS)}")
    if len(subject) > MAX_LENGTH:
        problems.append(f"{len(subject)} characters, at most {MAX_LENGTH}")
    if subject.endswith("."):
        problems.append("no full stop at the end")
    return problems


if __name__ == "__main__":
    message = Path(sys.argv[1]).read_text(encoding="utf-8")
    first = next((line for line in message.splitlines() if line and not line.startswith("#")), "")
    if wrong := faults(first):
        sys.exit(f"{first}\n  " + "\n  ".join(wrong))
