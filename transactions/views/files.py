"""Files, only for those who may see them: downloads as attachments in a sandbox, previews as pictures of ours."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import signed_in

from .. import access, previews
from ..services import attachments
from .common import hidden_is_404


def _harden(response: FileResponse) -> FileResponse:
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@hidden_is_404
@require_safe
def download(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """The file as it was uploaded, if what is stored is still that."""
    file = access.get_attachment(signed_in(request), key)
    stored = attachments.open_intact(file)
    if stored is None:
        return render(request, "410.html", status=410)
    response = FileResponse(stored, as_attachment=True, filename=file.original_name, content_type=file.content_type)
    return _harden(response)


@login_required
@hidden_is_404
@require_safe
def preview(request: HttpRequest, key: UUID, page: int = 1) -> HttpResponseBase:
    """A page of the file as a picture."""
    file = access.get_attachment(signed_in(request), key)
    if not file.has_preview or not 1 <= page <= previews.MOST_PAGES:
        raise Http404
    picture = previews.picture(file, page)
    if picture is None:
        raise Http404
    response = _harden(FileResponse(picture.open("rb"), content_type="image/png"))
    response["Content-Disposition"] = "inline"
    response["Cache-Control"] = "private, max-age=600"
    return response
