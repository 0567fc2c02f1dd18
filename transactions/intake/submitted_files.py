"""The files of a submission: which are still free, what is wrong with them, and handing them to the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from core.db.prepared import Batch, Prepared

from ..domain.documents import message_missing, message_too_many
from ..domain.errors import Invalid, Problem
from ..domain.service_types import ServiceType
from ..models import Attachment, Transaction
from .submission import Submission


class SubmittedFile(NamedTuple):
    """What intake needs to know of an uploaded file."""

    pk: int
    key: UUID
    document: str
    content_type: str
    sha256: str
    uploaded_by: int
    draft: int | None


@lru_cache(maxsize=64)
def _find_unattached(many: int) -> Prepared:
    """Asks for so many files by their keys; only those that no request has taken come back."""
    return Prepared(
        lambda *keys: (
            Attachment.objects.filter(key__in=keys, transaction=None, removed_at=None)
            .order_by()
            .values_list("pk", "key", "document", "content_type", "sha256", "uploaded_by", "draft")
        ),
        *[UUID] * many,
    )


def files_of(submission: Submission, by: User) -> dict[str, list[SubmittedFile]]:
    """The files named, each still free: those that lie in the draft sent in; without one, those its sender uploaded.

    A file belongs to the draft it lies in. Nobody takes it elsewhere: neither who uploaded it nor whose draft it is.
    """
    wanted = {key for keys in submission.attachments.values() for key in keys}
    if not wanted:
        return {}
    if len(wanted) > (most := sum(document.most for document in submission.service.documents)):
        message = _("A request of this service takes %(most)d files at most.") % {"most": most}
        raise Invalid([Problem("documents", message, "too_many_documents")])
    files = {
        file.key: file
        for file in map(SubmittedFile._make, _find_unattached(len(wanted)).rows(*wanted))
        if file.draft == submission.draft and (file.draft is not None or file.uploaded_by == by.pk)
    }
    return {
        code: [files[key] for key in dict.fromkeys(keys) if key in files]
        for code, keys in submission.attachments.items()
    }


def document_problems(
    service: ServiceType, values: Mapping[str, Any], files: Mapping[str, Sequence[SubmittedFile]]
) -> list[Problem]:
    """What documents lack, have too many of or of the wrong kind, and those nobody asked for."""
    asked = {document.code: document for document in service.documents_for(values)}
    problems = []
    for code, document in asked.items():
        have = files.get(code, ())
        if len(have) < document.least:
            problems.append(Problem(f"documents.{code}", message_missing(document), "document_missing"))
        elif len(have) > document.most:
            problems.append(Problem(f"documents.{code}", message_too_many(document), "too_many_documents"))
        if any(file.content_type not in document.accepts for file in have):
            message = _("%(document)s: this kind of file is not accepted.") % {"document": document.label}
            problems.append(Problem(f"documents.{code}", message, "document_type"))
    for code in sorted(code for code, have in files.items() if have and code not in asked):
        problems.append(Problem(f"documents.{code}", _("This document is not asked for."), "document_unknown"))
    return problems


def attach_files(
    batch: Batch, case: Transaction, files: Mapping[str, Sequence[SubmittedFile]], draft: int | None
) -> None:
    """Give files to this request, under the document they are named for; the last statement takes those still free
    and still where they lay.
    """
    for code, group in files.items():
        for file in group:
            if file.document != code:
                batch.execute("UPDATE transactions_attachment SET document = %s WHERE id = %s", [code, file.pk])
    attached = [file.pk for group in files.values() for file in group]
    if attached:
        marks = ", ".join(["%s"] * len(attached))
        take = (
            "UPDATE transactions_attachment SET transaction_id = %s, answers_version = 1 "
            "WHERE transaction_id IS NULL AND removed_at IS NULL"
        )
        place, lying = ("draft_id IS NULL", []) if draft is None else ("draft_id = %s", [draft])
        batch.execute(f"{take} AND id IN ({marks}) AND {place}", [case.pk, *attached, *lying])
