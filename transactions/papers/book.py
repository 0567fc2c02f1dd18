"""What the journal promised against the rows as they are: the half of journal/check.py that knows the rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery

from journal import receipts
from journal.entry import person_mark, second_of
from journal.models import Entry

from ..domain.content import answers_hash, content_hash
from ..models import (
    AnswersVersion,
    Attachment,
    Channel,
    Event,
    FeeDue,
    Intake,
    IssuedDocument,
    PaperContent,
    SignedPaper,
    Transaction,
)

Body = Mapping[str, Any]
# The move an entry's outcome comes of.
MOVES = {"approved": "approve", "rejected": "reject", "upheld": "uphold", "dismissed": "dismiss"}


def compare(bodies: Sequence[Body]) -> Iterator[str]:
    """What in the rows differs from these entries, in sentences; a handful of queries for all of them together."""
    cases = {
        case.reference: case
        for case in Transaction.objects.filter(reference__in={body["ref"] for body in bodies}).select_related(
            "applicant"
        )
    }
    rows = _Rows(cases.values())
    for body in bodies:
        asked = _BY_KIND.get(body["kind"])
        if asked is None:
            continue
        case = cases.get(body["ref"])
        if case is None:
            yield f"{body['ref']}: the journal has its entry {body['seq']}, and the request is not there"
            continue
        differ = ", ".join(sorted(asked(body, case, rows)))
        if differ:
            yield f"{body['ref']}: differs from entry {body['seq']} of the journal in {differ}"


class _Rows:
    """What belongs to some transactions, read at once."""

    def __init__(self, cases: Iterable[Transaction]) -> None:
        cases = list(cases)
        keys = [case.pk for case in cases]
        # Of somebody erased nothing in the rows says who it was, but an entry of its own says whose mark theirs is.
        erased = [case.reference for case in cases if case.applicant.is_erased]
        entries = Entry.objects.filter(kind="erased", subject__in=erased).values_list("subject", "body")
        self.marks = {subject: json.loads(bytes(body)).get("for") for subject, body in entries}
        self.versions = {
            (row.transaction_id, row.number): row.answers
            for row in AnswersVersion.objects.filter(transaction__in=keys).only("transaction_id", "number", "answers")
        }
        # Of what was received a moment ago the first version stands on the request alone (intake/follow_up.py).
        written = {key for key, _number in self.versions}
        self.versions |= {(case.pk, case.answers_version): case.answers for case in cases if case.pk not in written}
        self.files: dict[int, list[str]] = {}
        self._sent: dict[int, list[tuple[str, int, int | None]]] = {}
        # Before there were versions, what came at intake is what answers no return.
        names = ("transaction_id", "sha256", "answers_version", "deficiency_id", "replaced_in")
        of_these = Attachment.objects.filter(transaction__in=keys).of_request()
        for key, sha256, version, deficiency, _replaced in of_these.values_list(*names):
            if version == 1 or (version is None and deficiency is None):
                self.files.setdefault(key, []).append(sha256)
        for key, sha256, version, _deficiency, replaced in of_these.sent().values_list(*names):
            self._sent.setdefault(key, []).append((sha256, version or 1, replaced))
        # By the number of a paper, or by that of a decision's event.
        contents = PaperContent.objects.filter(transaction__in=keys)
        self.contents: dict[tuple[int, Any], Any] = {
            (key, number or seq): content
            for key, number, seq, content in contents.values_list(
                "transaction_id", "document__number", "event__seq", "content"
            )
        }
        events = Event.objects.filter(transaction__in=keys, move__in=MOVES.values())
        self.moves: dict[tuple[int, Any], str] = {
            (key, seq): move for key, seq, move in events.values_list("transaction_id", "seq", "move")
        }
        paid = Event.objects.filter(transaction__in=keys, move="record_payment")
        self.payments: dict[tuple[int, Any], Any] = {
            (key, seq): facts for key, seq, facts in paid.values_list("transaction_id", "seq", "facts")
        }
        fees = FeeDue.objects.filter(transaction__in=keys)
        self.paid = dict(fees.values_list("transaction_id", "payment_reference"))
        self.tokens = dict(Intake.objects.filter(transaction__in=keys).values_list("transaction_id", "token"))
        self.signed: dict[int, set[str]] = {}
        for key, sha256 in SignedPaper.objects.filter(transaction__in=keys).values_list("transaction_id", "sha256"):
            self.signed.setdefault(key, set()).add(sha256)
        self.issued = {row.number: row for row in IssuedDocument.objects.filter(transaction__in=keys)}

    def files_of(self, key: int, version: int) -> list[str]:
        """The hashes of the files that counted as of a version."""
        return [
            sha256
            for sha256, since, replaced in self._sent.get(key, [])
            if since <= version and (replaced is None or replaced > version)
        ]


def _received(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    files = rows.files.get(case.pk, [])
    yield from _same(body, service=case.service, channel=case.channel, files=len(files), **_person(case, rows))
    since = "written" if case.channel == Channel.PAPER and "written" in body else "at"
    yield from _same(body, **{since: second_of(case.submitted_at)})
    if receipts.decode_body(rows.tokens.get(case.pk, "")) != body:
        yield "receipt"
    answers = rows.versions.get((case.pk, 1))
    if answers is None or answers_hash(case.mark_salt, answers, files) != body.get("content"):
        yield "answers or files"
    if rows.versions.get((case.pk, case.answers_version)) != case.answers:
        yield "the answers in force"


def _version(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    """A later version of the answers, with the files that counted as of it."""
    number = int(body.get("version", 0))
    answers, files = rows.versions.get((case.pk, number)), rows.files_of(case.pk, number)
    if answers is None or answers_hash(case.mark_salt, answers, files) != body.get("content"):
        yield f"version {number} of the answers or its files"


def _content(body: Body, case: Transaction, rows: _Rows, **which: Any) -> Iterator[str]:
    """What a paper or decision says, as frozen; entries from before contents were kept bind none."""
    if "content" in body:
        frozen = rows.contents.get((case.pk, *which.values()))
        if frozen is None or content_hash(case.mark_salt, frozen) != body["content"]:
            yield "what it says"


def _decided(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    yield from _same(body, service=case.service)
    if rows.moves.get((case.pk, body.get("event"))) != MOVES.get(str(body.get("outcome"))):
        yield "outcome"
    yield from _content(body, case, rows, event=body.get("event"))


def _objection(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    """The outcome of an objection; entries from before its letters were kept say no version and bind no content."""
    if "version" in body:
        yield from _decided(body, case, rows)


def _issued(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    paper = rows.issued.get(str(body.get("number")))
    if paper is None or paper.transaction_id != case.pk:
        yield "number"
        return
    until = paper.valid_until.isoformat() if paper.valid_until else ""
    yield from _same(body, service=case.service, document=paper.kind, valid_until=until, **_person(case, rows))
    yield from _same(body, at=second_of(paper.issued_at))
    if receipts.decode_body(paper.token) != body:
        yield "QR"
    yield from _content(body, case, rows, number=paper.number)


def _revoked(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    paper = rows.issued.get(str(body.get("number")))
    if paper is None or paper.ended_at is None:
        yield "the end of a document"
        return
    successor = next((row.number for row in rows.issued.values() if row.pk == paper.replaced_by_id), "")
    yield from _same(body, document=paper.kind, by=successor, at=second_of(paper.ended_at))


def _signed(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    """The file itself is held to its hash whenever it is opened."""
    if str(body.get("sha256")) not in rows.signed.get(case.pk, ()):
        yield "a signed document"


def _paid(body: Body, case: Transaction, rows: _Rows) -> Iterator[str]:
    facts = rows.payments.get((case.pk, body.get("event")), {})
    if (facts.get("amount"), facts.get("payment_reference")) != (body.get("amount"), body.get("payment")):
        yield "the payment"
    if rows.paid.get(case.pk) != body.get("payment"):
        yield "the number of the payment"


def _person(case: Transaction, rows: _Rows) -> dict[str, str | None]:
    if case.applicant.is_erased:
        return {"for": rows.marks.get(case.reference)}
    return {"for": person_mark(case.mark_salt, case.applicant.national_id)}


def _same(body: Body, **row: Any) -> Iterator[str]:
    return (name for name, value in row.items() if body.get(name) != value)


_BY_KIND: dict[str, Callable[[Body, Transaction, _Rows], Iterator[str]]] = {
    "received": _received,
    "answered": _version,
    "corrected": _version,
    "decided": _decided,
    "objection": _objection,
    "issued": _issued,
    "revoked": _revoked,
    "signed": _signed,
    "paid": _paid,
}


def rows_without_entry() -> Iterator[str]:
    """Requests and papers that no entry speaks of: nobody took them in or signed them."""
    of_case = Entry.objects.filter(subject=OuterRef("reference"), kind="received")
    for reference in Transaction.objects.exclude(Exists(of_case)).values_list("reference", flat=True)[:20]:
        yield f"{reference}: the journal has no receipt of it"
    # Of each request as many papers as entries; which of them is one too many, its own entry says.
    of_case = Entry.objects.filter(subject=OuterRef("transaction__reference"), kind="issued").order_by()
    entries = Subquery(of_case.values("subject").annotate(many=Count("pk")).values("many"))
    papers = IssuedDocument.objects.order_by().values("transaction__reference").annotate(many=Count("pk"), has=entries)
    more = papers.filter(Q(has=None) | Q(many__gt=F("has"))).values_list("transaction__reference", "many", "has")
    for reference, many, has in more[:20]:
        yield f"{reference}: the journal has {has or 0} entries of its {many} documents"
    ends = Entry.objects.filter(subject=OuterRef("transaction__reference"), kind="revoked")
    for number in IssuedDocument.objects.filter(~Exists(ends), ended_at__isnull=False).values_list("number")[:20]:
        yield f"{number[0]}: the journal has no entry that it ended"
