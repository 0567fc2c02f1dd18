"""One national sign-on: begun by a browser, answered in the app, vouched for by a token, gone on with by that browser.

Nothing but a token that `tokens.read_token` accepts ever confirms a request; neither a page nor a callback signs
anybody in. What is asked of the provider is asked with no database transaction open.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.db.locks import take_lock
from core.outside_http import OutsideError

from .. import access_log
from ..errors import AccountError
from ..identity import rate_limit_network
from ..models import Act, User
from . import limits, provider
from .models import SignOnRequest
from .tokens import Asked, TokenRefused, read_token, transaction_of

logger = logging.getLogger(__name__)
State, Purpose = SignOnRequest.State, SignOnRequest.Purpose
OPEN = (State.STARTING, State.WAITING)
LIFETIME = timedelta(minutes=5)
"""How long an answer is waited for. The app itself asks for about a minute; a phone may come back to the page later."""
STEP = timedelta(seconds=3)
"""The provider is asked no oftener how one request stands, however many windows show it."""
TO_GO_ON = timedelta(minutes=10)
"""How long the browser has to go on with what was confirmed."""


def is_for(national_id: str) -> bool:
    """Does the national sign-on know people with this kind of ID: citizens and residents?"""
    return len(national_id) == 10 and national_id[0] in "12"


def begin(
    *,
    national_id: str,
    browser: str,
    purpose: str,
    language: str,
    address: str,
    user: User | None = None,
    known_device: bool = False,
    now: datetime | None = None,
) -> SignOnRequest:
    """Have the app ask this person, for the browser that holds this secret. What it has open already is given back.

    AccountError `too_many_sign_ons`, `sign_on_active` (the app is asking already, for another browser), `sign_on_away`,
    `sign_on_declined`.
    """
    now = now or timezone.now()
    row, made = _find_or_make(national_id, browser, purpose, address, user, known_device, now)
    if not made:
        return row
    try:
        begun = provider.begin(national_id, row.key, language=language)
        facts = {"state": State.WAITING, "transaction_id": begun.transaction_id, "number": begun.number}
        with transaction.atomic():
            SignOnRequest.objects.filter(pk=row.pk, state=State.STARTING).update(**facts)
    except provider.ActiveTransaction as error:
        _end(row, State.REFUSED, "active")
        message = _(
            "The app is already asking about this ID. Answer or dismiss that question, or wait a minute until it "
            "expires, then try again."
        )
        raise AccountError("sign_on_active", message) from error
    except provider.Declined as error:
        _end(row, State.REFUSED, "declined")
        message = _(
            "The national sign-on did not accept this ID. Check that the app is active for it, or sign in another way."
        )
        raise AccountError("sign_on_declined", message) from error
    except (OutsideError, IntegrityError) as error:
        _end(row, State.UNREACHABLE, "begin")
        raise AccountError("sign_on_away", away_message()) from error
    row.refresh_from_db()
    return row


def away_message() -> str:
    """What is said while the provider does not answer."""
    return _(
        "The national sign-on is not answering at the moment. Sign in with your password or a code by SMS: whoever was "
        "verified before stays verified."
    )


@transaction.atomic
def _find_or_make(
    national_id: str, browser: str, purpose: str, address: str, user: User | None, known_device: bool, now: datetime
) -> tuple[SignOnRequest, bool]:
    """The request this browser has open for this person, or a new one; older ones of the browser end."""
    take_lock(f"sign-on:{national_id}")
    mine = SignOnRequest.objects.filter(browser=_hash(browser), state__in=OPEN)
    same = mine.filter(national_id=national_id, purpose=purpose, user=user, expires_at__gt=now).first()
    if same is not None:
        return same, False
    mine.update(state=State.ENDED, reason="newer")
    network = rate_limit_network(address)
    limits.refuse_beyond(national_id, network, known_device=known_device, now=now)
    row = SignOnRequest.objects.create(
        national_id=national_id,
        user=user,
        purpose=purpose,
        browser=_hash(browser),
        address=network,
        key=uuid.uuid4(),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return row, True


def find(pk: int, browser: str) -> SignOnRequest | None:
    """The request a browser began; None for whoever does not hold its secret."""
    return SignOnRequest.objects.filter(pk=pk, browser=_hash(browser)).select_related("user").first()


def follow(row: SignOnRequest, *, now: datetime | None = None) -> SignOnRequest:
    """How a request stands now: the provider is asked, at most every STEP, while it waits."""
    now = now or timezone.now()
    if row.state in OPEN and now >= row.expires_at:
        _end(row, State.UNREACHABLE if row.away_since else State.EXPIRED, "time")
    elif row.state == State.WAITING and _is_my_turn(row, now):
        _ask(row, now)
    row.refresh_from_db()
    return row


def _is_my_turn(row: SignOnRequest, now: datetime) -> bool:
    due = Q(asked_at=None) | Q(asked_at__lte=now - STEP)
    return bool(SignOnRequest.objects.filter(due, pk=row.pk, state=State.WAITING).update(asked_at=now))


def _ask(row: SignOnRequest, now: datetime) -> None:
    try:
        status = provider.ask_status(row.national_id, row.transaction_id, row.number)
    except OutsideError:
        # Asked again until the request is over.
        SignOnRequest.objects.filter(pk=row.pk, away_since=None).update(away_since=now)
        return
    except provider.Declined:
        _end(row, State.REFUSED, "declined")
        return
    SignOnRequest.objects.filter(pk=row.pk).update(away_since=None)
    if status.state in (State.REJECTED.name, State.EXPIRED.name):
        _end(row, State[status.state], "app")
    elif status.state == State.COMPLETED.name and status.token:
        try:
            _accept(row, status.token, now)
        except TokenRefused as refused:
            _end(row, State.REFUSED, refused.code)
            record_refusal(row.national_id, refused.code)


def receive(token: str, *, now: datetime | None = None) -> None:
    """A token the provider has sent by itself. TokenRefused, after which everything is as it was."""
    row = SignOnRequest.objects.filter(transaction_id=transaction_of(token)).first()
    if row is None:
        raise TokenRefused("unknown")
    try:
        _accept(row, token, now or timezone.now())
    except TokenRefused as refused:
        # No stranger knows these numbers: somebody has to hear of it.
        record_refusal(row.national_id, refused.code)
        raise


def _accept(row: SignOnRequest, token: str, now: datetime) -> None:
    """Confirm a waiting request, if the token is the provider's word for it. The same token again changes nothing."""
    asked = Asked(
        audience=settings.SIGN_ON_AUDIENCE,
        issuer=settings.SIGN_ON_ISSUER,
        transaction_id=row.transaction_id,
        national_id=row.national_id,
        at=row.created_at,
    )
    vouched = read_token(token, asked, provider.KEYS.find, now=now)
    facts = {
        "state": State.COMPLETED,
        "token_id": vouched.token_id,
        "name": vouched.full_name,
        "answered_at": now,
        "away_since": None,
    }
    try:
        with transaction.atomic():
            done = SignOnRequest.objects.filter(pk=row.pk, state=State.WAITING, expires_at__gt=now).update(**facts)
    except IntegrityError:
        raise TokenRefused("replayed") from None
    if not done and not SignOnRequest.objects.filter(pk=row.pk, token_id=vouched.token_id).exists():
        raise TokenRefused("state")


