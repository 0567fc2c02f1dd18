"""Asking after a transaction without signing in. A wrong secret and an unknown number look the same.

Tries are serialised per subject, so that guesses sent at once cannot slip past the count. Only wrong tries are
written; a right answer writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Subquery
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.identity import rate_limit_network
from core import db as database
from core.cache import LOCAL, LOCAL_COUNTS
from core.db import locks, replica
from core.db.prepared import Prepared, columns
from core.text import compact, isolated
from journal.standing import Refused
from municipality.services import offices_by_pk

from ..booklets import standing
from ..domain import pins, references
from ..domain.errors import Invalid, NotInThisDatabase, NotVisible, Problem, SlipNotEntered, TooManyAttempts
from ..domain.gates import Operation
from ..domain.register_lines import read_line
from ..domain.slips import is_slip
from ..incidents import gates
from ..models import BroughtReceipt, Direction, FailedAttempt, Transaction
from .pin import opens_receipt

MAX_WRONG_PER_SUBJECT = 5
"""By one network at one subject in an hour; others, the owner among them, are heard as ever."""
MAX_WRONG_OVERALL = 100
"""Wrong tries in an hour at one subject from everywhere, or from one network at everything: an alarm, and from then on
one wrong try for a network at a subject instead of five. A right one is always heard at first."""
MAX_WRONG_LAST_FOUR = 10
"""By everybody together at one incoming number: four digits are soon guessed. The PIN, or signing in, goes on."""


def find_by_pin(reference: str, pin: str, *, address: str, now: datetime | None = None) -> Transaction:
    """The transaction with this reference, for whoever knows its PIN. NotVisible, NotHere when the PIN is right and we
    have no such request, or TooManyTries.
    """
    gates.refuse_if_closed(Operation.INQUIRY, now=now or timezone.now())
    parsed = references.parse(reference)
    if parsed is not None:
        if pins.pin_matches(str(parsed), pin):
            case = _find_promised(str(parsed), address, now or timezone.now())
            if not case.pin_serial:
                return case
        elif opens_receipt(str(parsed), pin):
            return _find_known(str(parsed), address, now or timezone.now())
    return find_rate_limited(str(parsed or reference), address, now, lambda: None)


def _find_promised(reference: str, address: str, now: datetime) -> Transaction:
    """The transaction of a receipt of ours; NotInThisDatabase says what its holder can do when there is none.

    A copy may not have heard of it yet, so what it does not know is asked of the centre.
    """
    try:
        return _find_known(reference, address, now)
    except NotVisible as unknown:
        if not replica.reading():
            raise _not_here(reference) from unknown
    try:
        with replica.centre():
            return _find_known(reference, address, now)
    except NotVisible as unknown:
        raise _not_here(reference) from unknown
    except database.DATABASE_UNAVAILABLE as away:
        database.extend_deadline()
        raise NotInThisDatabase(NOT_YET) from away


def _not_here(reference: str) -> NotVisible:
    """What is told of a right number and PIN under which there is no request."""
    if slip := standing.find(reference):
        return SlipNotEntered(standing.in_words(slip))
    if is_slip(references.parse(reference)):
        message = _("Number and PIN belong to a slip of ours that is not on record here. Show it at a service centre.")
        return SlipNotEntered(message)
    return NotInThisDatabase(_explain_lost_receipt(reference))


def _explain_lost_receipt(reference: str) -> str:
    """What its holder is told: to hand it in, or what became of it since they did."""
    row = BroughtReceipt.objects.filter(reference=reference).select_related("transaction").first()
    if row is None:
        return _(
            "Number and PIN belong to a receipt of ours, but its request is not found here. Hand the receipt in, so "
            "that staff can go on with it."
        )
    if row.transaction is not None:
        return _("This receipt was handed in, and its request goes on under the number %(number)s.") % {
            "number": isolated(row.transaction.reference)
        }
    return _("This receipt was handed in on %(day)s. Staff call the mobile number you gave with it.") % {
        "day": timezone.localtime(row.brought_at).date().isoformat()
    }


NOT_YET = gettext_lazy(
    "Number and PIN belong to a receipt of ours. This copy does not know its request yet, and the centre cannot be "
    "asked just now. Keep the receipt and try again later."
)
FIELDS = columns(
    Transaction,
    "id reference service status stage version submitted_at stage_started_at due_at halted_at branch_id centre_id "
    "held_by_id pin_serial rejected_at withdrawn_at",
)


def _attempts(bucket: str, hour: datetime) -> Subquery:
    return Subquery(FailedAttempt.objects.filter(bucket=bucket, hour=hour).values("count")[:1])


_look_up = Prepared(
    lambda reference, pair, subject, address, hour: (
        Transaction.objects.filter(reference=reference)
        .order_by()
        .annotate(
            of_pair=_attempts(pair, hour), of_subject=_attempts(subject, hour), of_address=_attempts(address, hour)
        )
        .values_list(*FIELDS, "of_pair", "of_subject", "of_address")
    ),
    str,
    str,
    str,
    str,
    datetime,
)


def _find_known(reference: str, address: str, now: datetime) -> Transaction:
    """The transaction of somebody who has its PIN: one round trip, queued up behind guesses at the same number.

    It carries what the public answer shows, and its offices; nobody's name is read.
    """
    mark, hour = _digest(reference), _hour(now)
    buckets = _buckets(reference, address)
    values = (reference, *buckets, hour)
    if replica.is_copy():
        rows = _look_up.rows(*values)
    elif connection.vendor == "postgresql":
        rows = _look_up.rows(*values, before=f"{locks.lock_statement(mark)}; ")
    else:
        with transaction.atomic():
            rows = _look_up.rows(*values)
    if not rows:
        raise NotVisible
    *fields, of_pair, of_subject, of_address = rows[0]
    known = zip(buckets, (of_pair, of_subject, of_address), strict=True)
    if _is_blocked(buckets, {bucket: max(of or 0, _local_count(bucket, hour)) for bucket, of in known}):
        raise _too_many(now)
    case = Transaction.from_db(None, FIELDS, fields)
    for name in ("branch", "centre", "held_by"):
        case._state.fields_cache[name] = offices_by_pk().get(getattr(case, f"{name}_id"))
    gates.refuse_inquiry(case, now)
    return case


# The name of what the page of an answer carries, so that it can be shown again in the other language, and how long.
ANSWER_SALT = "again"
ANSWER_SHOWN_FOR = timedelta(minutes=10)


def sign_answer(case: Transaction) -> str:
    """Signed: whoever holds it was shown the answer about this request a moment ago."""
    return signing.dumps(case.reference, salt=ANSWER_SALT)


def find_answered_lately(mark: str, *, address: str, now: datetime | None = None) -> Transaction:
    """The transaction whose answer was shown in the last ten minutes. NotVisible, or TooManyTries."""
    try:
        reference = signing.loads(mark, salt=ANSWER_SALT, max_age=ANSWER_SHOWN_FOR)
    except signing.BadSignature as error:
        raise NotVisible from error
    return _find_known(reference, address, now or timezone.now())


Cached = TypeVar("Cached")
CACHED_FOR = timedelta(minutes=5)


def cached_until_next_event(name: str, case: Transaction, make: Callable[[], Cached]) -> Cached:
    """What `make` says of this request, in the reader's language; made once by each process until the next move or
    another due date.

    Whoever worries asks again, and the answer is another only then. `case` was read just now, so nobody is told what
    was.
    """
    key = f"{name}:{case.reference}:{case.stamp}:{get_language()}"
    return LOCAL.get_or_make(key, make, CACHED_FOR.total_seconds())


def find_by_incoming_number(
    office_code: str,
    number: str,
    hijri_year: str,
    last_four: str,
    *,
    address: str,
    now: datetime | None = None,
) -> Transaction:
    """The transaction under an office's incoming number, for whoever knows the ID's last four digits.

    The year may stand in the number, as it is printed. Invalid, which is no wrong try, when they are not understood.
    """
    gates.refuse_if_closed(Operation.INQUIRY, now=now or timezone.now())
    # 7 and 007 are the same line of the register: whoever guesses at it may not begin anew with every nought.
    read, last_four = read_line(number, hijri_year), compact(last_four).upper()
    problems = []
    if read is None:
        message = _("We did not understand this number. Write it with its Hijri year as printed, for example 38/1448.")
        problems.append(Problem("number", message, "unreadable"))
    if len(last_four) != 4:
        problems.append(Problem("last_four", _("Write the last four digits of the ID."), "unreadable"))
    if read is None or problems:
        raise Invalid(problems)
    line, year = read

    def find() -> Transaction | None:
        return (
            Transaction.objects.for_pages()
            .filter(
                movements__office__code=office_code,
                movements__direction=Direction.INCOMING,
                movements__number=line,
                movements__hijri_year=year,
                applicant__national_id__endswith=last_four,
            )
            .first()
        )

    case = find_rate_limited(f"{office_code}/{year}/{line}", address, now, find, most=MAX_WRONG_LAST_FOUR)
    gates.refuse_inquiry(case, now or timezone.now())
    return case


def _buckets(subject: str, address: str) -> tuple[str, str, str]:
    """What a wrong try is counted under: this network at this subject, the subject, the network."""
    network = rate_limit_network(address)
    return f"pair:{_digest(f'{subject} {network}')}", f"subject:{_digest(subject)}", f"address:{network}"


def _is_blocked(buckets: tuple[str, str, str], counts: Mapping[str, int], most: int | None = None) -> bool:
    pair, subject, network = (counts.get(bucket, 0) for bucket in buckets)
    wide = max(subject, network) >= MAX_WRONG_OVERALL
    return pair >= (1 if wide else MAX_WRONG_PER_SUBJECT) or (most is not None and subject >= most)


def find_rate_limited(
    subject: str,
    address: str,
    now: datetime | None,
    find: Callable[[], Transaction | None],
    most: int | None = None,
) -> Transaction:
    """What `find` finds, unless too much was guessed at `subject` or from this address; what it does not is counted."""
    now = now or timezone.now()
    hour, mark = _hour(now), _digest(subject)
    buckets = _buckets(subject, address)
    copy = replica.is_copy()
    try:
        with replica.centre():
            blocked, case = _find_counting(buckets, most, mark, hour, find)
    except database.DATABASE_UNAVAILABLE as error:
        # A copy, or a database that takes no counts, tells what it knows.
        copy = copy or isinstance(error, Refused)
        if not copy:
            raise
        database.extend_deadline()
        # Nobody counts for all of us now; each process does for itself.
        blocked = _is_blocked(buckets, {bucket: _local_count(bucket, hour) for bucket in buckets}, most)
        case = None if blocked else find()
    if blocked:
        raise _too_many(now)
    if case is None:
        if copy:
            for bucket in buckets:
                _count_locally(bucket, hour)
        raise NotVisible
    return case


def _find_counting(
    buckets: tuple[str, str, str],
    most: int | None,
    mark: str,
    hour: datetime,
    find: Callable[[], Transaction | None],
) -> tuple[bool, Transaction | None]:
    """(too many tries before this one, what it found); a try that finds nothing is counted."""
    with transaction.atomic():
        locks.take_lock(mark)
        counts = dict(FailedAttempt.objects.filter(bucket__in=buckets, hour=hour).values_list("bucket", "count"))
        blocked = _is_blocked(buckets, counts, most)
        case = None if blocked else find()
        if case is None and not blocked:
            for bucket in sorted(buckets):
                _count_attempt(bucket, hour)
    if case is None and not blocked:
        for bucket, kind in zip(buckets[1:], ("many places at one", "one place at many"), strict=True):
            if counts.get(bucket, 0) + 1 == MAX_WRONG_OVERALL:
                attempts.raise_alarm(kind, hour)
    return blocked, case


def _local_key(bucket: str, hour: datetime) -> str:
    return f"{bucket}:{hour:%d%H}"


def _count_locally(bucket: str, hour: datetime) -> None:
    """Count a wrong try in this process: a copy hears of it late, and of none while the centre is away."""
    LOCAL_COUNTS.count(_local_key(bucket, hour), 3600)


def _local_count(bucket: str, hour: datetime) -> int:
    return LOCAL_COUNTS.get(_local_key(bucket, hour), 0)


def _digest(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:40]


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _too_many(now: datetime) -> TooManyAttempts:
    return TooManyAttempts(ceil((_hour(now) + timedelta(hours=1) - now).total_seconds()))


def _count_attempt(bucket: str, hour: datetime) -> None:
    """Add one, in one statement; the first of the hour makes the row."""
    if FailedAttempt.objects.filter(bucket=bucket, hour=hour).update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            FailedAttempt.objects.create(bucket=bucket, hour=hour, count=1)
    except IntegrityError:
        FailedAttempt.objects.filter(bucket=bucket, hour=hour).update(count=F("count") + 1)
