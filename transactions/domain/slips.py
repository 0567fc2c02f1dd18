"""Slips of paper booklets: which numbers are theirs, and which date a slip may bear. Pure.

A slip bears a number of the node and journal that printed it, like any request of that node, out of serials no request
is ever counted up to. So it meets neither the numbers of the node, nor those of another, nor those of a rebuilt one,
and the request entered from it keeps it for life.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from .gates import Operation, Scope
from .references import BOX_LETTERS, Reference

# Serials of requests stay below it at every portal. An office box counts through all of them, and prints no slips: its
# letter tells the two apart.
FIRST_SERIAL = 900_000_000
LAST_SERIAL = 999_999_999
# A number of a slip, as databases look for it in a column.
OF_A_SLIP = f"^[^{BOX_LETTERS}][^-]+-1[0-9]{{3}}-9[0-9]{{8}}-"
MAX_SLIPS = 50
"""In a booklet."""
MAX_BOOKLETS = 5
"""Printed by one order: all their slips are signed while the journal is locked."""


def is_slip(reference: Reference | None) -> bool:
    """Is this the number of a slip?"""
    return reference is not None and reference.serial >= FIRST_SERIAL and reference.node[0] not in BOX_LETTERS


class Outage(NamedTuple):
    """A declared incident: what it touches, from when, and until when if it has ended."""

    scope: Scope
    start: datetime
    end: datetime | None


class Wrong:
    """Why a slip may not bear a date."""

    FUTURE = "future"
    BEFORE_BOOKLET = "before_booklet"
    NO_INCIDENT = "no_incident"


def what_is_wrong_with(
    written_at: datetime,
    *,
    handed_at: datetime,
    now: datetime,
    outages: Iterable[Outage],
    service: str,
    offices: Collection[str],
) -> str:
    """Why a request may not count from `written_at`, one of Wrong; empty when it may.

    It may while its booklet was out (`handed_at` to now) and a declared incident kept this service from being taken in
    at one of these offices: the centre and the office it belongs to.
    """
    if written_at > now:
        return Wrong.FUTURE
    if written_at < handed_at:
        return Wrong.BEFORE_BOOKLET
    if any(_covers(outage, written_at, service, offices) for outage in outages):
        return ""
    return Wrong.NO_INCIDENT


def _covers(outage: Outage, moment: datetime, service: str, offices: Collection[str]) -> bool:
    if moment < outage.start or (outage.end is not None and moment > outage.end):
        return False
    return any(outage.scope.covers(operation, service, offices) for operation in (Operation.INTAKE, Operation.COUNTERS))
