"""What a slip is worth now, in words anybody may read: its holder by number and PIN, whoever scans its code."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.day_words import day_in_words
from core.text import isolated

from ..domain import references
from ..domain.slips import is_slip
from ..domain.workflow import Status
from ..models import Slip


def find(typed: str) -> Slip | None:
    """The slip with this number, however it is typed; None when it is no slip of this database."""
    parsed = references.parse(typed)
    if not is_slip(parsed):
        return None
    rows = Slip.objects.select_related("booklet__office", "transaction", "draft__created_by")
    return rows.filter(number=str(parsed)).first()


def in_words(slip: Slip) -> str:
    """One or two sentences. They name the centre and nobody."""
    booklet = slip.booklet
    if slip.transaction is not None:
        status = (slip.transaction.outcome or Status(slip.transaction.status)).label
        sentence = _("This slip was entered as request %(number)s on %(day)s. The request is now: %(status)s.")
        return sentence % {"number": isolated(slip.number), "day": _day(slip.entered_at), "status": status}
    if slip.voided_at is not None:
        return _("This slip has been void since %(day)s. No request was made with it.") % {"day": _day(slip.voided_at)}
    if slip.revoked_at is not None and slip.released_at is None:
        return _(
            "This slip was reported lost on %(day)s. It is examined before a request is entered from it. Show it at a "
            "service centre."
        ) % {"day": _day(slip.revoked_at)}
    if booklet.handed_at is None:
        return _("This slip was printed and has not been handed out yet.")
    where = {"office": booklet.office.name, "day": _day(booklet.handed_at)}
    return (
        _(
            "This slip belongs to a booklet handed to %(office)s on %(day)s. It has not been entered yet. If a clerk "
            "wrote your request on it, keep it: once it is entered, the same number and PIN show where the request is."
        )
        % where
    )


def _day(moment: datetime | None) -> str:
    return day_in_words(timezone.localtime(moment)) if moment else ""
