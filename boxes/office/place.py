"""What the receipts of a box are worth, and what keeps it from giving one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from continuity import place
from continuity.worth import Worth
from core.units import MIB
from journal.entry import second_of
from transactions.domain.errors import DomainError
from transactions.intake import submit

from ..models import Outgoing
from . import state

ROOM = 200 * MIB
"""So much has to be free on the second disk before a receipt is given."""
WORDS = {
    Worth.CONFIRMED: gettext_lazy("the centre has it too"),
    Worth.PROVISIONAL: gettext_lazy(
        "kept at this office on two disks; it becomes confirmed by itself once the centre has it"
    ),
}


def say_what_a_receipt_is_worth() -> None:
    """At the start of a box."""
    place.register(place.Place(_confirmed, WORDS))
    submit.more_facts.append(facts)


def _confirmed(entries: Sequence[int]) -> set[int]:
    return set(Outgoing.objects.filter(seq__in=entries).exclude(confirmed_at=None).values_list("seq", flat=True))


def facts() -> Mapping[str, str | int]:
    """What each entry of a box says besides: when it last heard of the centre. DomainError while no receipt may be
    given: the box has ended, or its second disk is away or full.
    """
    if state.ended_why():
        raise DomainError(
            "box_ended", _("The centre has ended this box. Nothing new is taken here; what was taken is kept.")
        )
    if not second_disk_is_ready():
        raise DomainError(
            "second_disk", _("The second disk of this box is missing or full. A receipt is only given when both work.")
        )
    heard = state.heard_at()
    return {"heard": second_of(heard)} if heard else {}


def second_disk_is_ready() -> bool:
    """Can the second medium take a receipt?"""
    folder = Path(settings.OFFICE_SECOND_MEDIUM)
    try:
        return folder.is_dir() and shutil.disk_usage(folder).free >= ROOM
    except OSError:
        return False
