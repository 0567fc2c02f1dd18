"""Names in code are the field's, and stay so: words that only insiders know are not used again (docs/writing.md)."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator

import pytest
from django.conf import settings

# As a whole name, leading underscores aside → what to write instead.
PRIVATE_NAMES = {
    "away": "database_unavailable",
    "dealing": "authorisation_event",
    "dealings": "authorisation_events",
    "doorbell": "wake_up",
    "filer": "submitted_by",
    "form_page": "require_GET_or_POST",
    "found": "what it is: case, office, match, result",
    "gone": "deleted, missing, moved",
    "kept": "stored, saved, cached",
    "late_anyhow": "overdue",
    "late_by": "days_late",
    "leftovers": "cleanup",
    "let_in": "create_api_token, grant_staff_access",
    "lives": "is_alive",
    "more_patience": "extend_deadline",
    "moving": "transition",
    "office_is_out": "authorisation_has_ended",
    "one": "what it is: row, number, name, first",
    "owe": "enqueue",
    "pieces": "chunks",
    "pressed_on": "post_only",
    "pulse": "statistics",
    "ring": "notify_workers",
    "said": "message, text, description",
    "shut_out": "revoke_api_token",
    "since_the_last": "age",
    "standing": "deadline_status",
    "stands_at": "is_at_version",
    "tell": "notify",
    "told": "notified",
    "work_out": "calculate",
}
# A constant that bounds something says which side it bounds.
BOUNDS = {
    "MOST_": "MAX_",
    "LARGEST_": "MAX_",
    "LONGEST_": "MAX_",
    "DEEPEST": "MAX_",
    "LEAST_": "MIN_",
    "SMALLEST_": "MIN_",
}
# Names that others hold us to.
ALLOWED = {
    ("api/v1/service_shapes.py", "filer"),  # a field of the API
}

# Written while the names changed; each leaves this list when it is put into the field's words.
STILL = frozenset(
    [
        "continuity/vault/__main__.py",
        "continuity/vault/barman.py",
        "continuity/vault/keeping.py",
        "continuity/vault/record.py",
        "continuity/vault/restoring.py",
        "continuity/vault/sealing.py",
        "continuity/vault/server.py",
        "continuity/vault/store.py",
        "transactions/books/promises.py",
        "transactions/models/incidents.py",
        "transactions/notifications/incident_notices.py",
        "transactions/tasks.py",
    ]
)


def python_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=settings.BASE_DIR, capture_output=True, text=True)
    own = [name for name in listed.stdout.split() if "/migrations/" not in name and not name.startswith("tests/")]
    return [name for name in own if name not in STILL]


def identifiers(source: str) -> Iterator[tuple[int, str]]:
    """Every name that a module gives to something of its own, with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str() as name):
                yield node.lineno, name


def why_private(name: str) -> str:
    """What to write instead; empty for a name that anybody understands."""
    bare = name.strip("_")
    if bare.isupper():
        return next(
            (f"{new}…" for old, new in BOUNDS.items() if bare.startswith(old)), PRIVATE_NAMES.get(bare.lower(), "")
        )
    return PRIVATE_NAMES.get(bare.lower(), "")


@pytest.mark.parametrize("name", python_files())
def test_no_name_is_private_idiom(name):
    source = (settings.BASE_DIR / name).read_text(encoding="utf-8")
    own = [(line, word) for line, word in identifiers(source) if (name, word) not in ALLOWED]
    private = [f"{name}:{line} {word}: write {why}" for line, word in own if (why := why_private(word))]
    assert not private, "\n".join(private)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def owe(): ...", ["owe"]),
        ("def _told(case): ...", ["_told"]),
        ("class Dealing: ...", ["Dealing"]),
        ("for one in rows: ...", ["one"]),
        ("found = [said for said in rows]", ["found", "said"]),
        ("def check(*, kept): ...", ["kept"]),
        ("MOST_CHARACTERS = 3", ["MOST_CHARACTERS"]),
        ("from a import b as pieces", ["pieces"]),
        ("self.said = 1", ["said"]),
        ("foundation = one_line = told_once = row.said", []),
        ("MAX_CHARACTERS = most = 3", []),
    ],
)
def test_a_private_name_is_noticed_wherever_it_is_given(source, names):
    assert sorted(word for _line, word in identifiers(source) if why_private(word)) == sorted(names)
