"""Files, only for those who may see them: downloads as attachments in a sandbox, previews as pictures of ours."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import current_user
from core.text import parse_int

from .. import previews
from ..attachments import render_jobs, rendering, stored
from ..domain import kinds
from ..models import Attachment, SignedPaper
from ..previews import State
from ..visits import permissions as visits
from .common import harden, hidden_is_404
from .comparing import comparable
from .marks import marked_page, may_mark
from .viewer import opened_word

# One range of bytes; of several the whole is sent, as the standard allows.
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
_AGAIN_SECONDS = 2


def _not_available(request: HttpRequest) -> HttpResponse:
    return render(request, "410.html", status=410)


@login_required
@hidden_is_404
@require_safe
def download(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """The file as it was uploaded, if what is stored is still that; or the bytes of it that are asked for."""
    return content_of(request, visits.get_attachment(current_user(request), key))


def content_of(request: HttpRequest, file: Attachment | SignedPaper) -> HttpResponseBase:
    """The answer that hands a file out, whoever was let in to ask for it."""
    if file.is_infected:
        return _not_available(request)
    content = stored.open_intact(file)
    if content is None:
        return _not_available(request)
    ranged = _ranged(request, file)
    start, end = ranged or (0, file.size)
    if start >= end:
        content.close()
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{file.size}"
        return harden(refused)
    content.seek(start)
    part = content if end == file.size else _Part(content, end - start)
    response = FileResponse(part, as_attachment=True, filename=file.handed_out_as, content_type=file.content_type)
    response["Content-Length"] = str(end - start)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = _tag(file)
    if ranged:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return harden(response)


def _tag(file: Attachment | SignedPaper) -> str:
    return f'"{file.sha256}"'


def _ranged(request: HttpRequest, file: Attachment | SignedPaper) -> tuple[int, int] | None:
    """From which byte up to which; None when all of it is wanted. Empty when the range is not in the file."""
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    first, last = match.group(1, 2) if match else ("", "")
    if not (first or last) or request.headers.get("If-Range", _tag(file)) != _tag(file):
        return None
    if not first:
        return max(0, file.size - int(last)), file.size
    if last and int(last) < int(first):
        return None
    return int(first), min(file.size, int(last) + 1) if last else file.size


class _Part:
    """As much of a file as was asked for, from where it stands."""

    def __init__(self, whole_file: File[bytes], left: int) -> None:
        self._file, self._left = whole_file, left

    def read(self, many: int = -1) -> bytes:
        data: bytes = self._file.read(self._left if many < 0 else min(many, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()


@login_required
@hidden_is_404
@require_safe
def without_programs(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """A copy of a PDF without what acts by itself and without the files inside it. The original stays as it is."""
    user = current_user(request)
    file = visits.get_attachment(user, key)
    if file.content_type != kinds.PDF or file.is_infected:
        raise Http404
    original = stored.open_intact(file)
    if original is None:
        return _not_available(request)
    with original, rendering.slots.one_for(-user.pk, rendering.WAIT_SECONDS) as free:
        made = (
            rendering.render(original, file.content_type, task="clean")
            if free
            else rendering.Rendering(wrong=rendering.OVERLOADED)
        )
    copy = made.pictures.get("clean")
    if copy is None:
        failed = made.wrong != rendering.OVERLOADED
        return render(request, "transactions/being_drawn.html", {"file": file, "failed": failed}, status=503)
    response = HttpResponse(copy, content_type=kinds.PDF)
    # The name says that it is not the file whose hash stands on the receipt.
    name = kinds.with_ending(f"copy-{file.original_name}", file.content_type)
    response.headers["Content-Disposition"] = FileResponse(as_attachment=True, filename=name).get(
        "Content-Disposition", "attachment"
    )
    return harden(response)


@login_required
@hidden_is_404
@require_safe
def preview(request: HttpRequest, key: UUID, page: int = 1, row: int = 0, column: int = 0) -> HttpResponseBase:
    """A page of the file as a picture, or one part of it at a size at which its text is read.

    One that is not drawn yet is drawn in the background meanwhile: 202, and a page that comes back by itself.
    """
    file = visits.get_attachment(current_user(request), key)
    if not file.has_preview or not 1 <= page <= (file.pages or 1):
        raise Http404
    name = f"{page}-{row}-{column}" if row else str(page)
    picture = previews.read_preview(file.key, name)
    if not picture:
        return _being_drawn(request, file, page, name)
    response = harden(HttpResponse(picture, content_type=previews.kind_of(picture)))
    response["Content-Disposition"] = "inline"
    response["Cache-Control"] = "private, max-age=600"
    return response


def _being_drawn(request: HttpRequest, file: Attachment, page: int, name: str) -> HttpResponse:
    context = {"file": file, "page": page}
    if previews.preview_state(file.key, name) == State.FAILED:
        return render(request, "transactions/being_drawn.html", context | {"undrawn": True}, status=404)
    render_jobs.request_rendering(file, page, closely="-" in name)
    answer = render(request, "transactions/being_drawn.html", context, status=202)
    answer["Refresh"] = str(_AGAIN_SECONDS)
    answer["Retry-After"] = str(_AGAIN_SECONDS)
    return answer


@login_required
@hidden_is_404
@require_safe
def sheet(request: HttpRequest, key: UUID, page: int) -> HttpResponseBase:
    """One page of a file to be looked at: the whole of it, or the part asked for, at a size to read its text."""
    file = visits.get_attachment(current_user(request), key)
    if not file.has_preview or not 1 <= page <= (file.pages or 1):
        raise Http404
    if previews.preview_state(file.key, str(page)) != State.THERE:
        return _being_drawn(request, file, page, str(page))
    row, column = (parse_int(request.GET.get(name, ""), max_digits=3) or 0 for name in ("row", "column"))
    rows, columns = previews.grid(file.key, page)
    if row and column and not rows:
        return _being_drawn(request, file, page, f"{page}-1-1")
    if row > rows or column > columns or bool(row) != bool(column):
        return redirect("transactions:sheet", key=key, page=page)
    if row and previews.preview_state(file.key, f"{page}-{row}-{column}") != State.THERE:
        return _being_drawn(request, file, page, f"{page}-{row}-{column}")
    context = {
        "file": file,
        "page": page,
        "before": page - 1,
        "after": page + 1 if page < (file.pages or 1) else 0,
        "row": row,
        "column": column,
        "marked": marked_page(current_user(request), file, page, request.GET.get("mark", "")),
        "chosen": request.GET.get("mark", ""),
        "may_mark": may_mark(current_user(request), file),
        "others": comparable(current_user(request), file),
        "opened": opened_word(current_user(request), file),
        "grid": [[(down, across) for across in range(1, columns + 1)] for down in range(1, rows + 1)],
    }
    return render(request, "transactions/sheet.html", context)
