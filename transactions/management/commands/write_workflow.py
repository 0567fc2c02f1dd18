"""Render the lifecycle table into docs/workflow.md, which people read instead of a diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from ...domain.workflow import MOVES, SEPARATED_DUTIES, Status

PATH = Path(settings.BASE_DIR) / "docs" / "workflow.md"


def render() -> str:
    """The page, in English, from workflow.MOVES."""
    with translation.override("en"):
        lines = [
            "# The lifecycle",
            "",
            "Written by `manage.py write_workflow` from `transactions/domain/workflow.py`; a test fails when stale.",
            "A forward move is open only at the stage that names it as its end.",
            "",
            "| move | from | to | who | reason | forward |",
            "|---|---|---|---|---|---|",
        ]
        order = list(Status)
        for move in MOVES:
            sources = ", ".join(status.value for status in sorted(move.sources, key=order.index))
            lines.append(
                f"| {move.name} | {sources} | {move.target} | {', '.join(who.value for who in move.who)} "
                f"| {'yes' if move.needs_reason else ''} | {'yes' if move.forward else ''} |"
            )
        lines += ["", "## Duties that check one another", ""]
        lines += ["Whoever has moved a case in one line moves it in no other, whatever posts they hold.", ""]
        lines += [f"- {', '.join(sorted(hand))}" for hand in SEPARATED_DUTIES]
        lines += ["", "## Status", "", "| status | in words |", "|---|---|"]
        lines += [f"| {status.value} | {status.label} |" for status in Status]
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    help = "Write docs/workflow.md from the table of moves."

    def handle(self, *args: Any, **options: Any) -> None:
        PATH.write_text(render(), encoding="utf-8")
