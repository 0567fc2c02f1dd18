"""The district that the corners of a draft lie in, taken over when whoever writes it says so."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from municipality.models import District

from ..answers.ground import proposed_district, question_of
from ..domain.service_types import Kind, Step
from ..models import Draft
from . import drafts
from .answer_forms import asks_corners


def proposes(step: Step) -> bool:
    """Does a page ask for the district, or for the corners that say which it is?"""
    return asks_corners(step) or any(getattr(spec, "kind", None) is Kind.DISTRICT for spec in step.fields)


@transaction.atomic
def take_district(draft: Draft, code: str, *, by: User, now: datetime | None = None) -> District | None:
    """Write the proposed district into a draft that has none. None, and nothing is written, where another is proposed
    by now than the one of this code, or somebody gave one. DomainError as `drafts.save_step`.
    """
    locked = drafts.lock_to_write(draft, by)
    service = locked.service_type
    district = proposed_district(service, locked.answers)
    if district is None or district.code != code:
        return None
    question = question_of(service)
    step = next(step for step in service.steps if any(spec.name == question for spec in step.fields))
    draft.answers = locked.answers
    typed = drafts.answers_of(locked, [step]) | {question: district.code}
    drafts.save_step(draft, step, typed, by=by, now=now)
    return district
