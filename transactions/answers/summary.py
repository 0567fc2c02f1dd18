"""Answers and files in words, for check-your-answers, the request's page and the case page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.hijri import in_calendar
from core.templatetags.portal import both_dates
from core.text import western_digits, written_code
from municipality.services import districts_by_code

from ..domain.service_types import Answers, Document, Field, Group, Kind, ServiceType
from ..models import Attachment
from .cleaning import UNLISTED
from .corners import corners_in_words


@dataclass(frozen=True)
class Row:
    """A question and its answer in words."""

    name: str
    label: object
    value: object


@dataclass(frozen=True)
class Section:
    """One page of questions; `repeated` are the rows of its groups, each a list of Row under a heading."""

    code: str
    title: object
    rows: list[Row]
    repeated: list[tuple[str, list[Row]]]


@dataclass(frozen=True)
class DocumentFiles:
    """A document of the service and the files given for it."""

    document: Document
    files: list[Attachment]


@dataclass(frozen=True)
class Summary:
    sections: list[Section]
    papers: list[DocumentFiles]
    dropped: list[Row]


def summarise(service: ServiceType, answers: Answers, files: Iterable[Attachment]) -> Summary:
    """Everything that was answered and attached, in the order of the service's pages. At most one query."""
    held: dict[str, list[Attachment]] = {}
    for file in files:
        held.setdefault(file.document, []).append(file)
    sections_shown = []
    for step in service.steps:
        rows, repeated = [], []
        for spec in step.fields:
            if spec.when is not None and not spec.when(answers):
                continue
            if isinstance(spec, Group):
                for number, item in enumerate(rows_of(answers.get(spec.name)), start=1):
                    cells = [
                        Row(field.name, field.label, in_words(field, item.get(field.name))) for field in spec.fields
                    ]
                    repeated.append((f"{spec.item_label} {number}", cells))
            else:
                rows.append(Row(spec.name, spec.label, in_words(spec, answers.get(spec.name))))
        sections_shown.append(Section(step.code, step.title, rows, repeated))
    papers = [DocumentFiles(document, held.pop(document.code, [])) for document in service.documents]
    papers += [
        DocumentFiles(Document(code, _("A document that is no longer asked for")), files)
        for code, files in held.items()
    ]
    asked = {spec.name for spec in service.fields()}
    dropped = [Row(name, name, as_typed(answer)) for name, answer in answers.items() if name not in asked]
    return Summary(sections_shown, [paper for paper in papers if paper.files], dropped)


def answer_in_words(spec: Field | Group, value: Any) -> object:
    """An answer to a question or a group of questions, in one line."""
    if isinstance(spec, Field):
        return in_words(spec, value)
    items = [
        format_html("{} {}: {}", spec.item_label, number, format_html_join(" · ", "{} {}", _cells(spec, item)))
        for number, item in enumerate(rows_of(value), start=1)
    ]
    return format_html_join("; ", "{}", ((item,) for item in items)) or "—"


def _cells(group: Group, item: Answers) -> list[tuple[object, object]]:
    return [(field.label, in_words(field, item.get(field.name))) for field in group.fields]


def rows_of(value: Any) -> list[Answers]:
    """The rows of a group; none of an answer from when the question was no group."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def in_catalogue_order(service: ServiceType, files: Iterable[Attachment]) -> list[Attachment]:
    """Files as the service asks for them, those of one document by their age; what it asks for no more comes last."""
    place = {document.code: number for number, document in enumerate(service.documents)}
    return sorted(files, key=lambda file: (place.get(file.document, len(place)), file.pk))


def in_words(field: Field, value: Any) -> object:
    """An answer as people read it; a dash when there is none."""
    if value in (None, "", []):
        return "—"
    if field.kind is Kind.MULTIPLE and isinstance(value, list):
        labels = dict(field.choices)
        return _(", ").join(str(labels.get(item, item)) if isinstance(item, str) else str(item) for item in value)
    if isinstance(value, (list, dict)):  # from when this question was a group
        return as_typed(value)
    match field.kind:
        case Kind.CHOICE | Kind.MULTIPLE:
            return dict(field.choices).get(value, value)
        case Kind.ACKNOWLEDGE:
            return _("Confirmed") if value else _("Not confirmed")
        case Kind.DATE:
            day = parse_day(value)
            return both_dates(day) if day else as_typed(western_digits(str(value)))
        case Kind.DISTRICT:
            if value == UNLISTED:
                return _("Not on the list")
            district = districts_by_code().get(value)
            return district.name if district else as_typed(value)
        case Kind.DECIMAL | Kind.INTEGER if field.unit:
            return format_html('<bdi dir="ltr">{}</bdi> {}', western_digits(str(value)), field.unit)
        case Kind.DECIMAL | Kind.INTEGER:
            return as_typed(western_digits(str(value)))
        case Kind.CORNERS:
            return corners_in_words(value) or as_typed(value)
        case Kind.TEXT if field.code:
            # Requests from before these were kept in one form keep what their receipt speaks of; pages tell it in ours.
            return as_typed(written_code(str(value)))
        case _other:
            return as_typed(value)


def parse_day(value: object) -> date | None:
    """The day of an answer that was checked, which is ISO; None of one as typed: Hijri, or no day of our calendar."""
    try:
        day = parse_date(str(value)) if str(value)[:1] in "12" and "-" in str(value) else None
    except ValueError:
        return None
    return day if day and in_calendar(day) else None


def as_typed(value: object) -> SafeString:
    """What a person wrote, in its own direction; words of ours follow the page."""
    return format_html("<bdi>{}</bdi>", value)
