"""What bodies say, from whichever side it comes: kept once, read in any order, and told to the applicant as news."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.hijri import RIYADH, riyadh_day
from transactions.domain import references
from transactions.domain.errors import DomainError, Invalid, Problem
from transactions.domain.outside import MOVE
from transactions.models import Transaction
from transactions.transitions.mover import begin, finish

from .messages import sha256
from .models import BodyMessage, Channel, Referral, State
from .progress import ACKNOWLEDGED, SENT, Message, ReferralProgress, progress_of

# How far another's clock may be ahead of ours, and how much earlier it may say something happened: of a paper we know
# the day alone.
MAX_AHEAD, MAX_BEFORE = timedelta(hours=1), timedelta(days=1)
MAX_REASON, MAX_GIVEN, MAX_LENGTH = 2000, 50, 60


class Taken(StrEnum):
    """What became of a message: new; known already; or it fits no referral, and is on the list of those."""

    RECORDED = "recorded"
    KNOWN = "known"
    UNMATCHED = "unmatched"


@dataclass(frozen=True)
class Recorded:
    taken: Taken
    message: BodyMessage


def moment_of_day(day: date, now: datetime) -> datetime:
    """When something happened of which a paper or list gives the day alone: noon, or now while it is not noon yet. A
    day to come stays one, so that it is refused.
    """
    noon = datetime.combine(day, time(12), RIYADH)
    return min(noon, now) if day <= riyadh_day(now) else noon


def find_referral(body: str, about: str) -> Referral | None:
    """The referral to this body that a reference (as people write it) or the key of our message names."""
    rows = Referral.objects.filter(body=body).select_related("transaction")
    reference = references.parse(about)
    if reference is not None:
        return rows.filter(transaction__reference=str(reference)).order_by("-created_at", "-pk").first()
    try:
        return rows.filter(key=UUID(about)).first()
    except ValueError:
        return None


def problems_of(
    referral: Referral | None, *, kind: str, number: str, reason: str, given: Sequence[str], happened_at: datetime,
    now: datetime,
) -> list[Problem]:  # fmt: skip
    """What in a message cannot be, each in a sentence for whoever typed or sent it."""
    wrong = []
    if happened_at > now + MAX_AHEAD:
        wrong.append(Problem("at", _("This day is still to come."), "future"))
    if referral and happened_at < referral.created_at - MAX_BEFORE:
        wrong.append(Problem("at", _("This is before the request was to go to the body."), "too_early"))
    if len(number) > MAX_LENGTH:
        wrong.append(Problem("number", _("At most 60 characters."), "too_long"))
    if len(reason) > MAX_REASON:
        wrong.append(Problem("reason", _("At most 2,000 characters."), "too_long"))
    if len(given) > MAX_GIVEN or any(len(value) > MAX_LENGTH for value in given):
        wrong.append(Problem("given", _("At most 50 numbers, each of at most 60 characters."), "too_long"))
    if kind == ACKNOWLEDGED and not number:
        wrong.append(Problem("number", _("Enter the body's own number."), "required"))
    declared = referral.declared if referral else None
    if declared is None or kind in (SENT, ACKNOWLEDGED):
        return wrong
    outcome = declared.outcome(kind)
    if outcome is None:
        wrong.append(Problem("event", _("This body has no such outcome."), "unknown"))
    elif outcome.needs_reason and not reason:
        wrong.append(Problem("reason", _("Enter the reason the body gave."), "required"))
    elif outcome.gives and not given:
        wrong.append(Problem("given", _("Enter: %(what)s.") % {"what": outcome.gives}, "required"))
    return wrong


def record_message(
    *,
    body: str,
    key: str,
    about: str,
    kind: str,
    happened_at: datetime,
    now: datetime,
    channel: Channel,
    number: str = "",
    reason: str = "",
    given: Sequence[str] = (),
    referral: Referral | None = None,
    by: User | None = None,
) -> Recorded:
    """Keep one message of a body, once by its key, and what follows from it for the request. Event, notice.

    Invalid for what cannot be; DomainError `key_used` when the key stands for another message already.
    """
    referral = referral or find_referral(body, about)
    wrong = problems_of(
        referral, kind=kind, number=number, reason=reason, given=given, happened_at=happened_at, now=now
    )
    if wrong:
        raise Invalid(wrong)
    row = BodyMessage(
        body=body, key=key, referral=referral, about=about[:MAX_LENGTH], kind=kind, number=number, reason=reason,
        given=list(given), happened_at=happened_at, received_at=now, channel=channel, by=by,
        sha256=_digest(kind, about, number, reason, given, happened_at),
    )  # fmt: skip
    with transaction.atomic():
        if referral is not None:  # first the request, as every move does
            Transaction.objects.select_for_update().get(pk=referral.transaction_id)
        if (known := BodyMessage.objects.filter(body=body, key=key).first()) is not None:
            return Recorded(Taken.KNOWN, _same(known, row))
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:  # one that fits no request came twice at the same moment
            return Recorded(Taken.KNOWN, _same(BodyMessage.objects.get(body=body, key=key), row))
        if referral is None:
            return Recorded(Taken.UNMATCHED, row)
        _read_again(referral.pk, now)
    return Recorded(Taken.RECORDED, row)


def _digest(kind: str, about: str, number: str, reason: str, given: Sequence[str], happened_at: datetime) -> str:
    parts = [kind, about, number, reason, list(given), happened_at.timestamp()]
    return sha256(json.dumps(parts, ensure_ascii=False).encode())


def _same(known: BodyMessage, row: BodyMessage) -> BodyMessage:
    if known.sha256 != row.sha256:
        raise DomainError("key_used", _("This identifier already stands for another message."))
    return known


def progress_of_referral(referral: Referral) -> ReferralProgress:
    """What is known of a referral, from all its messages; one query."""
    return progress_of(
        Message(row.key, row.kind, row.happened_at, row.number, row.reason, tuple(row.given))
        for row in referral.messages.all()
    )


def _read_again(referral_id: int, now: datetime) -> None:
    """Write what all messages together say into the row of the referral; tell the applicant if that is news."""
    referral = Referral.objects.select_related("transaction").get(pk=referral_id)
    before = _news(referral.state, referral.number, referral.outcome, referral.reason, referral.given)
    progress = progress_of_referral(referral)
    for name in ("state", "sent_at", "acknowledged_at", "number", "outcome", "reason", "concluded_at"):
        setattr(referral, name, getattr(progress, name))
    referral.given = list(progress.given)
    referral.save()
    after = _news(referral.state, referral.number, referral.outcome, referral.reason, referral.given)
    if after and after != before:
        _notify(referral, after, now)


def _news(state: str, number: str, outcome: str, reason: str, given: list[str]) -> dict[str, Any] | None:
    """What the applicant hears of; that it was sent is no answer. After a conclusion the body's number is no news."""
    if state == State.CONCLUDED:
        return {"state": outcome, "reason": reason, "given": given}
    return {"state": ACKNOWLEDGED, "number": number} if state == State.ACKNOWLEDGED else None


def _notify(referral: Referral, news: dict[str, Any], now: datetime) -> None:
    transition = begin(referral.transaction, MOVE, by=None, now=now)
    since = referral.concluded_at or referral.acknowledged_at
    happened_at = since.isoformat() if since else ""
    transition.facts.update(news, number=referral.number, referral=referral.code, body=referral.body)
    transition.facts["happened_at"] = happened_at
    finish(transition)
