"""What the receipts of a box are worth, and what keeps it from giving one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from continuity import place
from continuity.worth import Worth
from core.units import MIB
from journal.entry import second_of
from transactions.domain.errors import DomainError
from transactions.intake import submit

from ..models import Outgoing
from . import outgoing, state

ROOM = 200 * MIB
"""So much has to be free on the second disk before a receipt is given."""
WORDS = {
    Worth.CONFIRMED: gettext_lazy("the centre has it too"),
    Worth.PROVISIONAL: gettext_lazy(
        "kept at this office on two disks; it becomes confirmed by itself once the centre has it"
    ),
}
ON_ONE_DISK = gettext_lazy("kept at this office, for now on one disk; it becomes confirmed once the centre has it")


def say_what_a_receipt_is_worth() -> None:
    """At the start of a box."""
    place.register(place.Place(_confirmed, in_words))
    submit.more_facts.append(facts)


def in_words(worth: Worth) -> str:
    """What a receipt of this class is worth here now."""
    return str(ON_ONE_DISK if worth is Worth.PROVISIONAL and outgoing.on_one_disk() else WORDS[worth])


def _confirmed(entries: Sequence[int]) -> set[int]:
    return set(Outgoing.objects.filter(seq__in=entries).exclude(confirmed_at=None).values_list("seq", flat=True))


def facts() -> Mapping[str, str | int]:
    """What each entry of a box says besides: when it last heard of the centre. DomainError while no receipt may be
    given: the box has ended, its second disk is away or full, or it has not heard of the centre for too long.
    """
    if state.ended_why():
        raise DomainError(
            "box_ended", _("The centre has ended this box. Nothing new is taken here; what was taken is kept.")
        )
    if not second_disk_is_ready():
        raise DomainError(
            "second_disk", _("The second disk of this box is missing or full. A receipt is only given when both work.")
        )
    if state.is_news_too_old(timezone.now()):
        raise DomainError(
            "news_too_old",
            _("This box has had no update of the centre for too long. Nothing new is taken until it has one."),
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
