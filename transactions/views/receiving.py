"""One file sent by upload-progress.js, whole or in pieces, wherever it belongs; and what the script is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.utils.translation import gettext as _

from accounts.access import current_user

from ..attachments import chunks
from ..attachments import services as attachments
from ..attachments.chunks import Chunk, InvalidChunk
from ..attachments.services import StorageFull
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.service_types import Document
from ..models import Attachment

MORE_TO_COME = 202
# The script tries again by itself, and then offers it; what it is told with a 422 it takes for the last word.
TRY_AGAIN = 503


def receive(
    request: HttpRequest,
    document: Document,
    place: str,
    beside: QuerySet[Attachment],
    attach: Callable[[UploadedFile[Any]], Attachment],
) -> int | None:
    """Attach the file of this request, or of this and earlier ones when it says it is a piece; None when that is done,
    else how much is held so far.
    """
    upload = request.FILES.get("file")
    if upload is None:
        attachments.refuse(document.code, _("No file arrived. Choose it again."), "required")
    if "Content-Range" not in request.headers:
        attach(upload)
        return None
    piece = Chunk.from_header(request.headers["Content-Range"], upload.size or 0, request.POST.get("mark", ""))
    by = current_user(request)
    held = chunks.receive_chunk(upload, piece, place=place, document=document, by=by, beside=beside, attach=attach)
    return held if isinstance(held, int) else None


def answer_or_problems(take: Callable[[], int | None], path: str) -> HttpResponse | Sequence[Problem]:
    """What the script is answered while there is nothing to show yet; else what is wrong with the file, under `path`
    where the problem has no place of its own. `take` asks who may send it and calls `receive`.
    """
    try:
        have = take()
    except StorageFull:
        return HttpResponse(status=TRY_AGAIN)
    except InvalidChunk as error:
        return HttpResponseBadRequest(error.message, content_type="text/plain; charset=utf-8")
    except Invalid as error:
        return error.problems
    except DomainError as error:
        return (Problem(path, error.message, error.code),)
    return () if have is None else JsonResponse({"have": have}, status=MORE_TO_COME)
