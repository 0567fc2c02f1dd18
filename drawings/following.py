"""What a request or a draft has checked by itself: each drawing it gets, and all once it is registered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from transactions.attachments.services import file_stored
from transactions.domain import kinds
from transactions.domain.workflow import MoveName
from transactions.models import Attachment, Event, Transaction
from transactions.transitions.signals import moved

from . import asking
from .registry import drawings_of

# What was answered may differ from what a drawing was measured by: before anybody studies it, it is measured anew.
ANEW = frozenset({MoveName.REGISTER, MoveName.ANSWER})


@receiver(file_stored, sender=Attachment, dispatch_uid="drawings")
def check_what_came(*, file: Attachment, now: datetime, **_signal: Any) -> None:
    asking.ask_of_request(file, now=now)


@receiver(moved, sender=Transaction, dispatch_uid="drawings")
def check_anew(*, case: Transaction, event: Event, **_signal: Any) -> None:
    if event.move not in ANEW or drawings_of(case.service) is None:
        return
    for file in case.attachments.in_force().filter(content_type=kinds.DXF):
        file.transaction = case
        asking.ask_of_request(file, now=event.at)
