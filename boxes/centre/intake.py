"""A worker takes in what a box delivered, by the service every request is taken in by; the receipt's number stands.

What cannot be taken goes into quarantine with the reason, and nothing is lost: the entry, its sealed content and its
files stay. Only a person takes it out of there (quarantine.py).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import override

from accounts import access_log
from accounts import services as people
from accounts.errors import AccountError
from accounts.models import Act, User
from accounts.visitors import Visitor, visitor_account
from core.text import is_storable
from journal.entry import person_mark, second_of
from journal.models import Entry
from journal.receipts import encode_token
from municipality.models import Office
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.content import answers_hash
from transactions.domain.errors import DomainError, Invalid
from transactions.domain.references import parse
from transactions.intake.submission import Submission
from transactions.intake.submit import GivenReceipt, submit
from transactions.models import Attachment, Channel, Transaction
from transactions.outbox import queue

from .. import bundle
from ..bundle import BadBundle, BoxEntry
from ..models import Box, Delivered
from . import receiving, secrets

logger = logging.getLogger(__name__)
State = Delivered.State
# A clock that is wrong by more than this is looked at by a person, where the centre cannot know the hour better itself.
CLOCK = timedelta(minutes=10)
NARROW = timedelta(hours=1)
FACTS_OF_FILE = ("sealed", "sha256", "document", "name", "content_type")


class NotTaken(Exception):
    """It stays in quarantine. `reason` is one of words.REASONS, `detail` what a person has to know besides."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Content:
    """What a box sealed of a request, read and held to the entry that promises it."""

    service: service_types.ServiceType
    answers: dict[str, Any]
    language: str
    salt: str
    key: str
    clerk: str
    office: str
    visitor: Visitor
    files: list[dict[str, str]]


@queue.register_handler(receiving.KIND, outside=True)
def take_delivered(pk: int, now: datetime) -> None:
    """Take an entry in, or say why not. Done already, it is left as it is."""
    row = Delivered.objects.select_related("box__office").get(pk=pk)
    if row.state == State.ARRIVED:
        take(row, now)
    elif row.state == State.TAKEN:  # whoever took it in died before this
        _forget_files(row)


@dataclass(frozen=True)
class Look:
    """A person has looked at a delivery and answers for it, with a reason. `new_number`: its own is another's."""

    by: User
    why: str
    new_number: bool = False


def take(row: Delivered, now: datetime, look: Look | None = None) -> Delivered:
    """Take a delivered entry in, after a `look` whatever is closed now. What stands against it is written down."""
    try:
        _take(row, now, look)
    except NotTaken as error:
        quarantined = {"state": State.QUARANTINED, "reason": error.reason, "detail": error.detail[:2000]}
        Delivered.objects.filter(pk=row.pk, state__in=[State.ARRIVED, State.QUARANTINED]).update(**quarantined)
        logger.error("a delivery went into quarantine", extra={"delivered": row.pk, "reason": error.reason})
    else:
        _forget_files(row)
    row.refresh_from_db()
    return row


def _forget_files(row: Delivered) -> None:
    receiving.forget_files(row.files.values_list("sha256", flat=True))


def _take(row: Delivered, now: datetime, look: Look | None) -> None:
    entry = bundle.read_entry(row.document.encode())
    if entry.body.get("kind") != "received":
        with transaction.atomic():
            _note_taken(row, None, {}, look, now)
        return
    if look is None or not look.new_number:
        _check_number(row.box, entry)
    content = _read(entry)
    _hold_to_promise(entry, content)
    at = _moment(row, entry, look is not None)
    clerk = User.objects.filter(national_id=content.clerk).first() or (look.by if look else None)
    office = Office.objects.filter(code=content.office).first()
    if clerk is None or office is None or (office.pk != row.box.office_id and look is None):
        raise NotTaken("clerk", content.clerk)
    known = User.objects.filter(national_id=content.visitor.national_id).first()
    otherwise = content.visitor.differs_from(known) if known else {}
    keys = _store_files(row, content, clerk, at)
    try:
        with transaction.atomic(), override(content.language):
            case = _submit(content, _given(row, entry, content, look, now), clerk, office, keys, at)
            _note_taken(row, case, otherwise, look, now)
    except IntegrityError as error:
        raise NotTaken("number", row.reference) from error
    except Invalid as error:
        raise NotTaken("answers", "; ".join(str(problem.message) for problem in error.problems)) from error
    except DomainError as error:
        raise NotTaken("closed" if "closed" in error.code else "refused", str(error.message)) from error
    except AccountError as error:
        raise NotTaken("person", str(error.message)) from error


