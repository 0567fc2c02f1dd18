"""Incoming and outgoing numbers: per office and Hijri year, without gaps or repeats.

The register's row is locked until commit, and the number is used in the same transaction, so a rollback gives
it back. Locks are always taken in this order: transaction row, registers by office, serial, journal chain.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from accounts.models import User
from municipality.hijri import hijri_year
from municipality.models import Office

from ..models import Direction, Movement, Register, Serial, Transaction

Row = TypeVar("Row", Register, Serial)


def enter(
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
    register = _locked(Register, place)
    register.last_number += 1
    register.save(update_fields=["last_number"])
    return Movement.objects.create(
        transaction=case,
        office_id=office_id,
        direction=direction,
        hijri_year=year,
        number=register.last_number,
        at=now,
        by=by,
        counterpart=counterpart,
        recipient=recipient,
    )


def next_serial(node: str, incarnation: str, year: int) -> int:
    """The next serial of this node for references. Call inside a transaction."""
    place = {"node": node, "incarnation": incarnation, "hijri_year": year}
    serial = _locked(Serial, place)
    serial.last += 1
    serial.save(update_fields=["last"])
    return serial.last


def _locked(model: type[Row], place: dict[str, Any]) -> Row:
    """The row of this place, locked until commit; made when it is the first of its year."""
    try:
        return model.objects.select_for_update().get(**place)
    except model.DoesNotExist:
        model.objects.get_or_create(**place)
        return model.objects.select_for_update().get(**place)
