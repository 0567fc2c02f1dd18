"""What nobody needs any more is deleted: sessions that ended, and codes and wrong tries that no limit counts now."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from accounts import access_log, emails, newcomers
from accounts.importing import outlines
from accounts.importing import services as importing
from accounts.services import delete_old_codes
from accounts.sign_on import flow

from .. import presence
from ..models import FailedAttempt
from ..notifications import subscriptions
from ..transitions import bulk, staff_notices
from .personal_data import delete_expired

logger = logging.getLogger(__name__)
# Of each kind, so that one go stays well under a task's time limit however much there is; the next goes on.
MAX_ROWS_A_RUN = 5000


def clean_up(now: datetime) -> None:
    """Run every hour, so that all of it is gone within two days."""
    sessions = Session.objects.filter(expire_date__lt=now).values("pk")[:MAX_ROWS_A_RUN]
    tries = FailedAttempt.objects.filter(hour__lt=now - timedelta(days=1)).values("pk")[:MAX_ROWS_A_RUN]
    deleted = {
        "sessions": Session.objects.filter(pk__in=sessions).delete()[0],
        "codes": delete_old_codes(now, MAX_ROWS_A_RUN),
        "sign_ons": flow.delete_old(now, MAX_ROWS_A_RUN),
        "emails_asked": emails.delete_expired(now, MAX_ROWS_A_RUN),
        "access_records": access_log.delete_old(now, MAX_ROWS_A_RUN),
        "open_cases": presence.forget_old(now),
        "bulk_jobs": bulk.forget_old(now, MAX_ROWS_A_RUN // 100),
        "newcomers": newcomers.forget_old(now, MAX_ROWS_A_RUN // 100),
        "imports": importing.delete_old(now, MAX_ROWS_A_RUN),
        "outlines": outlines.delete_old(now, MAX_ROWS_A_RUN // 100),
        "staff_notices": staff_notices.forget_old(now, MAX_ROWS_A_RUN),
        "tries": FailedAttempt.objects.filter(pk__in=tries).delete()[0],
        "subscriptions": subscriptions.delete_unconfirmed(now, MAX_ROWS_A_RUN),
        **delete_expired(now, MAX_ROWS_A_RUN),
    }
    logger.info("cleaned up", extra=deleted)