def _given(row: Delivered, entry: BoxEntry, content: Content, look: Look | None, now: datetime) -> GivenReceipt:
    anew = look is not None and look.new_number
    facts = _provenance(entry, now) | ({"instead_of": row.reference} if anew else {})
    return GivenReceipt("" if anew else row.reference, _token(entry), content.salt, facts, looked_at=look is not None)


def _note_taken(
    row: Delivered, case: Transaction | None, otherwise: dict[str, Any], look: Look | None, now: datetime
) -> None:
    """In the transaction that takes it in. NotTaken when somebody else was quicker."""
    done: dict[str, Any] = {"state": State.TAKEN, "transaction": case, "known_otherwise": otherwise}
    if look is not None:
        done |= {"decided_by": look.by, "decided_at": now, "decision": look.why}
        subject = case.reference if case else row.reference
        access_log.record(Act.BOX_DECIDED, by=look.by, office=row.box.office_id, subject=subject, now=now)
    if not Delivered.objects.filter(pk=row.pk, state__in=[State.ARRIVED, State.QUARANTINED]).update(**done):
        raise NotTaken("taken_meanwhile")


def _submit(
    content: Content, given: GivenReceipt, clerk: User, office: Office, keys: Mapping[str, list[Any]], at: datetime
) -> Transaction:
    """The person is linked by their ID; what is on file of them stays as it is."""
    applicant = visitor_account(content.visitor, language=content.language)
    applicant = people.confirm_identity(applicant, {}, by=clerk, now=at)
    submission = Submission(
        service=content.service,
        applicant=applicant,
        answers=content.answers,
        attachments=keys,
        channel=Channel.COUNTER,
        centre=office,
        language=content.language,
    )
    key = f"box:{given.facts['box_hash']}"
    case = submit(submission, by=clerk, key=key, now=at, given=given).transaction
    if json.loads(json.dumps(case.answers)) != content.answers:
        raise NotTaken("answers", "the answers are read otherwise here than at the box")
    return case


def _provenance(entry: BoxEntry, now: datetime) -> dict[str, str | int]:
    """What our journal says of where a receipt comes from, and when it came here."""
    line = entry.line
    return {"box": line.chain, "box_seq": line.seq, "box_hash": line.hash.hex(), "entered": second_of(now)}


def _token(entry: BoxEntry) -> str:
    line = entry.line
    return encode_token(Entry(previous_hash=line.previous, signature=line.signature, body=line.body))


def _check_number(box: Box, entry: BoxEntry) -> None:
    """The number is of this box's own, in its writing."""
    named = str(entry.body.get("ref", ""))
    reference = parse(named)
    if (
        reference is None
        or str(reference) != named
        or f"{reference.node}{reference.incarnation}" != entry.line.chain[:3]
    ):
        raise NotTaken("lot", named if is_storable(named) else "")


