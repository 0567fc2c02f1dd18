"""“Was this page useful?”: taken from anybody, without keeping who answered."""

from __future__ import annotations

from datetime import datetime

from django.core import signing
from django.utils import timezone

from .models import FeedbackReason, PageFeedback
from .quotas import OverQuota, spend_feedback

__all__ = ["OverQuota", "give_feedback", "give_reason"]
SALT = "feedback"
# As long as somebody may think about why.
REASON_SECONDS = 3600


def give_feedback(*, page: str, language: str, useful: bool, address: str, now: datetime) -> str:
    """Store an answer about a page. Returns the token that `give_reason` takes. OverQuota when too many came from this
    network in an hour: its address is counted, and is not stored with the answer.
    """
    spend_feedback(address, now)
    row = PageFeedback.objects.create(page=page, language=language, useful=useful, day=timezone.localdate(now))
    return signing.dumps(row.pk, salt=SALT)


def give_reason(*, token: str, reason: str) -> bool:
    """Add why to an answer that said no, once; False when there is no such answer, or it has its reason already."""
    if reason not in FeedbackReason.values:
        return False
    try:
        row = signing.loads(token, salt=SALT, max_age=REASON_SECONDS)
    except signing.BadSignature:
        return False
    return bool(PageFeedback.objects.filter(pk=row, useful=False, reason="").update(reason=reason))
