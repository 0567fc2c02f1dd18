"""What an outside body answered, in the reader's language: from what the catalogue says of the referral."""

from __future__ import annotations

from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from core.day_words import day_in_words
from municipality.services import current_calendar

from ..domain import outside, service_types
from ..models import Event


def _referral(event: Event) -> outside.Referral | None:
    return service_types.get(event.transaction.service).referral(str(event.facts.get("referral", "")))


def title(event: Event) -> str:
    """In a few words; of a referral the catalogue no longer has, that there was an answer."""
    referral = _referral(event)
    return outside.title_of(referral, event.facts) if referral else _("An outside body has answered")


def sentence(event: Event) -> str:
    """In a sentence, with the day until which its published time runs."""
    referral = _referral(event)
    if referral is None:
        return str(event.facts.get("reason", ""))
    since = parse_datetime(str(event.facts.get("happened_at", "")))
    due = due_of(referral, since)
    return outside.sentence_of(referral, event.facts, day_in_words(due) if due else "")


def due_of(referral: outside.Referral, since: datetime | None) -> datetime | None:
    """When a body's published time ends by our calendar; None where it publishes none, or does not run yet."""
    if referral.working_days is None or since is None:
        return None
    return current_calendar().add_working_days(since, referral.working_days)
