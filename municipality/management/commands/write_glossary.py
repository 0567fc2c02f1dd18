"""Render the glossary's data into docs/glossary.md."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from municipality.services import DATA

PATH = Path(settings.BASE_DIR) / "docs" / "glossary.md"
HOW_TO_READ = (
    "In code, a name with dots is one to import, one with slashes is a file. Others say what they are: a `service`, a",
    "`question` or `document` of one and the `paper` it ends with (permits/catalogue/), a `move` (docs/workflow.md),",
    "the `notice` of a move (transactions/text/wording.py), the `page` at an address, a kind of `id`",
    "(accounts/id_kinds.py). – stands where the code has no name. `tests/municipality/test_glossary.py` looks all of",
    "them up.",
)


def render() -> str:
    data = json.loads((DATA / "glossary.json").read_text(encoding="utf-8"))
    lines = [
        "# Glossary",
        "",
        "Arabic, English and the name in code. Written by `manage.py write_glossary` from",
        "`municipality/data/glossary.json`; a test fails when it is stale.",
        "",
        data["about"],
        "",
        *HOW_TO_READ,
    ]
    for category, terms in groupby(data["terms"], key=lambda term: term["category"]):
        lines += ["", f"## {category}", "", "| Arabic | English | in code |", "|---|---|---|"]
        lines += [f"| {term['ar']} | {term['en']} | {_in_code(term['code'])} |" for term in terms]
    return "\n".join(lines) + "\n"


def _in_code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


class Command(BaseCommand):
    help = "Write docs/glossary.md from the glossary's data."

    def handle(self, *args: Any, **options: Any) -> None:
        PATH.write_text(render(), encoding="utf-8")
