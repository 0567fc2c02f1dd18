"""Two documents side by side, and one laid over the other: as pictures, which a script makes documents to look into."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.models import User
from core.text import parse_int

from .. import access
from ..models import Attachment
from ..visits import permissions as visits
from .common import hidden_is_404
from .viewer import opened_word


def comparable(user: User, file: Attachment) -> list[Attachment]:
    """Other files of the same case that this person may see and that can be shown; of the same document first."""
    case = file.transaction
    if case is None:
        return []
    files = case.attachments.filter(removed_at=None).exclude(pk=file.pk)
    if not access.acts_for_applicant(user, case):
        files = files.sent()
    shown = [other for other in files if other.has_preview]
    return sorted(shown, key=lambda other: (other.document != file.document, -other.pk))


@login_required
@hidden_is_404
@require_safe
def compare(request: HttpRequest, key: UUID, other: UUID) -> HttpResponse:
    """A page of each, side by side and one over the other (?page= of the first, ?with= of the second)."""
    user = current_user(request)
    first, second = visits.get_attachment(user, key), visits.get_attachment(user, other)
    if not (first.has_preview and second.has_preview):
        raise Http404
    page = _page(request, "page", first)
    context = {
        "first": first,
        "second": second,
        "page": page,
        "second_page": _page(request, "with", second, page),
        "opened_first": opened_word(user, first),
        "opened_second": opened_word(user, second),
        "pages": range(1, max(first.pages or 1, second.pages or 1) + 1),
    }
    return render(request, "transactions/compare.html", context)


def _page(request: HttpRequest, name: str, file: Attachment, otherwise: int = 1) -> int:
    asked = parse_int(request.GET.get(name, ""), max_digits=5) or otherwise
    return min(max(1, asked), file.pages or 1)
