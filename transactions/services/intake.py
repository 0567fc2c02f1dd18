"""Taking a request in. One database transaction holds the row, its first event, the files, the journal entry, the
notice, the routing owed and the idempotency key: either all of it is there, or nothing was taken.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import roles_in
from accounts.models import Authorisation, Role, User
from journal import chain, receipts
from journal.entry import person_mark
from municipality.hijri import hijri_year
from municipality.models import Office
from municipality.services import current_calendar
from municipality.text import isolated, search_key, written_code

from .. import answers as answers_module
from .. import clock, outbox, quotas
from ..assured import refuse_if_lacking
from ..content import answers_hash
from ..errors import DomainError, Invalid, Problem
from ..models import AnswersVersion, Attachment, Channel, Event, Intake, Notification, Outbox, Transaction
from ..prepared import Batch, Prepared, PreparedInsert
from ..references import Reference
from ..service_types import Document, Filer, ServiceType
from .closures import refuse_if_closed
from .notices import announce, insert_event, recipients
from .registers import next_serial
from .versions import district_of, insert_version


@dataclass(frozen=True)
class Submission:
    """What is sent in. `attachments` maps a document code to the keys of files uploaded before.

    `draft` is the key of the row it was written in: it takes the files that lie there and no others. Without a draft
    it takes files that its sender uploaded for a request to come.
    """

    service: ServiceType
    applicant: User
    answers: Mapping[str, Any]
    attachments: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    authorisation: Authorisation | None = None
    channel: Channel = Channel.ONLINE
    centre: Office | None = None
    language: str = "ar"
    draft: int | None = None

    def body_hash(self) -> str:
        """Two submissions with this hash ask for the same thing."""
        body = {
            "service": self.service.code,
            "applicant": self.applicant.pk,
            "answers": self.answers,
            "attachments": {code: sorted(map(str, keys)) for code, keys in self.attachments.items() if keys},
            "authorisation": self.authorisation.pk if self.authorisation else None,
        }
        packed = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(packed.encode()).hexdigest()


def submit(submission: Submission, *, by: User, key: str, now: datetime | None = None) -> Intake:
    """Take a request in and return its intake (transaction and receipt token).

    The same person with the same key and body gets the same intake again; with another body: `key_reused`.
    Raises Invalid with every problem, DomainError when this person may not file it, or nobody may now. Side effects:
    transaction, event, files attached, journal entry, notice, routing owed.
    """
    body_hash = submission.body_hash()
    now = now or timezone.now()
    try:
        refuse_if_closed(submission.service)
        _check_filer(submission, by, now)
        values, files = check(submission, by=by, now=now)
        with transaction.atomic():
            quotas.spend("requests", by, now)
            return _take(submission, values, files, by=by, key=key, body_hash=body_hash, now=now)
    except (IntegrityError, DomainError):
        # Nobody asks first whether the key is new, since it nearly always is. Sent twice, also at once, the other one
        # was taken, with its files, and its receipt is the answer.
        if earlier := _earlier(by, key, body_hash):
            return earlier
        raise


def check(submission: Submission, *, by: User, now: datetime) -> tuple[dict[str, Any], dict[str, list[_File]]]:
    """The canonical answers and the files of a submission; Invalid names everything missing or wrong."""
    cleaned = answers_module.clean(submission.service, submission.answers, timezone.localdate(now))
    files = _files(submission, by)
    problems = [*cleaned.problems, *_document_problems(submission.service, cleaned.values, files)]
    if submission.authorisation is not None:
        problems += plot_problems(submission.authorisation, cleaned.values)
    if problems:
        raise Invalid(problems)
    return cleaned.values, files


_insert, _insert_intake = PreparedInsert(Transaction), PreparedInsert(Intake)


def _earlier(by: User, key: str, body_hash: str) -> Intake | None:
    intake = Intake.objects.select_related("transaction").filter(by=by, key=key).first()
    if intake and intake.body_hash != body_hash:
        raise DomainError("key_reused", _("This key was used before for another request."))
    return intake


def _check_filer(submission: Submission, by: User, now: datetime) -> None:
    """Who may file: the owner; a clerk at a counter; for drawings, the owner through an authorised office."""
    service, authorisation = submission.service, submission.authorisation
    refuse_if_lacking(service, "submit", submission.applicant, at_counter=submission.channel == Channel.COUNTER)
    if submission.channel == Channel.COUNTER:
        if submission.centre is None or Role.CENTRE_CLERK not in roles_in(by, submission.centre):
            raise DomainError("not_at_this_counter", _("You do not take requests at this centre."))
    elif by.pk != submission.applicant.pk:
        raise DomainError("not_the_applicant", _("Only the owner can submit this request."))
    if service.filer is not Filer.ENGINEERING_OFFICE:
        refuse_authorisation(authorisation)
        return
    if submission.channel == Channel.API:
        refuse_unless_by_owner(service)
    if authorisation is None or authorisation.owner_id != submission.applicant.pk:
        raise DomainError(
            "office_needed",
            _("This service is filed through an engineering office that the owner authorises."),
        )
    refuse_unless_in_force(authorisation, now)


def refuse_unless_by_owner(service: ServiceType) -> None:
    """DomainError `office_needed` for what offices prepare: only a draft shows that they did, and that the owner
    approved that one.
    """
    if service.filer is Filer.ENGINEERING_OFFICE:
        raise DomainError(
            "office_needed",
            _("An engineering office prepares this request on the portal, and its owner submits it there."),
        )


def refuse_authorisation(authorisation: Authorisation | None) -> None:
    """DomainError `office_not_needed`: an authorisation is for the services that offices prepare."""
    if authorisation is not None:
        raise DomainError("office_not_needed", _("The owner files this service without an engineering office."))


def refuse_unless_in_force(authorisation: Authorisation, now: datetime) -> None:
    """DomainError `authorisation_not_live` or `licence_expired`."""
    if authorisation.status != Authorisation.Status.ACCEPTED:
        raise DomainError("authorisation_not_live", _("The authorisation of the engineering office is not in force."))
    if not authorisation.office.may_practise(timezone.localdate(now)):
        raise DomainError("licence_expired", _("The licence of the engineering office is not in force."))


def plot_of(authorisation: Authorisation) -> dict[str, str]:
    """The plot an office is authorised for, as answers to the questions about it."""
    return {"plan_number": authorisation.plan_number, "parcel_number": authorisation.parcel_number}


def plot_problems(authorisation: Authorisation, values: Mapping[str, Any]) -> list[Problem]:
    """An authorisation is for one plot, however its numbers are spelt."""
    said = {
        "plan_number": _("The authorisation is for plan no. %(number)s. Another plot needs its own authorisation."),
        "parcel_number": _("The authorisation is for parcel no. %(number)s. Another plot needs its own authorisation."),
    }
    return [
        Problem(name, said[name] % {"number": isolated(number)}, "another_plot")
        for name, number in plot_of(authorisation).items()
        if name in values and _plot_key(values[name]) != _plot_key(number)
    ]


def _plot_key(number: str) -> str:
    return search_key(written_code(number))


class _File(NamedTuple):
    """What intake needs to know of an uploaded file."""

    pk: int
    key: UUID
    document: str
    content_type: str
    sha256: str
    uploaded_by: int
    draft: int | None


@lru_cache(maxsize=64)
def _free(many: int) -> Prepared:
    """Asks for so many files by their keys; only those that no request has taken come back."""
    return Prepared(
        lambda *keys: (
            Attachment.objects.filter(key__in=keys, transaction=None, removed_at=None)
            .order_by()
            .values_list("pk", "key", "document", "content_type", "sha256", "uploaded_by", "draft")
        ),
        *[UUID] * many,
    )


def _files(submission: Submission, by: User) -> dict[str, list[_File]]:
    """The files named, each still free: those that lie in the draft sent in; without one, those its sender uploaded.

    A file belongs to the draft it lies in. Nobody takes it elsewhere: neither who uploaded it nor whose draft it is.
    """
    wanted = {key for keys in submission.attachments.values() for key in keys}
    if not wanted:
        return {}
    if len(wanted) > (most := sum(document.most for document in submission.service.documents)):
        message = _("A request of this service takes %(most)d files at most.") % {"most": most}
        raise Invalid([Problem("documents", message, "too_many_documents")])
    found = {
        file.key: file
        for file in map(_File._make, _free(len(wanted)).rows(*wanted))
        if file.draft == submission.draft and (file.draft is not None or file.uploaded_by == by.pk)
    }
    return {
        code: [found[key] for key in dict.fromkeys(keys) if key in found]
        for code, keys in submission.attachments.items()
    }


def _document_problems(
    service: ServiceType, values: Mapping[str, Any], files: Mapping[str, Sequence[_File]]
) -> list[Problem]:
    asked = {document.code: document for document in service.documents_for(values)}
    problems = []
    for code, document in asked.items():
        have = files.get(code, ())
        if len(have) < document.least:
            problems.append(Problem(f"documents.{code}", missing(document), "document_missing"))
        elif len(have) > document.most:
            problems.append(Problem(f"documents.{code}", too_many(document), "too_many_documents"))
        if any(file.content_type not in document.accepts for file in have):
            message = _("%(document)s: this kind of file is not accepted.") % {"document": document.label}
            problems.append(Problem(f"documents.{code}", message, "document_type"))
    for code in sorted(code for code, have in files.items() if have and code not in asked):
        problems.append(Problem(f"documents.{code}", _("This document is not asked for."), "document_unknown"))
    return problems


def _take(
    submission: Submission,
    values: dict[str, Any],
    files: Mapping[str, Sequence[_File]],
    *,
    by: User,
    key: str,
    body_hash: str,
    now: datetime,
) -> Intake:
    """All submissions of a node queue up for its serial. So what does not bear the number is written before, and two
    round trips are left between that lock and the commit: the head of the journal, and the rows that bear the number.
    """
    people = recipients(submission.applicant, submission.authorisation, now)
    batch = Batch([Transaction, Event, AnswersVersion, Intake, Outbox, *[Notification, Outbox] * len(people)])
    case = _case(submission, values, key=batch.key_of(Transaction), by=by, now=now)
    event = batch.insert(
        insert_event,
        transaction=case,
        seq=1,
        at=now,
        move="submit",
        actor=by,
        actor_role="centre_clerk" if case.taken_by_id else "applicant",
        to_status=case.status,
        to_stage=case.stage,
        office=submission.centre,
        facts={"channel": submission.channel},
    )
    first = {"number": 1, "answers": values, "by": by, "at": now}
    batch.insert(insert_version, transaction=case, event=event, **first)
    outbox.owe("route", case.pk, dedupe=f"route:{case.pk}", now=now, writer=batch)
    announce(event, people, now, batch)
    attached = [file for group in files.values() for file in group]
    promise = _promise(case, values, attached)
    _attach(batch, case, files, submission.draft)
    if batch.send() != len(attached) and attached:
        raise DomainError("file_taken", _("One of these files already belongs to another request."))
    case.reference = _next_reference(now)
    batch.add(_insert, case)
    token = receipts.token(chain.append("received", case.reference, promise, now, execute=batch.execute))
    intake = batch.insert(
        _insert_intake, by=by, key=key, body_hash=body_hash, transaction=case, token=token, due_at=case.due_at
    )
    batch.send()
    return intake


def missing(document: Document) -> str:
    """That a document lacks files, in the reader's language."""
    return ngettext(
        "%(document)s is missing: attach %(least)d file.",
        "%(document)s is missing: attach %(least)d files.",
        document.least,
    ) % {"document": document.label, "least": document.least}


