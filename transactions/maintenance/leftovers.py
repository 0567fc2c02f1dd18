"""What nobody needs any more is deleted: sessions that ended, and codes and wrong tries that no limit counts now."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from accounts import emails, trail
from accounts.services import forget_old_codes

from ..models import Try
from .personal_data import keep_no_longer

logger = logging.getLogger(__name__)
# Of each kind, so that one go stays well under a task's time limit however much there is; the next goes on.
MOST = 5000


def clean_up(now: datetime) -> None:
    """Run every hour, so that all of it is gone within two days."""
    sessions = Session.objects.filter(expire_date__lt=now).values("pk")[:MOST]
    tries = Try.objects.filter(hour__lt=now - timedelta(days=1)).values("pk")[:MOST]
    gone = {
        "sessions": Session.objects.filter(pk__in=sessions).delete()[0],
        "codes": forget_old_codes(now, MOST),
        "emails_asked": emails.forget_old(now, MOST),
        "access_records": trail.forget(now, MOST),
        "tries": Try.objects.filter(pk__in=tries).delete()[0],
        **keep_no_longer(now, MOST),
    }
    logger.info("cleaned up", extra=gone)
