"""What tests ask of each service: right answers to its questions, who asks, good files for its documents, and
how its requests end.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.service_types import ApplicantKind, ServiceType
from transactions.domain.workflow import BY_NAME

from .cast import NOW
from .files import pdf, picture

# The day they are right on; those that depend on it still are while tests are run.
DAY = date(2026, 2, 9)


def answers_on(code: str, day: date) -> dict[str, Any]:
    examples = service_types.get(code).examples
    assert examples is not None, f"{code} brings no examples"
    return examples.plain(day)


ANSWERS: dict[str, dict[str, Any]] = {
    service.code: answers_on(service.code, DAY) for service in service_types.all_services()
}


def applicant_of(service: ServiceType, cast: Any) -> User:
    """Who may ask for this service."""
    return cast.citizen if ApplicantKind.PERSON in service.applicants else cast.establishment


def ends_as(service: ServiceType) -> str:
    """The status of its requests once their paper is handed out."""
    last = service.stages[-1].finish
    assert last is not None
    return str(BY_NAME[last].target)


def answers_today(code: str) -> dict[str, Any]:
    """ANSWERS as they are typed into a page, which goes by the real clock: a survey counts for three years only."""
    return answers_on(code, timezone.localdate())


def files_for(service: ServiceType, answers: dict[str, Any], by: User) -> dict[str, list[Any]]:
    """As many good files as each document of these answers needs."""
    found: dict[str, list[Any]] = {}
    for document in service.documents_for(answers):
        for number in range(document.least):
            photo = "application/pdf" not in document.accepts
            content = picture("JPEG") if photo else pdf()
            name = f"{document.code}-{number}.{'jpg' if photo else 'pdf'}"
            file = attachments.store(SimpleUploadedFile(name, content), document=document.code, by=by, now=NOW)
            found.setdefault(document.code, []).append(file.key)
    return found
