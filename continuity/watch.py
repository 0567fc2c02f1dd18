"""What operators see of the vault: figures for /metrics, and the lines of the operations page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from transactions.models import Heartbeat

from .keeping import streams, waits

REHEARSAL = "rehearsal"
REHEARSED_EVERY = timedelta(days=7)
# What each figure means; docs/operations.md says what to do (VaultAway).
WORDS = {
    "no_vault": _("No vault: nothing is kept outside this place, and every receipt is provisional"),
    "not_streaming": _("The vault's receiver is not connected"),
    "rests": _("The vault is too slow or hangs: receipts no longer wait for it"),
    "refused": _("The vault was shown another journal before, or another server answers in its place"),
    "waits_long": _("Promises have been provisional for more than five minutes"),
    "files_missing": _("Files of submitted requests that the vault lacks"),
    "not_rehearsed": _("No rebuild was rehearsed in the last eight days"),
}
LONG = timedelta(minutes=5)


def failures(now: datetime) -> dict[str, int]:
    """What is wrong with the vault; each is 0 when all is well. Without a vault that is the one thing wrong."""
    if not settings.VAULT_URL:
        return dict.fromkeys(WORDS, 0) | {"no_vault": 1}
    waiting, age = waits(now), rehearsed(now)
    return {
        "no_vault": 0,
        "not_streaming": int(streams() is False),
        "rests": int(waiting["rests"]),
        "refused": int(waiting["refused"]),
        "waits_long": int(waiting["oldest_seconds"] > LONG.total_seconds()),
        "files_missing": int(waiting["files_missing"]),
        "not_rehearsed": int(age is None or age > REHEARSED_EVERY + timedelta(days=1)),
    }


def rehearsed(now: datetime) -> timedelta | None:
    """How long ago a rebuild was last proved in a scratch place; None when it never was."""
    at = Heartbeat.objects.filter(name=REHEARSAL).values_list("at", flat=True).first()
    return now - at if at else None
