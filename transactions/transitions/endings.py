"""Revoking and replacing what was issued: one person proposes it, a supervisor who is another carries it out.

What ended stays as it was, says since when and by what, and is never handed out without saying so.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User

from ..domain.errors import DomainError
from ..models import IssuedDocument, Transaction
from ..papers import papers
from ..text.two_languages import Written
from .issuing import enter_outgoing, recipient_outside
from .mover import Transition, begin, finish


@transaction.atomic
def propose(
    case: Transaction, *, reason: str, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Say that the document of a case should be revoked or replaced. Event; DomainError `no_document` without one."""
    transition = begin(case, "propose_ending", by=by, now=now, version=version, reason=reason)
    document = _in_force(transition.case)
    document.ending_proposed_by = by
    document.save(update_fields=["ending_proposed_by"])
    transition.facts["number"] = document.number
    return finish(transition)


@transaction.atomic
def revoke(
    case: Transaction, *, reason: Written, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """End the document of a case. Journal, event, notice; DomainError `not_proposed` unless another person did so."""
    transition = begin(case, "revoke", by=by, now=now, version=version, for_applicant=reason)
    document = _end(transition)
    transition.facts["number"] = document.number
    done = finish(transition)
    papers.record_ending(document, transition.now)
    return done


@transaction.atomic
def replace(
    case: Transaction, *, reason: Written, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Issue the document anew under a new number, from what holds now; valid as long as the one it replaces.

    Journal, event, notice; DomainError as `revoke`.
    """
    # Names and offices as they are now, and not as whoever presses has read them before.
    case = Transaction.objects.get(pk=case.pk)
    transition = begin(case, "replace", by=by, now=now, version=version, for_applicant=reason)
    ended = _end(transition)
    recipient = recipient_outside(transition.case) or transition.case.applicant.full_name
    number = enter_outgoing(transition, recipient=recipient)
    transition.facts["replaces"] = ended.number
    done = finish(transition)
    ended.replaced_by = papers.issue_document(done, transition.event, number, transition.now, replaces=ended)
    ended.save(update_fields=["replaced_by"])
    papers.record_ending(ended, transition.now)
    return done


def _in_force(case: Transaction) -> IssuedDocument:
    document = case.issued_documents.filter(ended_at=None).order_by("-pk").first()
    if document is None:
        raise DomainError("no_document", _("This case has no document that is in force."))
    return document


def _end(transition: Transition) -> IssuedDocument:
    document = _in_force(transition.case)
    if document.ending_proposed_by_id is None or document.ending_proposed_by == transition.by:
        message = _("Someone else has to propose it first: two people revoke or replace a document.")
        raise DomainError("not_proposed", message)
    document.ended_at, document.ended_reason = transition.now, transition.reason
    document.ended_own_words = transition.facts["own_words"]
    document.save(update_fields=["ended_at", "ended_reason", "ended_own_words"])
    return document
