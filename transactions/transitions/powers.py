"""What two administrators did with power over people is a promise to everybody: it is signed in the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import Proposal, User
from accounts.signals import power_used
from journal import chain
from journal.entry import person_mark

KIND = "power"


@receiver(power_used, dispatch_uid="journal")
def record_proposal(proposal: Proposal, step: str, by: User | None, now: datetime, **_signal: Any) -> None:
    """An entry in the same transaction. It names people by marks that only the proposal's salt can check."""
    facts: dict[str, str | int] = {
        "what": proposal.kind,
        "step": step,
        "proposal": proposal.pk,
        "for": person_mark(proposal.salt, proposal.person.national_id) if proposal.person else "",
        "by": person_mark(proposal.salt, by.national_id) if by else "command",
        "role": proposal.role,
        "office": proposal.office.code if proposal.office else "",
    }
    chain.append(KIND, f"power-{proposal.pk}", facts, now)
