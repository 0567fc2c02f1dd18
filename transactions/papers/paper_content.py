"""What a paper of the city says, as data in both languages, to be frozen when it is issued or decided. No queries.

Everything a reader sees of a permit, minutes, a letter or a decision is in the content: names, offices, figures, words,
files with their hashes. Dates are ISO and shown in both calendars. Nothing is looked up again when it is read, so that
a name put right, an office renamed or a sentence reworded changes no paper that was given.

Facts are plain values and rows' attributes only, so that the migration that freezes old papers can gather them too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from core.numbers import money_in_words

from ..answers.cleaning import UNLISTED
from ..answers.corners import corners_in_words
from ..answers.summary import parse_day, rows_of
from ..domain.objections import ObjectionOutcome
from ..domain.plots import frozen_shape, shape_of
from ..domain.service_types import Answers, Field, Group, Kind, ServiceType
from ..text import two_languages
from . import letter_words
from .letter_words import Named as Named
from .letter_words import Signatory

FORM = 2
# The shape of an establishment's ID (accounts.id_kinds), also for rows of a migration, which know no kinds.
UNIFIED_NUMBER = re.compile(r"7\d{9}$")
# What a document of drawings takes and no other paper does.
DWG = "image/vnd.dwg"
# What a content is of, besides the kinds of outputs.
RECEIVED, APPROVED, REJECTED, OBJECTION = "received", "approved", "rejected", "objection"
# Those that go out as letters with the reasons of whoever decided, to be signed.
LETTERS = frozenset({REJECTED, OBJECTION})
# Longer than any plan and parcel number together that a question takes.
MAX_PLOT_LENGTH = 64


@dataclass(frozen=True)
class PaperFacts:
    """What is known of a case when a paper is made. `files` are those in force; `fee` is (amount, payment number);
    `unified_number` is that of an establishment, which is public. People's numbers are on no paper.
    """

    reference: str
    applicant: str
    office: Named
    engineering_office: Named | None
    licence_number: str
    answers: Answers
    answers_version: int
    files: tuple[dict[str, str], ...]
    fee: tuple[str, str] | None
    district: Callable[[str], Named | None]
    inspections: tuple[dict[str, Any], ...] = ()
    unified_number: str = ""
    signatory: Signatory | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)


def facts_of(
    case: Any,
    files: Iterable[Any],
    fee: Any,
    district: Callable[[str], Named | None],
    inspections: Iterable[Any] = (),
) -> PaperFacts:
    """The facts in a transaction's row and those beside it, of today's models or of a migration's."""
    engineers = case.authorisation.office if case.authorisation else None
    return PaperFacts(
        reference=case.reference,
        applicant=case.applicant.full_name,
        office=Named(case.branch.name_ar, case.branch.name_en) if case.branch else Named("", ""),
        engineering_office=Named(engineers.name_ar, engineers.name_en) if engineers else None,
        licence_number=engineers.licence_number if engineers else "",
        answers=case.answers,
        answers_version=case.answers_version,
        files=files_of(files),
        fee=(money_in_words(fee.amount), fee.payment_reference) if fee else None,
        unified_number=case.applicant.national_id if UNIFIED_NUMBER.match(case.applicant.national_id) else "",
        district=district,
        signatory=Signatory.of(case.branch),
        inspections=tuple(
            {
                "visited_on": visit.visited_on.isoformat(),
                "result": visit.result,
                "findings": visit.findings,
                **({"own_words": visit.own_words} if getattr(visit, "own_words", None) else {}),
                "photographs": sorted(picture.sha256 for picture in visit.photographs.all()),
            }
            for visit in inspections
        ),
    )


def files_of(files: Iterable[Any]) -> tuple[dict[str, str], ...]:
    """Rows of attachments as a content holds them, in an order of its own."""
    return tuple(
        {"document": file.document, "name": file.original_name, "sha256": file.sha256, "key": str(file.key)}
        for file in sorted(files, key=lambda file: (file.document, file.pk))
    )


def plot_of(answers: Answers) -> str:
    """The plot a paper is about, for the journal and whoever compares; empty where no plot is named."""
    numbers = [str(answers.get(name, "")) for name in ("plan_number", "parcel_number")]
    return " / ".join(numbers)[:MAX_PLOT_LENGTH] if all(numbers) else ""


