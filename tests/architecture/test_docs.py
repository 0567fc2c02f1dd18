"""What the documents and the comments call by name is there under that name."""

from __future__ import annotations

import re
import subprocess
import tokenize
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from transactions.domain.workflow import BY_NAME
from transactions.notifications.changes import NO_NEWS
from transactions.notifications.notices import NOTIFIED_MOVES

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/operations.md", "docs/faults.md")
IN_DOCUMENTS = re.compile(r"`([\w./-]+\.(?:py|html|css|js|toml|conf|yml|md))`")
IN_COMMENTS = re.compile(r"(?<![\w./*<-])((?:[\w-]+/)*[a-z_]+\.py)\b")
# Kept where the portal runs, not here.
MADE = {"pg_hba.conf"}


@cache
def files() -> frozenset[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return frozenset(listed.stdout.split())


def is_there(name: str) -> bool:
    return name in MADE or any(file == name or file.endswith(f"/{name}") for file in files())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_a_document_names_is_there(document):
    named = set(IN_DOCUMENTS.findall((ROOT / document).read_text(encoding="utf-8")))
    assert sorted(name for name in named if not is_there(name)) == []


def test_every_module_a_comment_names_is_there():
    missing = []
    for file in sorted(files()):
        if not file.endswith(".py") or file.startswith("tests/") or "/migrations/" in file:
            continue
        with (ROOT / file).open("rb") as source:
            for token in tokenize.tokenize(source.readline):
                if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string[:3] == '"""'):
                    missing += [f"{file}: {name}" for name in IN_COMMENTS.findall(token.string) if not is_there(name)]
    assert missing == []


def test_whoever_is_notified_of_a_move_is_notified_of_one_there_is():
    assert NOTIFIED_MOVES - {"submit"} <= set(BY_NAME)
    assert set(NO_NEWS) - {"submit"} <= set(BY_NAME)
