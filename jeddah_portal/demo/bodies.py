"""What bodies outside answered in the months of the demo city, each at its own time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from municipality.calendar import WorkingCalendar
from outside.answers import record_message
from outside.models import Channel, Referral
from outside.progress import ACKNOWLEDGED, SENT
from outside.referrals import KIND
from transactions.domain.outside import Referral as Declared
from transactions.models import Outbox, Transaction

# Working days until a body concludes, where it publishes no time of its own.
USUAL_WORKING_DAYS = 12
REFUSED = 0.12
REASON = "تعذّر التنفيذ لعدم اكتمال المتطلبات الفنية في الموقع."


def answers_of(
    case: Transaction, declared: Declared, at: datetime, chance: Random, calendar: WorkingCalendar
) -> Iterator[datetime]:
    """The life of one referral from its move on: sent in minutes, acknowledged in days, concluded in weeks. What would
    have been sent after the last day is left to the workers.
    """
    referral = Referral.objects.filter(transaction=case, code=declared.code, created_at=at).first()
    if referral is None:  # a second registration asks nobody anew
        return
    at += timedelta(minutes=chance.randrange(1, 20))
    yield at
    _record(referral, SENT, at)
    done = {"state": Outbox.State.DONE, "done_at": at}
    Outbox.objects.filter(kind=KIND, subject=referral.pk).update(**done)
    at = calendar.add_working_days(at, chance.randrange(0, 3)) - timedelta(minutes=chance.randrange(30, 300))
    yield at
    number = f"{referral.body[:1].upper()}-{referral.pk:06d}"
    _record(referral, ACKNOWLEDGED, at, number=number)
    usual = declared.working_days or USUAL_WORKING_DAYS
    at = calendar.add_working_days(at, round(usual * chance.uniform(0.2, 1.25)))
    yield at
    wanted = chance.random() >= REFUSED
    outcome = next(outcome for outcome in declared.outcomes if outcome.good is wanted)
    given = [f"{chance.randrange(10**9, 10**10)}"] if outcome.gives else []
    _record(referral, outcome.code, at, number=number, reason=REASON if outcome.needs_reason else "", given=given)


def _record(
    referral: Referral, kind: str, at: datetime, *, number: str = "", reason: str = "", given: list[str] | None = None
) -> None:
    record_message(
        body=referral.body,
        key=f"demo:{kind}:{referral.pk}",
        about=referral.transaction.reference,
        kind=kind,
        number=number,
        reason=reason,
        given=given or [],
        happened_at=at,
        now=at,
        channel=Channel.ANSWER if kind == SENT else Channel.WEBHOOK,
        referral=referral,
    )
