"""Taking a request in: either all of it is there, or nothing was taken.

What follows when somebody presses “submit”, in order, with where it happens:

1. The service takes requests now (`closures.refuse_if_closed`), and this person may file this one
   (`eligibility.refuse_unless_may_submit`).
2. The answers are cleaned and judged (`answers/cleaning.py`), the files found and counted (`submitted_files`), the plot
   compared with the one authorised (`plots.plot_problems`): `check` raises Invalid with every problem at once.
3. In one database transaction, what the promise needs and nothing else (`_take`). Before the lock of the number: the
   first event, the files (`submitted_files.attach_files`), and one job for a worker (`outbox`).
4. Under that lock: the number (`registers.next_serial`), the request with its answers, the journal entry
   (`journal.chain`) and the receipt. Then the commit; from here on the receipt stands.
5. Then a worker does that job (`follow_up`): version 1 of the answers, the notices, the way to the office that handles
   it (`routing`); and from jobs of their own the messages go out (`notices.send_notice`). Whatever fails is tried again
   and takes nothing back. While no worker is there, pages say that the request is received and not yet with an office.

Sent a second time under the same key, the first receipt is the answer (`_earlier`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegated import Operation
from accounts.models import User
from core.db.prepared import Batch
from core.hijri import hijri_year
from journal import chain, receipts
from journal.entry import person_mark, second_of
from municipality.services import current_calendar, districts_by_code

from .. import access, quotas
from ..answers.cleaning import clean_answers
from ..answers.plots import plot_problems
from ..booklets import entering
from ..domain import clock
from ..domain.content import answers_hash
from ..domain.errors import DomainError, Invalid
from ..domain.references import Reference
from ..domain.service_types import Stage
from ..domain.workflow import Status
from ..incidents import gates, memory
from ..models import AT_COUNTER, Channel, Event, Intake, Outbox, Slip, Transaction
from ..outbox import queue
from ..transitions.registers import next_serial, number_at_this_place
from ..transitions.versions import district_of
from .closures import refuse_if_closed
from .eligibility import refuse_unless_may_submit
from .submission import Submission
from .submitted_files import SubmittedFile, attach_files, document_problems, files_of

# Sent with `intake`, inside the transaction that writes it.
taken_in = Signal()
# What else an entry says, by whoever knows: an office box says when it last heard of the centre.
more_facts: list[Callable[[], Mapping[str, str | int]]] = []


@dataclass(frozen=True)
class GivenReceipt:
    """A receipt that an office box gave already, which stands here: its number (empty: it gets one of ours), its token,
    the salt of its marks, and what our journal says of where it came from. `looked_at`: a person answers for it that it
    may be taken in, whatever is closed now and whoever works where.
    """

    reference: str
    token: str
    salt: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    looked_at: bool = False


def submit(
    submission: Submission, *, by: User, key: str, now: datetime | None = None, given: GivenReceipt | None = None
) -> Intake:
    """Take a request in and return its intake (transaction and receipt token).

    The same person with the same key and body gets the same intake again; with another body: `key_reused`.
    Raises Invalid with every problem, DomainError when this person may not file it, or nobody may now. Side effects:
    transaction, event, files attached, journal entry, the job of following up. A receipt `given` elsewhere stands.
    """
    body_hash = submission.body_hash()
    now = now or timezone.now()
    try:
        if given is None or not given.looked_at:
            _refuse_if_not_taken(submission, by, now)
        values, files = check_submission(submission, by=by, now=now)
        with transaction.atomic():
            if given is None:
                quotas.spend_quota("requests", by, now)
            return _take_in(submission, values, files, by=by, key=key, body_hash=body_hash, now=now, given=given)
    except (IntegrityError, DomainError):
        # Nobody asks first whether the key is new, since it nearly always is. Sent twice, also at once, the other one
        # was taken, with its files, and its receipt is the answer.
        if earlier := _find_earlier(by, key, body_hash):
            return earlier
        raise


def _refuse_if_not_taken(submission: Submission, by: User, now: datetime) -> None:
    refuse_if_closed(
        submission.service,
        now=now,
        offices=_offices_of(submission),
        lot=str(submission.applicant.pk),
        at_counter=submission.channel in AT_COUNTER,
    )
    refuse_unless_may_submit(submission, by, now)


def check_submission(
    submission: Submission, *, by: User, now: datetime
) -> tuple[dict[str, Any], dict[str, list[SubmittedFile]]]:
    """The canonical answers and the files of a submission; Invalid names everything missing or wrong."""
    cleaned = clean_answers(submission.service, submission.answers, timezone.localdate(now))
    files = files_of(submission, by)
    problems = [*cleaned.problems, *document_problems(submission.service, cleaned.values, files)]
    if submission.authorisation is not None:
        problems += plot_problems(submission.authorisation, cleaned.values)
    if problems:
        raise Invalid(problems)
    return cleaned.values, files


def _offices_of(submission: Submission) -> set[str]:
    """Where a submission would go, as far as that is known before it is routed: its counter, its district's branch."""
    if not memory.known().gates:
        return set()
    district = districts_by_code().get(str(submission.answers.get("district", "")))
    branch = district.sub_municipality_id if district else None
    return {*gates.codes(branch), *([submission.centre.code] if submission.centre else [])}