def document_content(
    service: ServiceType,
    facts: PaperFacts,
    *,
    number: str,
    issued_at: datetime,
    valid_until: date | None,
    replaces: str = "",
) -> dict[str, Any]:
    """The content of a permit, minutes or letter; `replaces` is the number of one that is no longer valid."""
    pages = _pages(lambda: _paper_page(service, facts, valid_until, replaces))
    until = valid_until.isoformat() if valid_until else ""
    return _head(service, service.output.kind, facts) | {
        "number": number,
        "issued_at": issued_at.astimezone(UTC).isoformat(),
        "valid_until": until,
        **pages,
    }


def decision_content(
    service: ServiceType,
    facts: PaperFacts,
    *,
    outcome: str,
    reason: str,
    own_words: Mapping[str, str] | None = None,
    at: datetime,
) -> dict[str, Any]:
    """The content of an approval or a refusal; its reason also by language, where that was noted (`own_words`)."""

    def page() -> dict[str, Any]:
        title = str(service.title)
        refusal = letter_words.refusal_words(title, plot_of(facts.answers)) if outcome == REJECTED else {}
        return {"title": title, "office": facts.office.here(), **refusal, **_signed(facts), **_approved(service, facts)}

    decided = {"reason": reason, **({"own_words": dict(own_words)} if own_words else {})}
    return _head(service, outcome, facts) | {**decided, "at": at.astimezone(UTC).isoformat(), **_pages(page)}


@dataclass(frozen=True)
class ObjectionDecision:
    """How an objection was decided. `money` is what the fee was and is, where it was changed; `files` are hashes."""

    kind: str
    outcome: str
    reason: str
    own_words: Mapping[str, str]
    money: Mapping[str, str]
    files: tuple[str, ...]
    office: Named
    signatory: Signatory | None

    @property
    def upheld(self) -> bool:
        return self.outcome == ObjectionOutcome.UPHELD


def objection_content(
    service: ServiceType, facts: PaperFacts, decision: ObjectionDecision, *, at: datetime
) -> dict[str, Any]:
    """The content of the letter that tells the outcome of an objection, by the office that decided."""

    def page() -> dict[str, Any]:
        title, plot = str(service.title), plot_of(facts.answers)
        words = letter_words.objection_words(title, plot, decision.kind, upheld=decision.upheld, money=decision.money)
        signatory = {"signatory": decision.signatory.here()} if decision.signatory else {}
        return {"title": title, "office": decision.office.here(), **words, **signatory}

    decided: dict[str, Any] = {"objection": decision.kind, "outcome": decision.outcome, "reason": decision.reason}
    decided |= {"own_words": dict(decision.own_words), **decision.money, "objection_files": list(decision.files)}
    return _head(service, OBJECTION, facts) | {**decided, "at": at.astimezone(UTC).isoformat(), **_pages(page)}


def receipt_content(service: ServiceType, facts: PaperFacts, *, at: datetime, channel: str) -> dict[str, Any]:
    """The content of a receipt: what was received when, with every file. `channel` is one of models.Channel."""

    def page() -> dict[str, Any]:
        files = [
            {"label": str(service.label_of(file["document"])), "name": file["name"], "mark": file["sha256"][:16]}
            for file in facts.files
        ]
        return {
            "title": str(service.title),
            "office": "",
            "files": files,
            **letter_words.receipt_words(str(service.title)),
        }

    head = _head(service, RECEIVED, facts) | {"answers_version": 1}
    return head | {"at": at.astimezone(UTC).isoformat(), "channel": channel, **_pages(page)}


def _head(service: ServiceType, what: str, facts: PaperFacts) -> dict[str, Any]:
    shape = shape_of(service.plot, facts.answers)
    return {
        "form": FORM,
        "service": service.code,
        "what": what,
        "reference": facts.reference,
        "applicant": facts.applicant,
        "plot": plot_of(facts.answers),
        "answers_version": facts.answers_version,
        "answers": dict(facts.answers),
        "files": list(facts.files),
        "fee": list(facts.fee) if facts.fee else [],
        **({"geometry": frozen_shape(shape)} if shape else {}),
        **({"inspections": list(facts.inspections)} if facts.inspections else {}),
        **({"conditions": dict(facts.conditions)} if facts.conditions else {}),
    }


