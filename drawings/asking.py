"""A check asked for: by whoever sends a drawing without a request, and by requests whose drawing or answers changed."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.db.locks import take_lock
from transactions.attachments import services as attachments
from transactions.domain import kinds
from transactions.domain.errors import DomainError
from transactions.models import Attachment
from transactions.outbox import queue
from transactions.quotas import spend_quota

from .domain import rules
from .domain.facts import Facts
from .models import DrawingCheck
from .registry import Drawings, drawings_of
from .running import KIND

# The document a drawing is kept as that belongs to no request.
LOOSE = "drawing-check"
MAX_KEPT = 20
# The unit that somebody gave, and the side they know, stay when answers change.
GIVEN = ("unit", "known_side")


def checks_of(user: User) -> list[DrawingCheck]:
    """The drawings this person had checked without a request, the latest first."""
    loose = attachments.unattached_of(user).filter(document=LOOSE)
    return list(DrawingCheck.objects.filter(attachment__in=loose).select_related("attachment")[:MAX_KEPT])


def check_loose(upload: UploadedFile[Any], facts: Facts, *, by: User, now: datetime | None = None) -> DrawingCheck:
    """Keep a drawing for a week and have it checked. Invalid says what is wrong with the file; OverQuota and
    DomainError `too_many_drawings` when this person has sent much.
    """
    now = now or timezone.now()
    if len(checks_of(by)) >= MAX_KEPT:
        message = _("You have %(many)d checked drawings. Delete one before you check another.")
        raise DomainError("too_many_drawings", message % {"many": MAX_KEPT})
    spend_quota("checks", by, now)
    file = attachments.store(upload, document=LOOSE, by=by, accepts=(kinds.DXF,), now=now)
    return ask(file, facts, on=timezone.localdate(now), now=now)


@transaction.atomic
def ask(file: Attachment, facts: Facts, *, on: date, now: datetime) -> DrawingCheck:
    """Have a drawing checked by the rules of a day, unless just that was done or is waiting to be."""
    take_lock(f"drawing:{file.pk}")
    given, rule_set = facts.as_json(), rules.in_force(on).code
    check = DrawingCheck.objects.filter(attachment=file).first()
    if check is not None:
        given |= {name: check.facts.get(name) for name in GIVEN if given.get(name) is None}
        same = check.facts == given and check.rule_set == rule_set
        if same and (check.state != DrawingCheck.State.FAILED or not may_try_again(check)):
            return check
    check = check or DrawingCheck(attachment=file)
    check.facts, check.rule_set, check.asked_at = given, rule_set, now
    check.state, check.wrong = DrawingCheck.State.WAITING, ""
    check.save()
    queue.enqueue(KIND, check.pk, dedupe=f"{KIND}:{check.pk}:{time.time_ns()}", now=now)
    return check


def may_try_again(check: DrawingCheck) -> bool:
    """Did it fail for a reason that may be over?"""
    return check.wrong in ("slow", "crashed")


def ask_of_request(file: Attachment, *, now: datetime) -> DrawingCheck | None:
    """The same for a drawing of a request or a draft, with what is answered there; None for one nobody measures."""
    drawings = measured_for(file)
    if drawings is None:
        return None
    thing = file.transaction or file.draft
    if thing is None:
        return None
    moment = file.transaction.submitted_at if file.transaction else now
    return ask(file, drawings.facts(thing.answers), on=timezone.localdate(moment), now=now)


def measured_for(file: Attachment) -> Drawings | None:
    """What is to be known of a drawing that belongs to a request or a draft; None for a file that is not measured."""
    thing = file.transaction or file.draft
    drawings = drawings_of(thing.service) if thing is not None else None
    measured = drawings is not None and file.content_type == kinds.DXF and file.document in drawings.documents
    return drawings if measured else None


def is_stale(check: DrawingCheck) -> bool:
    """Was something else answered since?"""
    file = check.attachment
    drawings, thing = measured_for(file), file.transaction or file.draft
    if drawings is None or thing is None:
        return False
    now = drawings.facts(thing.answers).as_json()
    return any(now[name] != check.facts.get(name) for name in now if name not in GIVEN)


@transaction.atomic
def give_unit(
    check: DrawingCheck, unit: int, known_side: float | None, *, by: User, now: datetime | None = None
) -> DrawingCheck:
    """The unit of a drawing that states none, once it is given, and a side to compare with. OverQuota."""
    facts = Facts.from_json(check.facts | {"unit": unit, "known_side": known_side})
    case = check.attachment.transaction
    now = now or timezone.now()
    spend_quota("checks", by, now)
    return ask(check.attachment, facts, on=timezone.localdate(case.submitted_at if case else now), now=now)


@transaction.atomic
def once_more(check: DrawingCheck, *, by: User, now: datetime | None = None) -> None:
    """Have it checked by what is answered now; one that failed is tried again. OverQuota."""
    now = now or timezone.now()
    spend_quota("checks", by, now)
    if ask_of_request(check.attachment, now=now) is None:
        ask(check.attachment, Facts.from_json(check.facts), on=timezone.localdate(now), now=now)
