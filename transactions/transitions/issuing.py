"""Numbers under which something leaves an office."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation

from ..models import Direction, Transaction
from . import registers
from .mover import Transition, require_office


def recipient_outside(case: Transaction) -> str:
    """Where the service sends its files, under its name in the language of the registers, whoever writes the line."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(case.service_type.output.recipient)


def enter_outgoing(transition: Transition, *, recipient: str) -> str:
    """A line in the outgoing register of the office that holds the file; returns the number of what goes out."""
    here = require_office(transition.case)
    line = registers.enter_line(
        transition.case,
        office_id=here.pk,
        direction=Direction.OUTGOING,
        by=transition.by,
        now=transition.now,
        recipient=recipient[:120],
    )
    number = f"{here.code}-{line.hijri_year}-{line.number:06d}"
    transition.facts.update(outgoing=line.number, hijri_year=line.hijri_year, number=number)
    return number
