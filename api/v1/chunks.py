"""Files in pieces, by the same service as the page's: the same file sent again goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from transactions.attachments import chunks
from transactions.attachments.chunks import Chunk
from transactions.domain.service_types import Document
from transactions.models import Attachment

from . import serializers

CONTENT_RANGE = OpenApiParameter(
    "Content-Range",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "Send a large file in pieces, one after another, each with “bytes first-last/total” of the whole file. The "
        "answer to each but the last is 202 with how many bytes are held: go on there, also after a break, from the "
        "first piece on. The answer to the last is 201, also when it is sent again, its answer lost. Without "
        "this header the file is sent whole."
    ),
)
RESPONSES = {201: serializers.AttachmentSerializer, 202: serializers.HeldSerializer}


def store_upload(
    request: Request,
    data: dict[str, Any],
    *,
    place: str,
    document: Document,
    beside: QuerySet[Attachment],
    attach: Callable[[Any], Attachment],
) -> Response:
    """The answer to a file, or to a piece of one."""
    file, by = data["file"], current_user(request)
    held: int | Attachment
    if "Content-Range" in request.headers:
        piece = Chunk.from_header(request.headers["Content-Range"], file.size or 0, data["mark"])
        held = chunks.receive_chunk(file, piece, place=place, document=document, by=by, beside=beside, attach=attach)
    else:
        held = attach(file)
    if isinstance(held, int):
        return Response({"have": held}, status=status.HTTP_202_ACCEPTED)
    return Response(serializers.AttachmentSerializer(held).data, status=status.HTTP_201_CREATED)
