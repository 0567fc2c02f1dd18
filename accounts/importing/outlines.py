"""Outlines of districts and parcels, brought, put in force and undone by administrators; on the access log."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from municipality import outlines
from municipality.models import OutlineImport
from municipality.outline_words import file_words, refused_words
from plots.ground import NotAFile

from .. import access_log
from ..errors import AccountError
from ..models import Act, User
from .services import require_administrator


def bring(
    kind: str, file_name: str, content: bytes, *, source: str, as_of: date, licence: str, is_complete: bool, by: User,
    now: datetime | None = None,
) -> OutlineImport:  # fmt: skip
    """Read a file and keep its outlines to be looked at; none is in force. AccountError `not_an_administrator`,
    `unreadable`.
    """
    require_administrator(by)
    try:
        return outlines.bring(
            kind, file_name, content, source=source, as_of=as_of, licence=licence, is_complete=is_complete, by=by,
            now=now or timezone.now(),
        )  # fmt: skip
    except NotAFile as error:
        raise AccountError("unreadable", file_words(error)) from error


@transaction.atomic
def carry_out(
    brought: OutlineImport, *, by: User, seen: str | None = None, now: datetime | None = None
) -> OutlineImport:
    """Put its outlines in force, once. AccountError `not_an_administrator`, `import_wrong`."""
    now = now or timezone.now()
    require_administrator(by)
    try:
        done = outlines.carry_out(brought, seen=seen, now=now)
    except outlines.OutlinesRefused as error:
        raise AccountError("import_wrong", refused_words(error)) from error
    access_log.record(Act.IMPORTED, by=by, subject=f"outlines:{done.pk}", now=now)
    return done


@transaction.atomic
def undo(brought: OutlineImport, *, by: User, now: datetime | None = None) -> OutlineImport:
    """Put what was in force before it in force again. AccountError as `carry_out`."""
    now = now or timezone.now()
    require_administrator(by)
    try:
        done = outlines.undo(brought, now=now)
    except outlines.OutlinesRefused as error:
        raise AccountError("import_wrong", refused_words(error)) from error
    access_log.record(Act.IMPORTED, by=by, subject=f"outlines:{done.pk}:undone", now=now)
    return done


def delete_old(now: datetime, most: int) -> int:
    """Files that nobody carried out in KEEP_DRAFTS_DAYS go; returns how many."""
    return outlines.delete_old(now - timedelta(days=settings.KEEP_DRAFTS_DAYS), most)