def _read(entry: BoxEntry) -> Content:
    try:
        item = json.loads(bundle.unseal(entry.content, secrets.identity()))
        texts = ("language", "salt", "key", "clerk", "office")
        if not _all_storable(item):
            raise BadBundle("it holds what no database takes")
        return Content(
            service=service_types.get(item["service"]),
            answers=dict(item["answers"]),
            visitor=Visitor.typed(**{name: str(item["visitor"][name]) for name in Visitor.__dataclass_fields__}),
            files=[{name: str(file[name]) for name in FACTS_OF_FILE} for file in item["files"]],
            **{name: str(item[name]) for name in texts},
        )
    except BadBundle as error:
        raise NotTaken("sealed", str(error)) from error
    except ValidationError as error:
        raise NotTaken("person", " ".join(error.messages)) from error
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise NotTaken("content", type(error).__name__) from error


def _all_storable(value: Any) -> bool:
    """Can every text in it be kept?"""
    if isinstance(value, dict):
        return all(_all_storable(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(map(_all_storable, value))
    return not isinstance(value, str) or is_storable(value)


def _hold_to_promise(entry: BoxEntry, content: Content) -> None:
    """Service, person, answers and files are those that the receipt binds us to."""
    body, hashes = entry.body, [file["sha256"] for file in content.files]
    promised = (
        body.get("service") == content.service.code
        and body.get("for") == person_mark(content.salt, content.visitor.national_id)
        and body.get("content") == answers_hash(content.salt, content.answers, hashes)
        and content.language in ("ar", "en")
        and {file["sealed"] for file in content.files} == {file.sha256 for file in entry.files}
    )
    if not promised:
        raise NotTaken("content", "it is not what the receipt promises")


def _moment(row: Delivered, entry: BoxEntry, looked_at: bool) -> datetime:
    """When it was taken: as the box says, within what the centre knows itself. It came after the centre's word that the
    box had heard when it wrote it, and before it arrived.
    """
    claimed, heard = (parse_datetime(str(entry.body.get(name, ""))) for name in ("at", "heard"))
    latest = row.arrived_at
    earliest = min(heard or row.box.created_at, latest)
    if claimed is None or claimed.tzinfo is None:
        raise NotTaken("clock", str(entry.body.get("at", ""))[:40])
    bounded = min(max(claimed, earliest), latest)
    if abs(bounded - claimed) > CLOCK and latest - earliest > NARROW and not looked_at:
        raise NotTaken("clock", claimed.isoformat())
    return bounded


def _store_files(row: Delivered, content: Content, clerk: User, now: datetime) -> dict[str, list[Any]]:
    """Every file through the door of all uploads; keys by document. Those of an earlier attempt are used again."""
    keys: dict[str, list[Any]] = {}
    for item in content.files:
        document = content.service.document(item["document"])
        if document is None:
            raise NotTaken("content", "a document nobody asked for")
        loose = attachments.unattached_of(clerk).filter(sha256=item["sha256"], document=document.code)
        file = loose.exclude(key__in=[key for group in keys.values() for key in group]).first()
        keys.setdefault(document.code, []).append((file or _store(item, document, clerk, now)).key)
    return keys


def _store(item: Mapping[str, str], document: service_types.Document, clerk: User, now: datetime) -> Attachment:
    clear = _open(item["sealed"])
    if bundle.digest(clear) != item["sha256"]:
        raise NotTaken("content", "a file is not what the receipt promises")
    upload = SimpleUploadedFile(item["name"], clear, item["content_type"])
    try:
        return attachments.store(
            upload, document=document.code, by=clerk, accepts=document.accepts, most_bytes=document.max_bytes, now=now
        )
    except attachments.StorageFull:
        raise
    except Invalid as error:
        raise NotTaken("file", "; ".join(str(problem.message) for problem in error.problems)) from error


def _open(sha256: str) -> bytes:
    stored: IO[bytes]
    try:
        with default_storage.open(receiving.place_of(sha256)) as stored:
            return bundle.unseal(stored.read(), secrets.identity())
    except FileNotFoundError as error:
        raise NotTaken("file", "a file is lost here; the box has it still") from error
    except BadBundle as error:
        raise NotTaken("sealed", str(error)) from error
