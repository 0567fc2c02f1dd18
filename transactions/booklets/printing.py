"""Printing booklets: ordered by one administrator, confirmed by a second.

With the confirmation the numbers are burnt: booklet, slips and the signed entry of each slip are written in one
transaction, before anybody can print anything. Whoever prints nothing after that has used numbers up, and no more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import four_eyes
from accounts.models import Proposal, User
from core.db.locks import take_lock
from core.hijri import hijri_year
from journal import chain
from municipality.models import Office, OfficeKind
from municipality.services import office_by_code

from ..domain.references import BOX_LETTERS, Reference
from ..domain.slips import FIRST_SERIAL, LAST_SERIAL, MAX_BOOKLETS, MAX_SLIPS
from ..models import Booklet, BookletEvent, Slip
from .record import SLIP, note

What = BookletEvent.What


def validate(office: Office | None, many: int, size: int) -> None:
    """ValidationError, by field, for what is not printed."""
    wrong: dict[str, str] = {}
    if settings.JOURNAL_NODE[0] in BOX_LETTERS:
        raise ValidationError(_("Booklets are printed by a centre, not by an office box."))
    if office is None or office.kind != OfficeKind.SERVICE_CENTRE:
        wrong["office"] = _("Booklets are for service centres.")
    if not 1 <= many <= MAX_BOOKLETS:
        wrong["many"] = _("One order prints 1 to %(most)d booklets.") % {"most": MAX_BOOKLETS}
    if not 1 <= size <= MAX_SLIPS:
        wrong["size"] = _("A booklet has 1 to %(most)d slips.") % {"most": MAX_SLIPS}
    if wrong:
        raise ValidationError(wrong)


def order(
    office: Office, *, many: int, size: int, reason: str, by: User | None, now: datetime | None = None
) -> Proposal:
    """Propose to print so many booklets for a centre. ValidationError as `validate`; AccountError as four_eyes."""
    validate(office, many, size)
    facts = {"office": office.code, "many": many, "size": size}
    what = f"{office.code}:{many}:{size}"
    return four_eyes.propose(Proposal.Kind.BOOKLETS, what, facts, reason=reason, by=by, now=now)


@four_eyes.describes(Proposal.Kind.BOOKLETS)
def describe(proposal: Proposal) -> list[str]:
    """What is proposed, line by line."""
    facts = proposal.facts or {}
    office = office_by_code(facts.get("office", ""))
    many, size = int(facts.get("many", 0)), int(facts.get("size", 0))
    return [
        office.name if office else "",
        ngettext("%(many)d booklet", "%(many)d booklets", many) % {"many": many},
        ngettext("%(size)d slip in each", "%(size)d slips in each", size) % {"size": size},
    ]


@four_eyes.carries_out(Proposal.Kind.BOOKLETS)
def _print(proposal: Proposal, by: User | None, now: datetime) -> None:
    facts = proposal.facts or {}
    office = Office.objects.get(code=facts["office"])
    validate(office, facts["many"], facts["size"])
    take_lock("booklets")
    for _number in range(facts["many"]):
        _burn(office, facts["size"], proposal, by=by, now=now)


def _burn(office: Office, size: int, proposal: Proposal, *, by: User | None, now: datetime) -> Booklet:
    """One booklet: numbers after the last ones of this journal and year, and an entry that proves each slip."""
    locked = chain.lock()
    place = f"{settings.JOURNAL_NODE}{settings.JOURNAL_INCARNATION}{locked.lot}"
    year = hijri_year(now)
    first = _next_serial(place, year)
    if first + size - 1 > LAST_SERIAL:
        raise ValidationError(_("There are no numbers left for booklets this year."))
    booklet = Booklet.objects.create(
        place=place, hijri_year=year, first_serial=first, size=size, office=office, proposal=proposal, printed_at=now
    )
    slips = slips_of(booklet)
    Slip.objects.bulk_create(slips)
    for slip in slips:
        chain.append(SLIP, slip.number, facts_of(booklet, slip), now)
    note(booklet, What.PRINTED, by=by, now=now)
    return booklet


def _next_serial(place: str, year: int) -> int:
    """After the last booklet of this place and year, whatever became of it. Call under the lock."""
    printed = Booklet.objects.filter(place=place, hijri_year=year).annotate(after=F("first_serial") + F("size"))
    return int(printed.aggregate(next=Max("after"))["next"] or FIRST_SERIAL)


def slips_of(booklet: Booklet) -> list[Slip]:
    """The slips of a booklet with their numbers, not written yet."""
    node, letter, lot = booklet.place[:2], booklet.place[2], booklet.place[3:]
    return [
        Slip(
            booklet=booklet,
            index=index + 1,
            number=str(Reference(node, letter, booklet.hijri_year, booklet.first_serial + index, lot)),
        )
        for index in range(booklet.size)
    ]


def facts_of(booklet: Booklet, slip: Slip) -> dict[str, Any]:
    """What our signature on a slip says: enough to put its booklet on record again from one slip alone."""
    return {
        "booklet": str(booklet),
        "first": booklet.first_serial,
        "slips": booklet.size,
        "slip": slip.index,
        "office": booklet.office.code,
    }
