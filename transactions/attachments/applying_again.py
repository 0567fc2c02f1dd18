"""A new request with the answers and files of one that was refused or withdrawn."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import isolated

from .. import access
from ..answers import cleaning as answers
from ..domain.errors import DomainError
from ..domain.service_types import Document, Field, Kind, ServiceType
from ..domain.workflow import Status
from ..intake.drafts import start_draft
from ..models import Attachment, Draft, Transaction
from . import stored
from .services import insert

ENDED_BADLY = (Status.REJECTED, Status.WITHDRAWN)


@dataclass(frozen=True)
class Begun:
    """The draft, and what was not taken over, a sentence each."""

    draft: Draft
    left_out: list[str] = field(default_factory=list)


def may_apply_again(user: User, case: Transaction) -> bool:
    """Was it refused or withdrawn, and may this person begin another? Asks nothing of whoever is the owner."""
    if case.outcome not in ENDED_BADLY or case.service_type.retired:
        return False
    if case.authorisation is None:
        return case.applicant_id == user.pk
    return case.applicant_id != user.pk and access.acts_for_office(user, case)


def apply_again(case: Transaction, *, by: User, now: datetime | None = None) -> Begun:
    """Begin a request with what this one said, as far as it still holds today: what is to be declared is declared
    anew. Pressing twice gives the draft of the first press. DomainError `nothing_to_repeat`, and as `start_draft`.
    """
    now = now or timezone.now()
    if not may_apply_again(by, case):
        raise DomainError("nothing_to_repeat", _("Only a refused or withdrawn request can be repeated by its owner."))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        begun = Draft.objects.unsent().filter(access.drafts_condition(by), repeats=case, created_by=by).first()
        if begun is not None:
            return Begun(begun)
        draft = start_draft(case.service_type, by=by, authorisation=case.authorisation, now=now)
        values, left_out = _still_valid(case.service_type, case.answers, now)
        draft.answers, draft.repeats = {**values, **draft.answers}, case
        draft.save(update_fields=["answers", "repeats"])
    return Begun(draft, [*left_out, *_copy_files(case, draft, by, now)])


def _still_valid(service: ServiceType, before: dict[str, Any], now: datetime) -> tuple[dict[str, Any], list[str]]:
    """The answers that today's form takes, and sentences about the others."""
    declared = {spec.name for spec in service.fields() if isinstance(spec, Field) and spec.kind is Kind.ACKNOWLEDGE}
    cleaned = answers.clean_answers(service, before, timezone.localdate(now))
    wrong = {problem.path.split(".")[0]: problem for problem in cleaned.problems}
    values = {name: value for name, value in cleaned.values.items() if name not in declared | set(wrong)}
    sentences = []
    for name, problem in wrong.items():
        label = service.label_of(name)
        if label:
            sentences.append(
                _("“%(question)s” was not taken over: %(why)s") % {"question": label, "why": problem.message}
            )
    return values, sentences


def _copy_files(case: Transaction, draft: Draft, by: User, now: datetime) -> Iterator[str]:
    """Give the draft the files in force, each under a stored name of its own; yields what was left out."""
    values = answers.clean_answers(draft.service_type, draft.answers, timezone.localdate(now)).values
    asked = {document.code: document for document in draft.service_type.documents_for(values)}
    taken: dict[str, int] = {}
    for file in case.attachments.in_force().order_by("pk"):
        document = asked.get(file.document)
        why = _why_not(file, document, taken.get(file.document, 0))
        if not why and document is not None:
            if _copy(file, draft, by, now):
                taken[file.document] = taken.get(file.document, 0) + 1
                continue
            why = _("it cannot be read from the store just now")
        words = _("The file “%(file)s” was not taken over: %(why)s.")
        yield words % {"file": isolated(file.original_name), "why": why}


def _why_not(file: Attachment, document: Document | None, taken: int) -> str:
    if document is None:
        return _("this document is not asked for any more")
    if file.content_type not in document.accepts:
        return _("this kind of file is no longer accepted")
    if file.size > document.max_bytes:
        return _("it is larger than is accepted now")
    if file.is_infected:
        return _("it carries malicious software")
    if taken >= document.most:
        return _("there are more files than this document takes")
    return ""


def _copy(file: Attachment, draft: Draft, by: User, now: datetime) -> bool:
    """Store the file once more, by reference where the store can, and write its row; False when it cannot be read.

    A copy whose row was never written is an orphan, which `sweep_files` takes away.
    """
    key = uuid.uuid4()
    stored_as = f"{key.hex[:2]}/{key.hex}"
    if not stored.copy(file, stored_as):
        return False
    same = ("document", "original_name", "content_type", "size", "sha256", "look", "pages", "marks", "scanned")
    row = {name: getattr(file, name) for name in same}
    insert(row | {"key": key, "stored_as": stored_as, "draft": draft, "uploaded_by": by, "uploaded_at": now})
    return True
