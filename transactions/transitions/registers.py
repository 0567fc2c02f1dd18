"""Incoming and outgoing numbers: per office and Hijri year, without gaps or repeats.

The register's row is locked until commit, and the number is used in the same transaction, so a rollback gives
it back. Locks are always taken in this order: transaction row, registers by office, serial, journal chain.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Model
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts.models import User
from core.hijri import hijri_year
from journal import chain
from journal.standing import LOT_LETTERS
from municipality.models import Office

from ..domain.errors import DomainError
from ..domain.slips import FIRST_SERIAL
from ..models import Direction, Movement, Register, Serial, Transaction

# Numbers of registers are plain, so after a restore they go on far away, at one of this many places.
STRIDE, PLACES = 10_000, 9_973


def enter_line(
    case: Transaction,
    *,
    office_id: int,
    direction: Direction,
    by: User | None,
    now: datetime,
    counterpart: Office | None = None,
    recipient: str = "",
) -> Movement:
    """Write the next line of an office's register. Call inside a transaction."""
    year = hijri_year(now)
    place = {"office_id": office_id, "direction": direction, "hijri_year": year}
    number = _increment(Register, "last_number", place)
    return Movement.objects.create(
        transaction=case,
        office_id=office_id,
        direction=direction,
        hijri_year=year,
        number=number,
        at=now,
        by=by,
        counterpart=counterpart,
        recipient=recipient,
    )


def next_serial(node: str, incarnation: str, year: int) -> int:
    """The next serial of this node for references. Call inside a transaction."""
    place = {"node": node, "incarnation": incarnation, "hijri_year": year}
    serial = _increment(Serial, "last", place)
    if serial >= FIRST_SERIAL:
        raise ValueError(f"{node}{incarnation}-{year} is at the numbers of paper slips")
    return serial


# An office box puts four digits before its serials, drawn anew whenever it starts: a machine that was copied, or put
# back to an earlier day, starts too, and gives no number a second time.
DRAWN, SERIALS = secrets.randbelow(9_000) + 1_000, 100_000


def number_at_this_place(serial: int) -> int:
    """The serial as it stands in a reference here. DomainError when the numbers of a box's year are used up."""
    if not settings.OFFICE_BOX:
        return serial
    if serial >= SERIALS:
        raise DomainError("numbers_used_up", _("This box has no numbers left for this year. Enrol another box."))
    return DRAWN * SERIALS + serial


def _increment(model: type[Model], column: str, place: dict[str, Any]) -> int:
    """Count on by one and say where we are, in one statement; its row stays locked until commit."""
    quote = connection.ops.quote_name
    where = " AND ".join(f"{quote(name)} = %s" for name in place)
    count = f"UPDATE {quote(model._meta.db_table)} SET {quote(column)} = {quote(column)} + 1"  # noqa: S608 – no input
    with connection.cursor() as cursor:
        cursor.execute(f"{count} WHERE {where} RETURNING {quote(column)}", list(place.values()))
        row = cursor.fetchone()
    if row:
        return int(row[0])
    # The first of its year.
    first = {column: _gap_size(chain.lot())} if model is Register else {}
    model._default_manager.get_or_create(**place, defaults=first)
    return _increment(model, column, place)


def _gap_size(lot: str) -> int:
    """How far ahead the registers of a database go on that may have copies; 0 without a lot."""
    drawn = 0
    for letter in lot:
        drawn = drawn * len(LOT_LETTERS) + LOT_LETTERS.index(letter)
    return (drawn % PLACES + 1) * STRIDE if lot else 0


@receiver(chain.begun_apart)
def skip_numbers(*, lot: str, **_more: Any) -> None:
    """Numbers given after the backup, and those of another copy of it, are left out of every register."""
    Register.objects.update(last_number=F("last_number") + _gap_size(lot))
