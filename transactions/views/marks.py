"""Marks on documents: as a list for the viewer's script, and as a picture of the page for whoever has none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import current_user
from accounts.models import User
from core.text import parse_int

from .. import access
from ..attachments import marks as service
from ..attachments import tiles
from ..domain.errors import DomainError, Invalid, NotVisible
from ..models import Attachment, Mark
from ..visits import permissions as visits
from .common import hidden_is_404

# The width of a page as it is drawn with its marks; its height follows.
WIDTH = 1000


def may_mark(user: User, file: Attachment) -> bool:
    """Does this person work on the case of this file?"""
    return file.transaction is not None and file.has_preview and access.may_read_notes(user, file.transaction)


@login_required
@hidden_is_404
@require_http_methods(["GET", "HEAD", "POST"])
def marks(request: HttpRequest, key: UUID) -> HttpResponse:
    """JSON: the marks this person sees on a file. By POST one more (`place`, JSON; `key`, the sender's own)."""
    user = current_user(request)
    file = visits.find_attachment(user, key)
    if request.method == "POST":
        if not may_mark(user, file):
            raise NotVisible
        try:
            mark = service.add_mark(
                file, service.place_of(request.POST.get("place", "")), by=user, key=_key(request.POST.get("key", ""))
            )
        except NotVisible:
            raise
        except DomainError as error:
            return _refusal(error)
        return JsonResponse(_words(mark, user), status=201)
    shown = service.marks_for(user, file).select_related("author")
    return JsonResponse({"marks": [_words(mark, user) for mark in shown], "may_mark": may_mark(user, file)})


@login_required
@hidden_is_404
@require_POST
def take_back(request: HttpRequest, key: UUID, pk: int) -> HttpResponse:
    """Take one back."""
    user = current_user(request)
    file = visits.find_attachment(user, key)
    try:
        service.take_back(file, pk, by=user)
    except NotVisible:
        raise
    except DomainError as error:
        return _refusal(error)
    return HttpResponse(status=204)


def _key(sent: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(sent)
    return None


def _refusal(error: DomainError) -> JsonResponse:
    messages = (
        [str(problem.message) for problem in error.problems] if isinstance(error, Invalid) else [str(error.message)]
    )
    return JsonResponse({"problems": messages}, status=422 if isinstance(error, Invalid) else 409)


def _words(mark: Mark, user: User) -> dict[str, Any]:
    """To the staff also who made it: to the applicant the office speaks, and no person."""
    words: dict[str, Any] = {
        "id": mark.pk,
        "page": mark.page,
        "shape": mark.shape,
        "points": mark.points,
        "text": mark.text,
        "measured": mark.measured,
        "told": mark.deficiency_id is not None,
    }
    if user.is_staff and mark.attachment.transaction and access.may_read_notes(user, mark.attachment.transaction):
        words["by"] = mark.author.full_name
    return words


@dataclass(frozen=True)
class DrawnMark:
    """A mark as it is drawn: the corners of a line around or along it, or the middle of a circle."""

    number: int
    mark: Mark
    corners: str
    middle: tuple[float, float]
    chosen: bool


@dataclass(frozen=True)
class MarkedPage:
    """A page as a drawing: its size, and the marks on it."""

    width: int
    height: int
    marks: Sequence[DrawnMark]


def marked_page(user: User, file: Attachment, page: int, chosen: str) -> MarkedPage | None:
    """The marks this person sees on a page; None when there are none, or the page's size is not known yet."""
    shown = list(service.marks_for(user, file).filter(page=page))
    if not shown:
        return None
    try:
        width, height = tiles.page_size(file, user.pk, page)
    except (tiles.Busy, tiles.Undrawable):
        return None
    down = max(1, round(WIDTH * height / width))
    wanted = parse_int(chosen)
    drawn = [_drawn(number, mark, down, wanted) for number, mark in enumerate(shown, start=1)]
    return MarkedPage(WIDTH, down, drawn)


def _drawn(number: int, mark: Mark, height: int, chosen: int | None) -> DrawnMark:
    points = [(across * WIDTH, down * height) for across, down in mark.points]
    if mark.shape == Mark.Shape.RECTANGLE:
        (left, top), (right, bottom) = points
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    corners = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
    return DrawnMark(number, mark, corners, points[0], mark.pk == chosen)
