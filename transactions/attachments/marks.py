"""Places on documents that whoever works on a case marks and measures: kept, taken back, told in a return.

A mark is the staff's own until a return tells the applicant of it (transitions/returning.py); then it stays for good.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import prose

from .. import access
from ..domain.errors import DomainError, Invalid, NotVisible, Problem
from ..domain.gates import Operation
from ..domain.text_length import validate_text_length
from ..incidents import gates
from ..models import Attachment, Mark, Transaction
from ..models.marks import MarkQuerySet
from . import tiles

Shape = Mark.Shape
# How many points each shape has.
POINTS = {Shape.POINT: (1, 1), Shape.RECTANGLE: (2, 2), Shape.LENGTH: (2, 100), Shape.AREA: (3, 100)}
MEASURES = (Shape.LENGTH, Shape.AREA)
MAX_MARKS = 200
# Metres of a pixel of the page at its largest: from a detail drawn larger than it is to a plan of the whole region.
SMALLEST, LARGEST = 1e-9, 1e4


@dataclass(frozen=True)
class Place:
    """What is marked. `points` in parts of the page's width and height; `metres` of a pixel of the page at its largest,
    for what is measured.
    """

    page: int
    shape: str
    points: Sequence[tuple[float, float]]
    text: str = ""
    metres: float | None = None


def marks_for(user: User, file: Attachment) -> MarkQuerySet:
    """What this person sees on a file: who works on its case all marks, everybody else those a return told of."""
    case = file.transaction
    marks = Mark.objects.filter(attachment=file)
    return marks.current() if case is not None and access.may_read_notes(user, case) else marks.asked()


@transaction.atomic
def add_mark(
    file: Attachment, place: Place, *, by: User, key: uuid.UUID | None = None, now: datetime | None = None
) -> Mark:
    """Keep a mark. NotVisible for whoever does not work on the case; OperationClosed while nobody works on cases;
    Invalid when it is no place on the page or says nothing; DomainError `too_many_marks`. The same `key` is one mark.
    """
    now = now or timezone.now()
    _lock(file, by, now)
    if there := Mark.objects.filter(key=key, attachment=file, author=by).first() if key else None:
        return there
    points = _checked(file, place)
    if Mark.objects.filter(attachment=file).current().count() >= MAX_MARKS:
        raise DomainError("too_many_marks", _("This document has too many marks. Take some back first."))
    measured = _measured(file, place, points, by) if place.shape in MEASURES else None
    return Mark.objects.create(
        key=key or uuid.uuid4(),
        attachment=file,
        page=place.page,
        shape=place.shape,
        points=points,
        text=prose(place.text),
        measured=measured,
        metres_per_pixel=place.metres if measured is not None else None,
        author=by,
        made_at=now,
    )


@transaction.atomic
def take_back(file: Attachment, pk: int, *, by: User, now: datetime | None = None) -> None:
    """Take a mark back; it stays on record. DomainError `mark_is_told` when the applicant knows it. Twice is once."""
    now = now or timezone.now()
    _lock(file, by, now)
    mark = Mark.objects.select_for_update(of=("self",)).filter(pk=pk, attachment=file).first()
    if mark is None:
        raise NotVisible
    if mark.deficiency_id is not None:
        raise DomainError("mark_is_told", _("This mark was sent to the applicant, so it cannot be removed."))
    if mark.removed_at is None:
        mark.removed_at, mark.removed_by = now, by
        mark.save(update_fields=["removed_at", "removed_by"])


def _lock(file: Attachment, by: User, now: datetime) -> None:
    """One after the other, and not while a return is on its way."""
    case = file.transaction
    if case is None or not access.may_read_notes(by, case):
        raise NotVisible
    where = gates.codes(case.held_by_id)
    gates.refuse_if_closed(Operation.PROCESSING, now=now, service=case.service, offices=where, lot=case.reference)
    Transaction.objects.select_for_update(of=("self",)).only("pk").get(pk=case.pk)


def _checked(file: Attachment, place: Place) -> list[list[float]]:
    problems = list(validate_text_length("text", place.text))
    if place.shape not in POINTS:
        raise Invalid([Problem("shape", _("Choose a shape."), "unknown_shape")])
    if not file.has_preview or not 1 <= place.page <= (file.pages or 1):
        problems.append(Problem("page", _("The document has no such page."), "unknown_page"))
    least, most = POINTS[Shape(place.shape)]
    inside = all(math.isfinite(value) and 0 <= value <= 1 for point in place.points for value in point)
    if not least <= len(place.points) <= most or not inside or any(len(point) != 2 for point in place.points):
        problems.append(Problem("points", _("Mark a place on the page."), "no_place"))
    if place.shape not in MEASURES and not prose(place.text):
        problems.append(Problem("text", _("Write what is to be seen at this place."), "required"))
    if place.shape in MEASURES and not (place.metres and SMALLEST <= place.metres <= LARGEST):
        problems.append(Problem("metres", _("Set the scale first: mark a length that you know."), "no_scale"))
    if problems:
        raise Invalid(problems)
    return [[round(across, 6), round(down, 6)] for across, down in place.points]


def _measured(file: Attachment, place: Place, points: list[list[float]], by: User) -> float:
    """Metres of a length, square metres of an area, by the size of the page as we know it."""
    try:
        width, height = tiles.page_size(file, by.pk, place.page)
    except (tiles.Busy, tiles.Undrawable) as error:
        raise DomainError("not_now", _("The page cannot be measured just now. Try again in a moment.")) from error
    metres = float(place.metres or 0)
    corners = [(across * width * metres, down * height * metres) for across, down in points]
    if place.shape == Shape.LENGTH:
        return sum(math.dist(start, end) for start, end in pairwise(corners))
    around = zip(corners, [*corners[1:], corners[0]], strict=True)
    return abs(sum(left[0] * right[1] - right[0] * left[1] for left, right in around)) / 2


def place_of(sent: str) -> Place:
    """A place as a page sends it, JSON. Invalid when it is anything else."""
    try:
        words = json.loads(sent)
        metres = words.get("metres")
        points = [(float(across), float(down)) for across, down in words["points"]]
        shape, text = str(words["shape"]), str(words.get("text", ""))
        return Place(int(words["page"]), shape, points, text, None if metres is None else float(metres))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise Invalid([Problem("points", _("Mark a place on the page."), "no_place")]) from error