def _find_earlier(by: User, key: str, body_hash: str) -> Intake | None:
    intake = Intake.objects.select_related("transaction").filter(by=by, key=key).first()
    if intake and intake.body_hash != body_hash:
        raise DomainError("key_reused", _("This key has already been used for another request."))
    return intake


def _take_in(
    submission: Submission,
    values: dict[str, Any],
    files: Mapping[str, Sequence[SubmittedFile]],
    *,
    by: User,
    key: str,
    body_hash: str,
    now: datetime,
    given: GivenReceipt | None = None,
) -> Intake:
    """All submissions of a node queue up for its serial. So what does not bear the number is written before, and two
    round trips are left between that lock and the commit: the head of the journal, and the rows that bear the number.
    """
    slip = _lock_slip(submission, now)
    batch = Batch(Transaction, Event, Intake, Outbox)
    case = _build_transaction(submission, values, by=by, now=now, slip=slip)
    if given is not None:
        case.mark_salt = given.salt
    batch.key(case)
    if slip is not None:
        entering.entered(slip, case, by=by, now=now)
    batch.insert(_event(case, submission, by))
    queue.enqueue("route", case.pk, dedupe=f"route:{case.pk}", now=now, batch=batch)
    attached = [file for group in files.values() for file in group]
    promise = _receipt_facts(case, values, attached, now) | _agent_mark(case, by)
    for say in more_facts:
        promise |= say()
    if given is not None:
        promise |= given.facts
    attach_files(batch, case, files, submission.draft)
    if batch.send() != len(attached) and attached:
        raise DomainError("file_taken", _("One of these files already belongs to another request."))
    if slip is not None:
        # What incidents took from it since the time on the slip is written in its history: a recount from it on.
        queue.enqueue("recount", case.pk - 1, dedupe=f"recount:paper:{case.pk}", now=now)
    case.reference, locked = _number_of(slip, given, now)
    batch.insert(case)
    token = receipts.encode_token(
        chain.append("received", case.reference, promise, now, locked=locked, execute=batch.execute)
    )
    if given and given.reference:
        token = given.token
    due_at = cast(datetime, case.due_at)
    intake = Intake(by=by, key=key, body_hash=body_hash, transaction=case, token=token, due_at=due_at)
    batch.insert(intake)
    taken_in.send(Intake, intake=intake)
    batch.send()
    return intake


def _lock_slip(submission: Submission, now: datetime) -> Slip | None:
    """The slip a request on paper was written on, locked; DomainError when it may not be entered from it."""
    if submission.channel != Channel.PAPER:
        return None
    if submission.slip is None:
        raise DomainError(
            "slip_elsewhere", _("This slip is no longer being entered here. Begin with its number again.")
        )
    return entering.lock_for_request(
        submission.slip, submission.draft, service=submission.service.code, centre=submission.centre, now=now
    )


