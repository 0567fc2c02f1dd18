"""How a matter stands before a body, in the reader's language: the same for whoever waits and whoever works on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.day_words import day_in_words
from core.text import isolated
from municipality.services import current_calendar
from transactions.domain import outside
from transactions.models import Transaction
from transactions.text.outside_words import due_of
from transactions.text.tags import Tag

from .answers import progress_of_referral
from .bodies import place_of, title_of
from .models import Channel, Referral, State
from .progress import SENT, ReferralProgress
from .referrals import is_dropped


@dataclass(frozen=True)
class ShownReferral:
    """One matter: `sentences` say what is known; `clock` how far the body's own time is, while it runs."""

    referral: Referral
    title: str
    body: str
    tag: Tag
    sentences: list[str]
    clock: Tag | None
    contradicted: bool


def shown_referrals(case: Transaction, now: datetime) -> list[ShownReferral]:
    """Every matter of a request, in the catalogue's order: a query, one more once any was sent, and none for a service
    that refers nothing.
    """
    declared = [referral.code for referral in case.service_type.referrals]
    if not declared:
        return []
    rows = list(Referral.objects.filter(transaction=case))
    prefetch_related_objects([row for row in rows if row.state != State.WAITING], "messages")
    for row in rows:
        row.transaction = case
    rows.sort(key=lambda row: declared.index(row.code) if row.code in declared else len(declared))
    return [shown(row, now) for row in rows]


def shown(referral: Referral, now: datetime) -> ShownReferral:
    """One of them; its request and messages are at hand. Of what is not sent yet there is no message to ask for."""
    progress = ReferralProgress() if referral.state == State.WAITING else progress_of_referral(referral)
    declared = referral.declared
    body = title_of(referral.body)
    dropped = is_dropped(referral)
    return ShownReferral(
        referral=referral,
        title=str(declared.title) if declared else referral.code,
        body=body,
        tag=Tag("plain", _("No longer needed")) if dropped else _tag(progress, declared),
        sentences=[] if dropped else [each for each in _sentences(referral, progress, declared, body) if each],
        clock=None if dropped else _clock(progress, declared, now),
        contradicted=progress.contradicted,
    )


def _tag(progress: ReferralProgress, declared: outside.Referral | None) -> Tag:
    if progress.state == State.CONCLUDED:
        outcome = declared.outcome(progress.outcome) if declared else None
        good = outcome is not None and outcome.good
        return Tag("success" if good else "error", str(outcome.label) if outcome else progress.outcome)
    kind = {State.WAITING: "warning", State.SENT: "info", State.ACKNOWLEDGED: "info"}[State(progress.state)]
    return Tag(kind, str(State(progress.state).label))


def _sentences(
    referral: Referral, progress: ReferralProgress, declared: outside.Referral | None, body: str
) -> list[str]:
    words = {
        "body": body,
        "day": day_in_words(progress.since or referral.created_at),
        "number": isolated(progress.number),
        "given": isolated(" · ".join(progress.given)),
    }
    if progress.state == State.WAITING:
        return [_waiting(referral) % words]
    if progress.state == State.SENT:
        by_letter = any(row.kind == SENT and row.channel == Channel.PAPER for row in referral.messages.all())
        sent = _("Sent by letter to: %(body)s, on %(day)s.") if by_letter else _("Sent to: %(body)s, on %(day)s.")
        return [sent % words, _("It has not acknowledged it yet.")]
    received = _("%(body)s has it since %(day)s, number %(number)s.") if progress.number else ""
    if progress.state == State.ACKNOWLEDGED:
        return [received % words]
    outcome = declared.outcome(progress.outcome) if declared else None
    concluded = _("Concluded on %(day)s.") % {"day": day_in_words(progress.concluded_at)}
    reason = _("Its reason: %(reason)s") % {"reason": progress.reason} if progress.reason else ""
    return [received % words, concluded, str(outcome.sentence) % words if outcome else "", reason]


def _waiting(referral: Referral) -> str:
    if referral.rejected:
        return _("%(body)s did not take it as it was sent. It goes by letter.")
    if not place_of(referral.body).url:
        return _("It goes to %(body)s by letter and is not sent yet.")
    return _("It has been waiting to be sent to %(body)s since %(day)s. It is sent by itself as soon as that works.")


def _clock(progress: ReferralProgress, declared: outside.Referral | None, now: datetime) -> Tag | None:
    """The body's own published time by our calendar, while it has the matter."""
    if declared is None or declared.working_days is None or progress.state not in (State.SENT, State.ACKNOWLEDGED):
        return None
    calendar, since = current_calendar(), progress.since
    due = due_of(declared, since)
    if since is None or due is None:
        return None
    words = {"days": declared.working_days, "due": day_in_words(due)}
    if now <= due:
        used = calendar.working_days_between(since, now)
        return Tag("", _("Working day %(used)s of its %(days)s, until %(due)s") % {**words, "used": used})
    late = calendar.working_days_between(due, now)
    over = ngettext(
        "Its %(days)s working days ended on %(due)s, %(late)s working day ago",
        "Its %(days)s working days ended on %(due)s, %(late)s working days ago",
        late,
    )
    return Tag("error", over % {**words, "late": late})