def too_many(document: Document) -> str:
    """That a document takes no more files, in the reader's language."""
    return ngettext(
        "%(document)s: attach at most %(most)d file.",
        "%(document)s: attach at most %(most)d files.",
        document.most,
    ) % {"document": document.label, "most": document.most}


def _case(submission: Submission, values: dict[str, Any], *, key: int, by: User, now: datetime) -> Transaction:
    """The row of a submission, complete but for its reference, not written yet."""
    service, calendar = submission.service, current_calendar()
    stage = service.stages[0]
    return Transaction(
        pk=key,
        service=service.code,
        stage=stage.code,
        applicant=submission.applicant,
        authorisation=submission.authorisation,
        channel=submission.channel,
        taken_by=by if submission.channel == Channel.COUNTER else None,
        taken_at=submission.centre,
        language=submission.language,
        answers=values,
        mark_salt=secrets.token_hex(16),
        district=district_of(values),
        submitted_at=now,
        stage_started_at=now,
        due_at=clock.due(now, service.working_days_for(values), 0, calendar),
        stage_due_at=clock.due(now, stage.working_days, 0, calendar),
    )


def _next_reference(now: datetime) -> str:
    """The next number of this node; nobody else gets one until this transaction ends."""
    node, incarnation, year = settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION, hijri_year(now)
    lot = chain.lot()
    return str(Reference(node, incarnation, year, next_serial(node, incarnation, year), lot))


def _attach(batch: Batch, case: Transaction, files: Mapping[str, Sequence[_File]], draft: int | None) -> None:
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


def _promise(case: Transaction, values: Mapping[str, Any], files: Sequence[_File]) -> dict[str, str | int]:
    """What the receipt binds the city to: which service, whose, and exactly which content and files."""
    return {
        "service": case.service,
        "channel": case.channel,
        "for": person_mark(case.mark_salt, case.applicant.national_id),
        "content": answers_hash(case.mark_salt, values, (file.sha256 for file in files)),
        "files": len(files),
    }