def _pages(page: Callable[[], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    made = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            made[language] = page()
    return made


def _paper_page(service: ServiceType, facts: PaperFacts, valid_until: date | None, replaces: str) -> dict[str, Any]:
    output = service.output
    rows: list[dict[str, str]] = [{"label": str(output.holder), "value": facts.applicant}]
    if facts.unified_number:
        rows.append({"label": _("Unified number"), "value": facts.unified_number})
    if facts.engineering_office is not None:
        named = f"{facts.engineering_office.here()} ({facts.licence_number})"
        rows.append({"label": _("Engineering office"), "value": named})
    if replaces:
        rows.append({"label": _("Replaces document"), "value": replaces})
    if valid_until is not None:
        rows.append({"label": _("Valid until"), "date": valid_until.isoformat()})
    if facts.fee is not None:
        amount, payment = facts.fee
        words = _("%(amount)s SAR, payment reference %(number)s") if payment else _("%(amount)s SAR")
        rows.append({"label": _("Fee"), "value": words % {"amount": amount, "number": payment}})
    return {
        "title": str(output.title),
        "office": facts.office.here(),
        "to": str(output.recipient),
        "opening": [str(sentence) for sentence in output.opening],
        "rows": rows,
        **_approved(service, facts),
        "closing": [*_conditions(facts), *(str(sentence) for sentence in output.closing)],
        "figures": _figures(service, facts),
        **letter_words.paper_words(
            str(output.title), plot_of(facts.answers), is_letter=bool(output.recipient), valid_until=valid_until
        ),
        **_signed(facts),
    }


def _conditions(facts: PaperFacts) -> list[str]:
    """The conditions of the approval, a line each, after what they are."""
    lines = two_languages.lines(facts.conditions)
    return [_("This approval is given on these conditions:"), *lines] if lines else []


def _signed(facts: PaperFacts) -> dict[str, Any]:
    return {"signatory": facts.signatory.here()} if facts.signatory else {}


def _figures(service: ServiceType, facts: PaperFacts) -> list[dict[str, str]]:
    """What whoever checks the paper compares with it."""
    asked = [spec for spec in service.fields() if isinstance(spec, Field) and spec.name in service.output.figures]
    return [
        _cell(spec, facts.answers.get(spec.name), facts)
        for spec in asked
        if spec.when is None or spec.when(facts.answers)
    ]


def _approved(service: ServiceType, facts: PaperFacts) -> dict[str, Any]:
    """The answers and the drawings of a case in the language that is active. Pledges are no part of what is approved;
    other papers (an ID, a deed) are in the content and not on the page, which hangs on a building site.
    """
    sections = []
    for step in service.steps:
        rows: list[dict[str, Any]] = []
        for spec in step.fields:
            if spec.when is not None and not spec.when(facts.answers):
                continue
            if isinstance(spec, Group):
                for number, item in enumerate(rows_of(facts.answers.get(spec.name)), start=1):
                    cells = [_cell(field, item.get(field.name), facts) for field in spec.fields]
                    rows.append({"label": f"{spec.item_label} {number}", "cells": cells})
            elif spec.kind is not Kind.ACKNOWLEDGE:
                rows.append(_cell(spec, facts.answers.get(spec.name), facts))
        if rows:
            sections.append({"title": str(step.title), "rows": rows})
    drawings = []
    for document in service.documents_for(facts.answers):
        if DWG not in document.accepts:
            continue
        files = [
            {"name": file["name"], "mark": file["sha256"][:16]}
            for file in facts.files
            if file["document"] == document.code
        ]
        if files:
            drawings.append({"label": str(document.label), "files": files})
    return {"sections": sections, "drawings": drawings}


def _cell(field: Field, value: Any, facts: PaperFacts) -> dict[str, str]:
    """A question and its answer in words, as plain text."""
    cell: Mapping[str, str] = {"value": "—"}
    if value in (None, "", []):
        pass
    elif field.kind is Kind.MULTIPLE and isinstance(value, list):
        labels = dict(field.choices)
        cell = {"value": _(", ").join(str(labels.get(str(item), item)) for item in value)}
    elif isinstance(value, list | dict):  # from when this question was a group
        cell = {"value": str(value)}
    elif field.kind in (Kind.CHOICE, Kind.MULTIPLE):
        cell = {"value": str(dict(field.choices).get(value, value))}
    elif field.kind is Kind.CORNERS:
        cell = {"value": corners_in_words(value) or str(value)}
    elif field.kind is Kind.DATE and parse_day(value):
        cell = {"date": str(value)}
    elif field.kind is Kind.DISTRICT:
        named = facts.district(str(value))
        cell = {"value": _("Not on the list") if value == UNLISTED else named.here() if named else str(value)}
    else:
        cell = {"value": str(value)} | ({"unit": str(field.unit)} if field.unit else {})
    return {"label": str(field.label), **cell}
