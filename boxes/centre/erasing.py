"""What boxes delivered of somebody who is erased."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import person_erased

from .. import bundle
from ..models import Delivered


@receiver(person_erased, sender=User, dispatch_uid="boxes")
def forget_delivered(*, person: User, **_signal: Any) -> None:
    """The line of the box's journal stays, which names nobody; what it promised stands with the request."""
    for row in Delivered.objects.filter(transaction__applicant=person, state=Delivered.State.TAKEN):
        row.known_otherwise, row.detail = {}, ""
        row.document = bundle.read_entry(row.document.encode()).without_content().decode()
        row.save(update_fields=["known_otherwise", "detail", "document"])
