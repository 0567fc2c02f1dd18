"""Sets a sheet with Typst as PDF/A-2a: tagged, in Amiri, whose text is found again by search and read aloud.

Run as a program it reads {"sheet": …, "at": …, "template": …} and writes the PDF, for whoever answers a page meanwhile
(`typeset_apart`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("paper.typ")
# Fifty slips take two seconds on an idle machine.
SECONDS = 60


def typeset(
    sheet: dict[str, Any], at: datetime, template: Path = TEMPLATE, standards: Sequence[str] = ("a-2a",)
) -> bytes:
    """The PDF of a sheet, as of `at`; the same sheet and moment give the same bytes. RuntimeError when it cannot be."""
    # Loaded by whoever draws alone: a web process never does.
    import fontpkg_amiri
    import typst

    compiled: Any = typst.compile  # its stub leaves the kind of its result open
    made = compiled(
        template.read_bytes(),
        None,
        font_paths=[str(fontpkg_amiri.ROOT)],
        ignore_system_fonts=True,
        pdf_standards=list(standards),
        timestamp=int(at.timestamp()),
        sys_inputs={"paper": json.dumps(sheet, ensure_ascii=False)},
    )
    if not isinstance(made, bytes):
        raise RuntimeError("Typst made no single file")
    return made


def typeset_apart(sheet: dict[str, Any], at: datetime, template: Path) -> bytes:
    """The same, set by a process of its own that ends with it. RuntimeError when it cannot be, or takes too long."""
    message = json.dumps({"sheet": sheet, "at": at.isoformat(), "template": str(template)})
    root = Path(__file__).resolve().parents[2]
    try:
        process = subprocess.run(
            [sys.executable, "-m", "transactions.signed_papers.typesetting"],
            input=message.encode(),
            capture_output=True,
            cwd=root,
            timeout=SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        detail = error.stderr.decode(errors="replace")[-500:] if error.stderr else error
        raise RuntimeError(f"the sheet could not be set: {detail}") from error
    return process.stdout


if __name__ == "__main__":
    message = json.load(sys.stdin)
    moment = datetime.fromisoformat(message["at"])
    sys.stdout.buffer.write(typeset(message["sheet"], moment, Path(message["template"])))
