"""What the viewer of documents asks for: the sizes of pages, and tiles of them. Its page is `files.sheet`.

Opening a document is what the access log knows of. Whoever was shown its page holds a word of ours that says so, and
what they look at more closely then is not logged again.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.models import User
from core.text import parse_int

from ..attachments import tiles
from ..models import Attachment
from ..visits import permissions as visits
from .common import harden, hidden_is_404

OPENED = "X-Document-Opened"
_SALT = "transactions.viewer.opened"
_HOURS = 12
# Of a file whose address bears its hash nothing ever changes.
_FOREVER = "private, max-age=31536000, immutable"
_SOON, _LATER = "1", "600"


def opened_word(user: User, file: Attachment) -> str:
    """Says that the access log knows that this person opened this file."""
    return signing.dumps([user.pk, file.pk], salt=_SALT)


def _is_known(request: HttpRequest, user: User, file: Attachment) -> bool:
    try:
        known = signing.loads(request.headers.get(OPENED, ""), salt=_SALT, max_age=_HOURS * 3600)
    except signing.BadSignature:
        return False
    return bool(known == [user.pk, file.pk])


def _file(request: HttpRequest, key: UUID) -> Attachment:
    user = current_user(request)
    file = visits.find_attachment(user, key)
    if not file.has_preview:
        raise Http404
    if not _is_known(request, user, file):
        file = visits.get_attachment(user, key)
    return file


@login_required
@hidden_is_404
@require_safe
def sizes(request: HttpRequest, key: UUID) -> HttpResponse:
    """JSON: how many pages there are, and how large they are."""
    file, user = _file(request, key), current_user(request)
    response = _answer(request, file, "application/json", lambda: tiles.sizes(file, user.pk))
    response[OPENED] = opened_word(user, file)
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@hidden_is_404
@require_safe
def tile(request: HttpRequest, key: UUID, page: int, level: int, across: int, down: int) -> HttpResponse:
    """A tile of a page. 202 when too much is being drawn, 429 when this person had too much drawn this hour: it is to
    be asked for again; 404 when it cannot be drawn, or there is no such layer or tile.
    """
    file = _file(request, key)
    if not 1 <= page <= (file.pages or 1) or max(level, across, down) > tiles.MAX_NUMBER:
        raise Http404
    place, layers = (page, level, across, down), _layers(request)
    return _answer(request, file, "image/jpeg", lambda: tiles.tile(file, current_user(request).pk, *place, layers))


def _layers(request: HttpRequest) -> tuple[int, ...] | None:
    """Those asked for: numbers with dots between, a dot alone for none. None when the address does not say."""
    asked = request.GET.get("layers", "")
    if not asked:
        return None
    numbers = [parse_int(part, max_digits=3) for part in asked.split(".")] if asked != "." else []
    if None in numbers:
        raise Http404
    return tuple(number for number in numbers if number is not None)


def _answer(request: HttpRequest, file: Attachment, kind: str, make: Callable[[], bytes]) -> HttpResponse:
    try:
        response = harden(HttpResponse(make(), content_type=kind))
    except tiles.Busy as busy:
        too_much = isinstance(busy, tiles.TooMuch)
        response = harden(HttpResponse(status=429 if too_much else 202))
        response["Retry-After"] = _LATER if too_much else _SOON
        return response
    except tiles.Undrawable as error:
        raise Http404 from error
    if request.GET.get("of") == file.sha256[:16]:
        response["Cache-Control"] = _FOREVER
    return response
