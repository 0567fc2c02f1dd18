"""A whole request on one page: its topics with every question, and its documents.

A question that depends on an earlier answer is there from the start and says when it counts; a script
(static/js/when.js) hides it while it does not. What does not count is never asked for and never kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..domain.errors import Problem
from ..domain.service_types import Condition, ServiceType, Step
from ..intake.answer_forms import FieldsPart, GroupPart, step_page
from ..intake.draft_parts import DocumentStatus, document_statuses
from ..models import Draft
from ..text.wording import only_for


@dataclass(frozen=True)
class Counts:
    """When a question or document counts: `data` for the script, `words` for people."""

    data: str
    words: str


@dataclass(frozen=True)
class Topic:
    """One step of the service. `questions` are (bound field, condition or None); `groups` are asked several times."""

    step: Step
    questions: list[tuple[Any, Counts | None]]
    groups: list[GroupPart]


class Answering(Protocol):
    """What has a service and answers to its questions: a draft, a transaction, a correction being written."""

    @property
    def service_type(self) -> ServiceType: ...
    @property
    def answers(self) -> Mapping[str, Any]: ...


def topics(
    draft: Answering, problems: Iterable[Problem], rows: dict[str, int], *, autofocus: bool = False
) -> list[Topic]:
    """Every topic in order. `autofocus` puts the cursor into the first question, on a page new to its reader."""
    service, problems, topics_shown = draft.service_type, list(problems), []
    for step in service.steps:
        conditions = {spec.name: condition(service, spec.when) for spec in step.fields}
        always = replace(step, fields=tuple(replace(spec, when=None) for spec in step.fields))
        parts = step_page(always, draft.answers, {}, problems, rows)
        questions = [
            (bound, conditions[bound.name]) for part in parts if isinstance(part, FieldsPart) for bound in part.form
        ]
        topics_shown.append(Topic(step, questions, [part for part in parts if isinstance(part, GroupPart)]))
    if autofocus and topics_shown and topics_shown[0].questions:
        topics_shown[0].questions[0][0].field.widget.attrs["autofocus"] = True
    return topics_shown


def papers(draft: Draft, problems: Iterable[Problem]) -> list[tuple[DocumentStatus, Counts | None]]:
    """Every document of the service in order, those that must be there first."""
    service = draft.service_type
    documents = sorted(service.documents, key=lambda document: not document.least)
    return [(paper, condition(service, paper.document.when)) for paper in document_statuses(draft, documents, problems)]


def condition(service: ServiceType, when: Condition | None) -> Counts | None:
    return None if when is None else Counts(json.dumps(when.data()), only_for(service, when))