def _event(case: Transaction, submission: Submission, by: User) -> Event:
    return Event(
        transaction=case,
        seq=1,
        at=case.submitted_at,
        move="submit",
        actor=by,
        actor_role="centre_clerk" if case.taken_by_id else "applicant",
        to_status=case.status,
        to_stage=case.stage,
        office=submission.centre,
        facts={"channel": submission.channel, **_by_delegation(submission, case, by), **_on_paper(case, submission)},
    )


def _on_paper(case: Transaction, submission: Submission) -> dict[str, str]:
    """Where a request lay from the time on its slip on, for the clock of incidents at that office."""
    return {"at_centre": submission.centre.code} if case.channel == Channel.PAPER and submission.centre else {}


def _by_delegation(submission: Submission, case: Transaction, by: User) -> dict[str, int]:
    """By which paper somebody files for another: the one they named, or one that allows it; empty for all others."""
    if case.taken_by_id:
        return {}
    held = submission.delegation or access.delegation_about(by, case, Operation.FILE)
    return {"delegation": held.pk} if held else {}


def _build_transaction(
    submission: Submission, values: dict[str, Any], *, by: User, now: datetime, slip: Slip | None = None
) -> Transaction:
    """The row of a submission, complete but for its key and reference, not written yet."""
    service, calendar = submission.service, current_calendar()
    stage = service.stages[0]
    since = slip.written_at if slip is not None and slip.written_at else now
    stopped = _stopped(submission, stage, since, now) if since < now else clock.Reading(0, 0)
    return Transaction(
        service=service.code,
        stage=stage.code,
        applicant=submission.applicant,
        authorisation=submission.authorisation,
        channel=submission.channel,
        taken_by=by if submission.channel in AT_COUNTER else None,
        taken_at=submission.centre,
        language=submission.language,
        answers=values,
        mark_salt=secrets.token_hex(16),
        district=district_of(values),
        submitted_at=since,
        stage_started_at=since,
        paused_days=stopped.whole,
        stage_paused_days=stopped.of_stage,
        due_at=clock.due_moment(since, service.working_days_for(values), stopped.whole, calendar),
        stage_due_at=clock.due_moment(since, stage.working_days, stopped.of_stage, calendar),
    )


def _stopped(submission: Submission, stage: Stage, since: datetime, now: datetime) -> clock.Reading:
    """How long incidents stopped the clock of what was taken on paper, before it was entered."""
    office = submission.centre.code if submission.centre else ""
    step = clock.Step(since, Status.SUBMITTED, "", stage.code, office)
    pauses = memory.since(since, submission.service.code)
    return clock.read([step], current_calendar(), pauses, service=submission.service.code, now=now)


def _next_reference(now: datetime) -> tuple[str, chain.LockedChain]:
    """The next number of this node, and its journal, locked; nobody else gets one until this transaction ends."""
    node, incarnation, year = settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION, hijri_year(now)
    serial = number_at_this_place(next_serial(node, incarnation, year))
    locked = chain.lock()
    return str(Reference(node, incarnation, year, serial, locked.lot)), locked


def _number_of(slip: Slip | None, given: GivenReceipt | None, now: datetime) -> tuple[str, chain.LockedChain]:
    """The number somebody holds already, on a slip or from a box; else the next one. A box's is empty where it is
    another's by now.
    """
    held = slip.number if slip else given.reference if given else ""
    return (held, chain.lock()) if held else _next_reference(now)


def _agent_mark(case: Transaction, by: User) -> dict[str, str]:
    """Who filed it for its owner, as the journal names people."""
    if case.taken_by_id or by.pk == case.applicant_id:
        return {}
    return {"agent": person_mark(case.mark_salt, by.national_id)}


def _receipt_facts(
    case: Transaction, values: Mapping[str, Any], files: Sequence[SubmittedFile], now: datetime
) -> dict[str, str | int]:
    """What the receipt binds the city to: which service, whose, exactly which content and files, and since when where
    it was written on paper before.
    """
    facts: dict[str, str | int] = {"written": second_of(case.submitted_at)} if case.submitted_at < now else {}
    return facts | {
        "service": case.service,
        "channel": case.channel,
        "for": person_mark(case.mark_salt, case.applicant.national_id),
        "content": answers_hash(case.mark_salt, values, (file.sha256 for file in files)),
        "files": len(files),
    }
