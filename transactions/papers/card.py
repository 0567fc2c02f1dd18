"""What whoever checks a paper is told of it, from its frozen content: enough to compare, and no whole name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.templatetags.portal import both_dates, ltr
from core.text import isolated

from ..models import IssuedDocument, PaperContent
from .paper_content import APPROVED, OBJECTION, RECEIVED, REJECTED
from .validity import in_force_until

Rows = list[tuple[str, object]]
# Small words of a name that say nothing by themselves; they stay.
PARTICLES = frozenset(["بن", "بنت", "ابن", "آل", "عبد", "bin", "bint", "ibn", "al"])
MASK = "•••"


def masked(name: str) -> str:
    """A person's name with the first letter of each word alone, however long the words are."""
    return " ".join(word if word.casefold() in PARTICLES else f"{word[0]}{MASK}" for word in name.split())


def describe(content: PaperContent) -> Rows:
    """Kind, numbers, holder, plot, key figures and validity, in the reader's language."""
    return list(_rows(content))


def _rows(content: PaperContent) -> Iterator[tuple[str, object]]:
    frozen = content.content
    page = frozen.get(get_language() or "ar") or frozen["ar"]
    yield _("Document type"), kind_of(content, page)
    if content.document is not None:
        yield _("Document number"), ltr(content.document.number)
    yield _("Transaction number"), ltr(frozen["reference"])
    if frozen.get("plot"):
        yield _("Plan and parcel"), ltr(frozen["plot"])
    yield from compared(content)
    yield _("Issued on"), both_dates(content.at)
    if content.document is not None:
        yield from validity(content.document)


def facts(content: PaperContent) -> dict[str, Any]:
    """The same as plain values, for programs."""
    frozen, document = content.content, content.document
    page = frozen.get(get_language() or "ar") or frozen["ar"]
    successor = document.replaced_by if document else None
    return {
        "kind": content.what,
        "number": document.number if document else "",
        "reference": frozen["reference"],
        "holder": _holder(frozen, page),
        "plot": frozen.get("plot", ""),
        "figures": [{"label": cell["label"], "value": _plain(cell)} for cell in page.get("figures", ())],
        "issued_at": content.at,
        "valid_until": in_force_until(document) if document else None,
        "ended_at": document.ended_at if document else None,
        "replaced_by": successor.number if successor else "",
    }


def compared(content: PaperContent) -> Rows:
    """Holder and key figures alone, for a page that says the rest already."""
    frozen = content.content
    page = frozen.get(get_language() or "ar") or frozen["ar"]
    return [
        (_("Holder"), isolated(_holder(frozen, page))),
        *((cell["label"], _value(cell)) for cell in page.get("figures", ())),
    ]


def kind_of(content: PaperContent, page: dict[str, Any]) -> str:
    """What it is called: the title of the paper, or what it says of a request."""
    titles = {
        RECEIVED: _("Receipt of a request"),
        APPROVED: _("Approval of a request"),
        REJECTED: _("Refusal of a request"),
        OBJECTION: _("Decision on an objection"),
    }
    return titles.get(content.what) or str(page["title"])


def _holder(frozen: dict[str, Any], page: dict[str, Any]) -> str:
    """An establishment's name is public, as its number is, which its papers bear; a person's is not."""
    name = str(frozen["applicant"])
    is_establishment = any(row.get("label") in _unified_labels() for row in page.get("rows", ()))
    return name if is_establishment else masked(name)


def _unified_labels() -> tuple[str, ...]:
    return (_("Unified number"),)


def _value(cell: dict[str, str]) -> object:
    if day := parse_date(cell.get("date", "")):
        return both_dates(day)
    return isolated(_plain(cell))


def _plain(cell: dict[str, str]) -> str:
    return cell.get("date") or f"{cell.get('value', '')} {cell.get('unit', '')}".strip()


def validity(document: IssuedDocument) -> Iterator[tuple[str, object]]:
    """Until when it holds, or since when no more."""
    if document.ended_at:
        yield _("No longer valid since"), both_dates(document.ended_at)
        if document.replaced_by:
            yield _("Replaced by document"), ltr(document.replaced_by.number)
    elif until := in_force_until(document):
        yield _("Expired on") if is_past(until) else _("In force until"), both_dates(until)


def is_past(day: date) -> bool:
    return day < timezone.localdate()
