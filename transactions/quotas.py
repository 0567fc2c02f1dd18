"""How much one person may ask of the portal in an hour, said in words with the moment it goes on.

Counted when it is done and not taken back when it is undone: what was begun and thrown away, or sent and removed, was
work too. Whoever files for many (an engineering office) has ten times as much; staff at their work have no limit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy as _

from accounts.access import engineering_offices_of
from accounts.identity import rate_limit_network
from accounts.models import User
from core.units import KIB

from .domain.errors import DomainError
from .models import FailedAttempt

CROWD_QUOTAS = 10
# Drawings that one person has measured in an hour, each of them seconds of a processor.
MAX_CHECKS = 60
# Of a network in an hour: an office where many share an address may say what it thinks, and a machine fills no table.
MAX_FEEDBACK = 60
# Deliveries of a network in an hour that are of no office box; a box tries again every half minute at most.
MAX_STRANGE = 600
# A box asks every five minutes, and when it starts.
MAX_BOX_NEWS = 60
# More workers than send at once anywhere.
CROWD = 100
NO_LIMIT = 2**31 - 1
MESSAGES = {
    "requests": _("You have sent many requests this hour. Nothing in this one is lost; send it after %(time)s."),
    "drafts": _("You have started many requests this hour. Continue one of them, or start another after %(time)s."),
    "links": _("Many links were asked for this hour. Ask again after %(time)s."),
    "feedback": _("Many answers came from your network this hour. The next one can be taken after %(time)s."),
    "checks": _("You have had many drawings checked this hour. Have the next one checked after %(time)s."),
    "kilobytes": _("You have sent many files this hour. Nothing in your request is lost; continue after %(time)s."),
}


class OverQuota(DomainError):
    """`wait` is in seconds: when it goes on. Pages say so, the API answers 429 with it."""

    def __init__(self, kind: str, now: datetime) -> None:
        goes_on = _hour(now) + timedelta(hours=1)
        super().__init__("over_quota", MESSAGES[kind] % {"time": time_format(timezone.localtime(goes_on), "H:i")})
        self.wait = ceil((goes_on - now).total_seconds())


def spend_quota(kind: str, by: User, now: datetime, amount: int = 1) -> None:
    """Count what somebody does; OverQuota when it is more than an hour's share. Nothing is counted then."""
    most = {
        "requests": settings.QUOTA_REQUESTS,
        "drafts": settings.QUOTA_DRAFTS,
        "kilobytes": settings.QUOTA_UPLOAD_MB * KIB,
        "checks": MAX_CHECKS,
    }[kind]
    if not most or by.is_staff:
        return
    if not _counted(f"quota:{kind}:{by.pk}", _hour(now), amount, most):
        many = engineering_offices_of(by)
        if not (many and _counted(f"quota:{kind}:{by.pk}", _hour(now), amount, most * CROWD_QUOTAS)):
            raise OverQuota(kind, now)


def spend_feedback(address: str, now: datetime) -> None:
    """Count an answer about a page, by the network it comes from; OverQuota when that is more than an hour's share."""
    if not _counted(f"quota:feedback:{rate_limit_network(address)}", _hour(now), 1, MAX_FEEDBACK):
        raise OverQuota("feedback", now)


def seconds_until_read(address: str, now: datetime) -> int:
    """How long nothing is read at the door of the office boxes from a network that sent too much there which no box of
    ours has signed; 0 while it is read.
    """
    sent = FailedAttempt.objects.filter(bucket=_strange(address), hour=_hour(now), count__gte=MAX_STRANGE)
    return ceil((_hour(now) + timedelta(hours=1) - now).total_seconds()) if sent.exists() else 0


def count_strange(address: str, now: datetime) -> None:
    """Something came to that door which is of no box of ours."""
    _counted(_strange(address), _hour(now), 1, NO_LIMIT)


def spend_box_news(box: str, address: str, now: datetime) -> bool:
    """May a box ask for news, this often from this network? Whoever has heard a question can repeat it."""
    return _counted(f"quota:news:{box}:{rate_limit_network(address)}", _hour(now), 1, MAX_BOX_NEWS)


def _strange(address: str) -> str:
    return f"quota:box:{rate_limit_network(address)}"


class SmsWait(Exception):
    """The hour's share of SMS to a mobile, or of all, is used up. `until` is when the next goes."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"no SMS before {until:%H:%M}")
        self.until = until


def reserve_sms(phone: str, now: datetime) -> list[str]:
    """Take a share of the hour for one notice to this mobile, in the transaction in which it goes out; SmsWait when
    there is none. Returns the counts it is to be added to when it went (`count_sms`).

    Far from the end of a share it is counted afterwards, so that nobody waits for the row of all while a gateway is
    slow. The last CROWD are counted before they go, one after another, so that no crowd of workers passes the limit.
    """
    hour, later = _hour(now), []
    most = {_sms(phone): settings.QUOTA_SMS_PHONE, _sms("all"): settings.QUOTA_SMS}
    sent = dict(FailedAttempt.objects.filter(bucket__in=most, hour=hour).values_list("bucket", "count"))
    for bucket, share in most.items():
        if not share:
            continue
        if sent.get(bucket, 0) < share - CROWD:
            later.append(bucket)
        elif not _counted(bucket, hour, 1, share):
            raise SmsWait(hour + timedelta(hours=1))
    return later


def return_sms(phone: str, later: list[str], now: datetime) -> None:
    """The notice did not go: give back what `reserve_sms` took for it, which returned `later`."""
    taken = {_sms(phone): settings.QUOTA_SMS_PHONE, _sms("all"): settings.QUOTA_SMS}
    for bucket in [bucket for bucket, share in taken.items() if share and bucket not in later]:
        row = FailedAttempt.objects.filter(bucket=bucket, hour=_hour(now))
        row.update(count=F("count") - 1)
        row.filter(count=0).delete()


def count_sms(buckets: list[str], now: datetime) -> None:
    """A notice went. Last in its transaction: whoever sends meanwhile waits for these rows."""
    for bucket in buckets:
        _counted(bucket, _hour(now), 1, NO_LIMIT)


def _sms(to: str) -> str:
    return f"quota:sms:{to}"


def spend_subscription(address: str, now: datetime) -> None:
    """Count a link that somebody without an account has sent to an address they typed; OverQuota when a network, or all
    of them, had their share of the hour.
    """
    shares = {f"quota:subscription:{rate_limit_network(address)}": 10, "quota:subscription:all": 500}
    if not all(_counted(bucket, _hour(now), 1, most) for bucket, most in shares.items()):
        raise OverQuota("links", now)


def spend_bytes(size: int, by: User, now: datetime) -> None:
    spend_quota("kilobytes", by, now, max(1, size // KIB))


def _counted(bucket: str, hour: datetime, amount: int, most: int) -> bool:
    """Add to a count unless that makes it more than `most`, in one statement; the first of the hour makes the row."""
    row = FailedAttempt.objects.filter(bucket=bucket, hour=hour)
    if row.filter(count__lte=most - amount).update(count=F("count") + amount):
        return True
    if amount > most or row.exists():
        return False
    try:
        with transaction.atomic():
            FailedAttempt.objects.create(bucket=bucket, hour=hour, count=amount)
    except IntegrityError:
        return bool(row.filter(count__lte=most - amount).update(count=F("count") + amount))
    return True


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
