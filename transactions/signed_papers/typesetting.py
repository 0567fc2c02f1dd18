"""Sets a sheet with Typst as PDF/A-2a: tagged, in Amiri, whose text is found again by search and read aloud."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("paper.typ")


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
