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


def render() -> str:
    data = json.loads((DATA / "glossary.json").read_text(encoding="utf-8"))
    lines = [
        "# Glossary",
        "",
        "Arabic, English and the name in code. Written by `manage.py write_glossary` from",
        "`municipality/data/glossary.json`; a test fails when it is stale.",
        "",
        data["about"],
    ]
    for category, terms in groupby(data["terms"], key=lambda term: term["category"]):
        lines += ["", f"## {category}", "", "| Arabic | English | in code |", "|---|---|---|"]
        lines += [f"| {term['ar']} | {term['en']} | `{term['key']}` |" for term in terms]
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    help = "Write docs/glossary.md from the glossary's data."

    def handle(self, *args: Any, **options: Any) -> None:
        PATH.write_text(render(), encoding="utf-8")
