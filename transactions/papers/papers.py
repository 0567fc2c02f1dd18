"""Papers of the city: their content is frozen when they are made, bound in the journal, and drawn from that row ever
after. Called by transitions.moves, inside the transaction of the move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.relative_days import years_later
from journal import chain, receipts
from journal.entry import person_mark
from municipality.services import districts_by_code

from ..domain.content import content_hash
from ..domain.errors import DomainError
from ..models import Event, IssuedDocument, PaperContent, Transaction
from ..outbox import queue
from . import paper_content
from .paper_content import APPROVED, OBJECTION, RECEIVED, REJECTED, Named, ObjectionDecision, PaperFacts

# The job that makes the PDF of a content (signed_papers.making).
SIGN = "sign_paper"


def record_decision(case: Transaction, event: Event, outcome: str, now: datetime) -> PaperContent:
    """A decision is a promise, so what was decided is frozen and goes into the journal in the same transaction."""
    known = replace(_facts(case), conditions=event.facts.get("conditions", {}))
    content = paper_content.decision_content(
        case.service_type,
        known,
        outcome=outcome,
        reason=event.reason,
        own_words=event.facts.get("own_words"),
        at=now,
    )
    frozen = _store_content(case, event, outcome, content, now)
    facts: dict[str, str | int] = {
        "outcome": outcome,
        "event": case.version,
        "service": case.service,
        "version": case.answers_version,
        "content": frozen.content_hash,
    }
    chain.append("decided", case.reference, facts, now)
    if outcome == REJECTED:
        owe_signed(frozen.pk, now)
    return frozen


def record_objection(case: Transaction, event: Event, decision: ObjectionDecision, now: datetime) -> PaperContent:
    """A decision on an objection is one as well: its letter is frozen, entered in the journal and signed."""
    content = paper_content.objection_content(case.service_type, _facts(case), decision, at=now)
    frozen = _store_content(case, event, OBJECTION, content, now)
    facts: dict[str, str | int] = {
        "objection": decision.kind,
        "outcome": decision.outcome,
        "event": case.version,
        "service": case.service,
        "version": case.answers_version,
        "content": frozen.content_hash,
    }
    chain.append("objection", case.reference, facts, now)
    owe_signed(frozen.pk, now)
    return frozen


def letters_on_objections(case: Transaction) -> dict[int | None, PaperContent]:
    """The letters on objections of a case with their PDFs, by the key of the deciding event."""
    rows = PaperContent.objects.filter(transaction=case, what=OBJECTION).select_related("signed")
    return {row.event_id: row for row in rows}


def enter_payment(case: Transaction, facts: Mapping[str, Any], now: datetime) -> Transaction:
    """That a fee was paid is a promise: nobody is to be asked for it again. Returns the request."""
    paid = {"amount": str(facts["amount"]), "payment": str(facts["payment_reference"])}
    chain.append("paid", case.reference, {"event": case.version, "service": case.service, **paid}, now)
    return case


def issue_document(
    case: Transaction, event: Event, number: str, now: datetime, *, replaces: IssuedDocument | None = None
) -> IssuedDocument:
    """Write the permit, minutes or letter with its validity, freeze its content, enter it in the journal.

    The entry, which the QR carries, binds number and dates, whose it is (a mark), the plot and the content. One that
    `replaces` another is valid as long as that.
    """
    output = case.service_type.output
    valid_until = replaces.valid_until if replaces else _last_day(case, now)
    before = replaces.number if replaces else ""
    known = replace(_facts(case), conditions=conditions_of(case))
    content = paper_content.document_content(
        case.service_type, known, number=number, issued_at=now, valid_until=valid_until, replaces=before
    )
    frozen = _store_content(case, event, output.kind, content, now)
    facts: dict[str, str | int] = {
        "document": output.kind,
        "number": number,
        "service": case.service,
        "valid_until": content["valid_until"],
        "for": person_mark(case.mark_salt, case.applicant.national_id),
        "plot": content["plot"],
        "version": case.answers_version,
        "content": frozen.content_hash,
        **({"replaces": before} if before else {}),
    }
    document = IssuedDocument.objects.create(
        transaction=case,
        kind=output.kind,
        number=number,
        issued_at=now,
        valid_until=valid_until,
        token=receipts.encode_token(chain.append("issued", case.reference, facts, now)),
    )
    PaperContent.objects.filter(pk=frozen.pk).update(document=document)
    owe_signed(frozen.pk, now)
    return document


def record_ending(document: IssuedDocument, now: datetime) -> None:
    """That a document is no longer valid is told by the journal too; `by` is the number of what replaces it."""
    case, successor = document.transaction, document.replaced_by
    facts: dict[str, str | int] = {
        "document": document.kind,
        "number": document.number,
        "service": case.service,
        "by": successor.number if successor else "",
    }
    chain.append("revoked", case.reference, facts, now)


def owe_signed(content_id: int, now: datetime) -> None:
    """Have the PDF of a content made, once."""
    queue.enqueue(SIGN, content_id, dedupe=f"{SIGN}:{content_id}", now=now)


@transaction.atomic
def order_receipt(case: Transaction, now: datetime) -> PaperContent:
    """Have the receipt of a request made as a PDF, once; returns its content, frozen from what came with it."""
    Transaction.objects.select_for_update().order_by().get(pk=case.pk)
    if known := PaperContent.objects.filter(transaction=case, what=RECEIVED).first():
        return known
    event = case.events.get(seq=1)
    first = case.versions.filter(number=1).values_list("answers", flat=True).first()
    received = replace(
        _facts(case), answers=first or case.answers, files=paper_content.files_of(case.attachments.received())
    )
    content = paper_content.receipt_content(case.service_type, received, at=case.submitted_at, channel=case.channel)
    frozen = _store_content(case, event, RECEIVED, content, case.submitted_at)
    owe_signed(frozen.pk, now)
    return frozen


def papers_of(case: Transaction) -> list[PaperContent]:
    """What was issued or refused in a case and has a PDF, or will have; the newest first. Letters on objections stand
    with them (`letters_on_objections`).
    """
    rows = PaperContent.objects.filter(transaction=case, reconstructed=False)
    return list(
        rows.exclude(what__in=[APPROVED, RECEIVED, OBJECTION]).select_related("signed", "document").order_by("-pk")
    )


def content_of(document: IssuedDocument) -> dict[str, Any]:
    """What a document says, as frozen. One issued by the version before this one while it was being replaced has no
    row: it is told from what is known now.
    """
    frozen = PaperContent.objects.filter(document=document).first()
    if frozen is not None:
        content: dict[str, Any] = frozen.content
        return content
    case = document.transaction
    return paper_content.document_content(
        case.service_type,
        replace(_facts(case), conditions=conditions_of(case)),
        number=document.number,
        issued_at=document.issued_at,
        valid_until=document.valid_until,
    )


def _store_content(case: Transaction, event: Event, what: str, content: dict[str, Any], now: datetime) -> PaperContent:
    return PaperContent.objects.create(
        transaction=case,
        event=event,
        what=what,
        answers_version=case.answers_version,
        content=content,
        content_hash=content_hash(case.mark_salt, content),
        at=now,
    )


def _facts(case: Transaction) -> PaperFacts:
    visits = case.inspections.prefetch_related("photographs") if case.service_type.inspects else ()
    return paper_content.facts_of(case, case.attachments.in_force(), getattr(case, "fee", None), _district, visits)


def conditions_of(case: Transaction) -> dict[str, str]:
    """The conditions under which a case was approved last, by language; one query."""
    facts = case.events.filter(move="approve").order_by("-seq").values_list("facts", flat=True).first()
    conditions: dict[str, str] = (facts or {}).get("conditions", {})
    return conditions


def _district(code: str) -> Named | None:
    district = districts_by_code().get(code)
    return Named(district.name_ar, district.name_en) if district else None


def _last_day(case: Transaction, now: datetime) -> date | None:
    years = _years_of(case)
    return years_later(timezone.localdate(now), years) if years else None


def _years_of(case: Transaction) -> int:
    """How many years the paper is valid; DomainError `validity_unknown` when the answers in force do not say."""
    try:
        return case.service_type.output.years_for(case.answers)
    except (KeyError, TypeError, ValueError) as unclear:
        words = _("How long the document is valid cannot be told from the answers of this request. Correct them first.")
        raise DomainError("validity_unknown", words) from unclear
