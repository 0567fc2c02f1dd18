"""News of the centre, taken in whole or not at all; older ones change nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.assurance import Level
from accounts.models import Role, StaffPost, User
from accounts.sealed import seal
from municipality.models import Holiday, Office
from municipality.services import clear_caches
from transactions.incidents import memory
from transactions.models import Closure

from .. import bundle, words
from ..models import Summary, Word
from . import state

KEPT_IN_WORD = ("at", "valid_until", "node_list")


class NotTaken(ValueError):
    """These are no news of the centre's for this box."""


def take(sealed: bytes, now: datetime) -> bool:
    """Take in news as they came, sealed for this box. False for older ones; NotTaken."""
    try:
        return apply(bundle.unseal(sealed, state.age_identity()), now)
    except bundle.BadBundle as error:
        raise NotTaken(str(error)) from error


def apply(text: bytes | str, now: datetime) -> bool:
    """The same of the signed word inside, as the enrolment has it."""
    try:
        body = words.read(words.NEWS, text, state.trusted())
        named, at = body["box"], parse_datetime(body["at"])
    except (words.NotBelieved, KeyError, TypeError, ValueError) as error:
        raise NotTaken(str(error)) from error
    content = state.enrolled()
    if named != f"{content['node']}{content['letter']}" or at is None:
        raise NotTaken("news of another box")
    with transaction.atomic():
        before = parse_datetime(str(state.last_word(words.NEWS).get("at", "")))
        if before is not None and at <= before:
            return False
        _take_roster(body["roster"], content["office"], now)
        _take_closures(body["closures"], now)
        _take_holidays(body["holidays"])
        _take_summaries(body["summaries"])
        word = {name: body[name] for name in KEPT_IN_WORD}
        Word.objects.update_or_create(kind=words.NEWS, defaults={"body": word, "at": now})
    clear_caches()
    memory.forget()
    return True


def _take_roster(roster: list[dict[str, Any]], office_code: str, now: datetime) -> None:
    """Those named work here, with the password and the second factor they have at the centre; nobody else does."""
    office = Office.objects.get(code=office_code)
    named = set()
    for row in roster:
        facts = {name: row[name] for name in ("full_name", "phone", "language", "password")}
        facts |= {"is_staff": True, "is_active": True, "assurance": Level.COUNTER, "identity_verified_at": now}
        person, _made = User.objects.update_or_create(national_id=row["national_id"], defaults=facts)
        named.add(person.pk)
        if not StaffPost.objects.filter(user=person, office=office, role=Role.CENTRE_CLERK).exists():
            today = timezone.localdate(now)
            StaffPost.objects.create(user=person, office=office, role=Role.CENTRE_CLERK, starts_on=today)
        _take_second_factor(person, row["totp"])
    ended = StaffPost.objects.exclude(user__in=named)
    User.objects.filter(pk__in=ended.values("user")).update(is_staff=False)
    ended.delete()


def _take_second_factor(person: User, secret: str) -> None:
    stored = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP)
    if not secret:
        stored.delete()
    elif not stored.exists():
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": seal(secret)})
    else:
        stored.update(data={"secret": seal(secret)})


def _take_closures(closures: dict[str, dict[str, str]], now: datetime) -> None:
    Closure.objects.exclude(service__in=closures).update(in_force=False)
    for service, reason in closures.items():
        facts = {"in_force": True, "reason_ar": reason["ar"], "reason_en": reason["en"], "since": now}
        Closure.objects.update_or_create(service=service, defaults=facts)


def _take_holidays(rows: list[dict[str, str]]) -> None:
    Holiday.objects.all().delete()
    Holiday.objects.bulk_create(
        Holiday(
            name_ar=row["name_ar"],
            name_en=row["name_en"],
            first_day=date.fromisoformat(row["first_day"]),
            last_day=date.fromisoformat(row["last_day"]),
        )
        for row in rows
    )


def _take_summaries(rows: list[list[Any]]) -> None:
    Summary.objects.all().delete()
    names = ("reference", "service", "status", "stage")
    Summary.objects.bulk_create(
        (
            Summary(
                **dict(zip(names, row[:4], strict=True)),
                since=datetime.fromisoformat(row[4]),
                due=datetime.fromisoformat(row[5]) if row[5] else None,
            )
            for row in rows
        ),
        batch_size=2000,
    )
