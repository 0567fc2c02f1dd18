"""How often the app may be made to ask: whoever types somebody's number has their phone ring.

Counted from the rows, by who is asked and where from: what a stranger elsewhere uses up is not the owner's, whose known
device is not held to what everybody together may ask.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from ..errors import AccountError
from .models import SignOnRequest

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAX_PER_PERSON_AND_NETWORK = {HOUR: 6, DAY: 20}
MAX_PER_PERSON = {HOUR: 12, DAY: 40}
MAX_PER_NETWORK = {HOUR: 60, DAY: 400}


def refuse_beyond(national_id: str, address: str, *, known_device: bool, now: datetime) -> None:
    """AccountError `too_many_sign_ons` when the share of the hour or of the day is used up."""
    rows = SignOnRequest.objects.order_by()
    shares = [
        (rows.filter(national_id=national_id, address=address), MAX_PER_PERSON_AND_NETWORK),
        (rows.filter(address=address), MAX_PER_NETWORK),
        (rows, {HOUR: settings.QUOTA_SIGN_ONS, DAY: 10 * settings.QUOTA_SIGN_ONS}),
    ]
    if not known_device:
        shares.append((rows.filter(national_id=national_id), MAX_PER_PERSON))
    messages = {
        HOUR: _("Too many sign-on requests. Wait an hour, or sign in another way."),
        DAY: _("Too many sign-on requests today. Try again tomorrow, or sign in another way."),
    }
    for span, message in messages.items():
        if any(asked.filter(created_at__gt=now - span).count() >= most[span] for asked, most in shares):
            raise AccountError("too_many_sign_ons", message)
