"""The document as pages anybody's web space can hold: Arabic first, readable without scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from .places import Place

HERE = Path(__file__).parent
PAGES = {"index.html": "ar", "en.html": "en"}
DOCUMENT = "status.json"
# The kind of tag the portal shows a state by.
TAGS = {"open": "success", "limited": "warning", "closed": "error"}


def write(document: Mapping[str, Any], place: Place) -> None:
    """Write every file of the site; each is whole or the one from before. OSError when the place cannot be written."""
    place.put(DOCUMENT, json.dumps(document, ensure_ascii=False, indent=1))
    for name, language in PAGES.items():
        with translation.override(language):
            place.put(name, render_to_string("status_site/page.html", context_of(document, language)))
    with translation.override("ar"):
        place.put("atom.xml", render_to_string("status_site/atom.xml", context_of(document, "ar")))
    for name in ("status.css", "status.js"):
        place.put(name, (HERE / name).read_text(encoding="utf-8"))


def context_of(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What the templates show, in one language, with moments as moments."""

    as_of = datetime.fromisoformat(document["as_of"])

    def notice(row: Mapping[str, Any]) -> dict[str, Any]:
        moments = ("starts_at", "ended_at", "next_update_at", "announced_at")
        values = {name: _moment(row.get(name)) for name in moments}
        other = row["text_en" if language == "ar" else "text_ar"]
        words = {"text": row[f"text_{language}"], "about": row[f"about_{language}"], "other": other}
        due = values["next_update_at"]
        overdue = due is not None and due < as_of
        return {**row, **values, **words, "due": row.get("next_update_at"), "overdue": overdue}

    def named(row: Mapping[str, Any]) -> dict[str, Any]:
        moments = {name: _moment(row.get(name)) for name in ("since", "probed_at", "first", "last")}
        return {**row, "name": row[language], "kind": TAGS.get(row.get("state", ""), "plain"), **moments}

    return {
        "document": document,
        "language": language,
        "as_of": as_of,
        "newer_by": _moment(document["newer_by"]),
        "components": [named(row) for row in document["components"]],
        "offices": [named(row) for row in document["offices"]],
        "incidents": [notice(row) for row in document["incidents"]],
        "history": [notice(row) for row in document["history"]],
        "lost": [named(row) for row in document["lost"]],
        # Documents from before piles were told have none.
        "piles": [named(row) | {"counted_at": _moment(row["as_of"])} for row in document.get("piles", ())],
    }


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
