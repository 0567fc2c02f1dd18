"""Asking after a transaction without signing in. A wrong secret and an unknown number look the same.

Tries are serialised per subject, so that guesses sent at once cannot slip past the count. Only wrong tries are
written; a right answer writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from municipality.text import western_digits

from .. import pins, references
from ..errors import DomainError, NotVisible
from ..models import Direction, Transaction, Try

WRONG_PER_SUBJECT = 5
WRONG_PER_ADDRESS = 40


def by_pin(reference: str, pin: str, *, address: str, now: datetime | None = None) -> Transaction:
    """The transaction with this reference, for whoever knows its PIN. NotVisible, or DomainError `too_many_tries`."""
    parsed = references.parse(reference)

    def find() -> Transaction | None:
        if parsed is None or not pins.matches(str(parsed), pin):
            return None
        return Transaction.objects.for_pages().filter(reference=str(parsed)).first()

    return _guarded(str(parsed or reference), address, now, find)


def by_incoming_number(
    office_code: str,
    number: str,
    hijri_year: str,
    last_four: str,
    *,
    address: str,
    now: datetime | None = None,
) -> Transaction:
    """The transaction under an office's incoming number, for whoever knows the ID's last four digits."""
    digits = [western_digits(text).strip() for text in (number, hijri_year, last_four)]

    def find() -> Transaction | None:
        if not all(text.isascii() and text.isdecimal() and len(text) <= 9 for text in digits) or len(digits[2]) != 4:
            return None
        return (
            Transaction.objects.for_pages()
            .filter(
                movements__office__code=office_code,
                movements__direction=Direction.INCOMING,
                movements__number=int(digits[0]),
                movements__hijri_year=int(digits[1]),
                applicant__national_id__endswith=digits[2],
            )
            .first()
        )

    return _guarded(f"{office_code}/{digits[1]}/{digits[0]}", address, now, find)


def _guarded(subject: str, address: str, now: datetime | None, find: Callable[[], Transaction | None]) -> Transaction:
    hour = (now or timezone.now()).replace(minute=0, second=0, microsecond=0)
    mark = hashlib.sha256(subject.encode()).hexdigest()[:40]
    limits = {f"subject:{mark}": WRONG_PER_SUBJECT, f"address:{address[:60]}": WRONG_PER_ADDRESS}
    with transaction.atomic():
        _one_at_a_time(mark)
        counts = dict(Try.objects.filter(bucket__in=limits, hour=hour).values_list("bucket", "count"))
        blocked = any(counts.get(bucket, 0) >= most for bucket, most in limits.items())
        found = None if blocked else find()
        if found is None and not blocked:
            for bucket in sorted(limits):
                _count(bucket, hour)
    if blocked:
        raise DomainError("too_many_tries", _("Too many wrong tries. Wait an hour, or ask at a service centre."))
    if found is None:
        raise NotVisible
    return found


def _one_at_a_time(mark: str) -> None:
    """Queue up behind others who try the same subject. On SQLite the IMMEDIATE transaction does it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(mark[:15], 16)])


def _count(bucket: str, hour: datetime) -> None:
    """Add one, in one statement; the first of the hour makes the row."""
    if Try.objects.filter(bucket=bucket, hour=hour).update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            Try.objects.create(bucket=bucket, hour=hour, count=1)
    except IntegrityError:
        Try.objects.filter(bucket=bucket, hour=hour).update(count=F("count") + 1)
