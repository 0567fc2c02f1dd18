"""What pages of the rooms below show of bodies outside."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from transactions.models import Transaction

from ..words import shown_referrals

register = template.Library()


@register.inclusion_tag("components/referrals.html")
def referrals_of(case: Transaction, staff: bool = False) -> dict[str, Any]:
    """What a request waits for, or got, from bodies outside; nothing where there is none."""
    return {"referrals": shown_referrals(case, timezone.now()), "staff": staff}
