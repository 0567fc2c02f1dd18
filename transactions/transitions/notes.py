"""Notes of the staff on a case. They are no moves: status, clock, version and history stay as they are."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import prose

from .. import access
from ..domain.errors import Invalid, NotVisible, Problem
from ..domain.gates import Operation
from ..domain.text_length import validate_text_length
from ..incidents import gates
from ..models import Note, Transaction
from .staff_notices import tell_of_note

DUPLICATE_WINDOW = timedelta(minutes=10)
"""The same words by the same person within this time are one note that came twice."""


@transaction.atomic
def write_note(case: Transaction, *, text: str, by: User, to: User | None = None, now: datetime | None = None) -> Note:
    """Keep a note on a case, for everyone who works on it or for one of them. No event, no notice.

    NotVisible for whoever does not work on the case, or whom it is about; OperationClosed while nobody works on cases;
    Invalid when it says nothing, is too long, or is meant for somebody who could not read it.
    """
    now = now or timezone.now()
    if not access.may_read_notes(by, case):
        raise NotVisible
    where = gates.codes(case.held_by_id)
    gates.refuse_if_closed(Operation.PROCESSING, now=now, service=case.service, offices=where, lot=case.reference)
    text = prose(text)
    if not text:
        raise Invalid([Problem("text", _("Write the note first."), "required")])
    if problems := validate_text_length("text", text):
        raise Invalid(problems)
    if to is not None and (to.pk == by.pk or not access.may_read_notes(to, case)):
        raise Invalid([Problem("to", _("This colleague does not work on this case."), "wrong_colleague")])
    Transaction.objects.select_for_update(of=("self",)).only("pk").get(pk=case.pk)  # one press after the other
    again = Note.objects.filter(transaction=case, author=by, to=to, text=text, at__gt=now - DUPLICATE_WINDOW)
    if there := again.first():
        return there
    places = (case.held_by_id, case.branch_id, case.centre_id, case.taken_at_id)
    office = next(post.office for place in places for post in access.case_posts(by) if post.office_id == place)
    written = Note.objects.create(transaction=case, at=now, author=by, office=office, to=to, text=text)
    tell_of_note(written)
    return written


def mark_read(case: Transaction, *, by: User, now: datetime | None = None) -> int:
    """The person says they have read the notes meant for them on a case; returns how many were new."""
    unread = access.notes_waiting_for(by).filter(transaction=case)
    return Note.objects.filter(pk__in=list(unread.values_list("pk", flat=True))).update(read_at=now or timezone.now())