def _end(row: SignOnRequest, state: SignOnRequest.State, reason: str) -> None:
    SignOnRequest.objects.filter(pk=row.pk, state__in=OPEN).update(state=state, reason=reason[:30])


def record_refusal(national_id: str, code: str) -> None:
    """In the access log: an answer that was not the provider's word for what was asked."""
    logger.warning("a token of the national sign-on was refused", extra={"code": code})
    person = User.objects.filter(national_id=national_id).first()
    access_log.record(Act.SIGN_IN_FAILED, person=person, why=f"national sign-on: {code}")


def cancel(row: SignOnRequest) -> None:
    """The person goes another way; whatever the app says now counts for nothing."""
    SignOnRequest.objects.filter(pk=row.pk, used_at=None).update(state=State.ENDED, reason="cancelled")


def may_go_on(row: SignOnRequest, now: datetime) -> bool:
    """Was it confirmed, lately, and not gone on with yet?"""
    confirmed = row.state == State.COMPLETED and row.used_at is None and row.answered_at is not None
    return confirmed and row.answered_at is not None and now < row.answered_at + TO_GO_ON


def use(row: SignOnRequest, *, now: datetime) -> None:
    """Go on with it, once. AccountError `sign_on_used`. Call it inside the transaction of what follows."""
    lately = Q(answered_at__gt=now - TO_GO_ON)
    if not SignOnRequest.objects.filter(lately, pk=row.pk, state=State.COMPLETED, used_at=None).update(used_at=now):
        raise AccountError("sign_on_used", not_valid())


def not_valid() -> str:
    return _("This sign-on is no longer valid. Start again.")


def failed_lately(user: User, now: datetime) -> bool:
    """Did the provider not answer this person in the last minutes?"""
    lately = SignOnRequest.objects.filter(national_id=user.national_id, created_at__gt=now - TO_GO_ON)
    return lately.filter(Q(state=State.UNREACHABLE) | Q(state=State.WAITING, away_since__lt=now - STEP)).exists()


def end_all(now: datetime) -> int:
    """After a restore: whatever was under way is over, and what was confirmed opens nothing."""
    under_way = Q(state__in=OPEN) | Q(state=State.COMPLETED, used_at=None)
    return SignOnRequest.objects.filter(under_way).update(state=State.ENDED, reason="restore")


def delete_old(now: datetime, most: int) -> int:
    """Delete requests that no limit counts any more, so many at a time."""
    old = SignOnRequest.objects.filter(created_at__lt=now - limits.DAY).values("pk")[:most]
    return SignOnRequest.objects.filter(pk__in=old).delete()[0]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
