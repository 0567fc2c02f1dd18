"""What an authenticator app shows."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

PERIOD, ENOUGH = 30, 8


def code_now(secret: str, enough: int = ENOUGH) -> str:
    """A code that holds for so many seconds more, so that whoever types it is in time."""
    left = PERIOD - time.time() % PERIOD
    if left < enough:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
