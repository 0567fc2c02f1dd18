"""What a database that came back must not go on with: letter and key, secrets and powers, messages that may be sent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from accounts.restored import Revoked, revoke_restored_access
from journal import chain, witness
from journal.models import Chain, Restoration
from transactions.intake.follow_up import announce_waiting
from transactions.models import Outbox
from transactions.outbox.queue import PENDING_STATES

from .models import Reached

# What goes out to people, or owes what does; all other work that waits is our own, or bears a key by which whoever gets
# it knows it, and is done. tests/continuity/test_after_loss.py says of every kind which it is.
OUTWARD = (
    "notify",
    "second",
    "tell",
    "tell_subscribers",
    "tell_subscriber",
    "confirm_subscription",
    "warn",
    "warn_name",
    "warn_delegation",
    "confirm_email",
    "confirmed",
    "staff_mail",
    "staff_digest",
)
ENDED = {
    "sessions": "every session: {many}",
    "tokens": "every API token: {many}",
    "codes": "every code by SMS: {many}",
    "sign_ons": "every national sign-on that was under way: {many}",
    "email_links": "every link sent to an email address: {many}",
    "second_factors": "every second factor (app and recovery codes): {many}; set up anew at the next sign-in",
    "passwords_and_mobiles": "the passwords and mobiles of {many} people: both together make new ones, or an ID shown",
    "superusers": "superusers: {many}",
    "posts": "posts of staff: {many}",
    "memberships": "memberships of engineering offices: {many}",
    "delegations": "delegations, by which people act for others: {many}",
    "authorisations": "authorisations of engineering offices: {many}",
    "proposals": "proposals that waited for a second administrator: {many}; propose them again",
}


def put_away(now: datetime, made_at: datetime) -> tuple[Revoked, int]:
    """In one transaction: from here on no chain begun before goes on; returns what was ended, and how many messages are
    held. Call with journal.standing exempt.
    """
    with transaction.atomic():
        held = hold_what_may_have_been_sent(now)
        ended = revoke_restored_access(now)
        Restoration.objects.create(at=now, made_at=made_at, ended=ended)
    chain.save_witnesses()
    return ended, held


def hold_what_may_have_been_sent(now: datetime) -> int:
    """Notices that waited may have gone out between the copy and the loss: nobody is told twice unasked. So may those
    of receipts that a worker had not followed up yet.
    """
    announce_waiting(now)
    waiting = Outbox.objects.filter(kind__in=OUTWARD, state__in=PENDING_STATES)
    return waiting.update(
        state=Outbox.State.DEAD, lease_until=None, last_error="restored from a backup; may have been sent already"
    )


def ended_words(ended: Revoked) -> str:
    """What was ended, a line each."""
    many = {kind: result if isinstance(result, int) else len(result) for kind, result in ended.items()}
    return "\n".join(f"  {sentence.format(many=many[kind])}" for kind, sentence in ENDED.items())


def all_came_from_the_vault() -> None:
    """What is here now, the vault had."""
    for known in Chain.objects.filter(reached=None):
        Reached.objects.create(chain=known)
    length = Chain.objects.filter(pk=OuterRef("chain")).values("length")
    Reached.objects.filter(seq__lt=Subquery(length)).update(seq=Subquery(length), rests=False, slow=0)


def last_letter() -> str:
    """The last letter of this node that anything here knows of; empty when none was ever begun."""
    node = settings.JOURNAL_NODE
    known = Chain.objects.filter(node=node).order_by(F("incarnation").desc()).values_list("incarnation", flat=True)
    return max([*known[:1], *witness.read_all(node)], default="")


def take_next_letter() -> str:
    """Write down the letter after the last, which counts from the next start on where JOURNAL_INCARNATION is not set.

    Its key is another matter: outside a demo nothing is written until somebody gives it one.
    """
    last = last_letter()
    if last == "Z":
        raise ValueError("all 26 letters of this node were used; give it another JOURNAL_NODE")
    letter = chr(ord(last) + 1) if last else "A"
    path = Path(settings.JOURNAL_INCARNATION_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{letter}\n", encoding="ascii")
    return letter
