"""Files of a program: sent, looked at, fetched."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from transactions import access
from transactions.attachments import services as attachments
from transactions.domain import kinds
from transactions.domain.errors import DomainError, NotVisible
from transactions.domain.service_types import Document
from transactions.intake.assured import refuse_to_receive
from transactions.views.files import content_of

from ..strict import View, read
from . import bodies, chunks, serializers


class DeficiencyFiles(View):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": bodies.FileOnlySerializer},
        parameters=[chunks.CONTENT_RANGE],
        responses=chunks.RESPONSES,
        operation_id="deficiency_attach",
    )
    def post(self, request: Request, reference: str, deficiency: int) -> Response:
        """Attach a file to the answer of one deficiency, before the answers are sent."""
        case = access.get_transaction(current_user(request), reference)
        asked = case.deficiencies.open().filter(pk=deficiency).first() if deficiency < 2**31 else None
        if asked is None:
            raise Http404
        data = read(bodies.FileOnlySerializer, request)
        code = data.get("document", "")
        return chunks.store_upload(
            request,
            data,
            place=f"answer/{deficiency}/{code}",
            document=attachments.document_asked(asked, code),
            beside=asked.attachments.all(),
            attach=partial(attachments.attach_to_deficiency, asked, document=code, by=current_user(request)),
        )


class Attachments(View):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": bodies.UploadSerializer},
        parameters=[chunks.CONTENT_RANGE],
        responses=chunks.RESPONSES,
        operation_id="attachments_create",
    )
    def post(self, request: Request) -> Response:
        """Upload a file for a request to come. PDF, JPEG, PNG or DWG by content, at most 50 MB."""
        data = read(bodies.UploadSerializer, request)
        by, code = current_user(request), data["document"]
        return chunks.store_upload(
            request,
            data,
            place=f"free/{code}",
            document=Document(code, code, accepts=tuple(kinds.ACCEPTED)),
            beside=attachments.unattached_of(by),
            attach=partial(attachments.store, document=code, by=by),
        )


class AttachmentView(View):
    @extend_schema(responses=serializers.AttachmentSerializer, operation_id="attachments_read")
    def get(self, request: Request, key: UUID) -> Response:
        """What is known of a file; its bytes are at content/."""
        return Response(serializers.AttachmentSerializer(access.get_attachment(current_user(request), key)).data)

    @extend_schema(responses={204: None}, operation_id="attachments_delete")
    def delete(self, request: Request, key: UUID) -> Response:
        """Take a file away again that was not sent yet. What was sent is kept for good."""
        by = current_user(request)
        attachments.remove(access.get_attachment(by, key), by=by)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FileUnavailable(exceptions.APIException):
    status_code = status.HTTP_410_GONE
    default_code = "file_gone"
    default_detail = gettext_lazy("This file cannot be downloaded: our copy is damaged, or the file is harmful.")


class OutOfRange(exceptions.APIException):
    status_code = status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE
    default_code = "out_of_range"
    default_detail = gettext_lazy("The file does not have this range of bytes.")


class Whatever(DefaultContentNegotiation):
    """A file is of its own kind, whatever is asked for; refusals are as everywhere."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


_BYTES = {(code, kind): OpenApiTypes.BINARY for code in (200, 206) for kind in kinds.ACCEPTED}


class Content(View):
    content_negotiation_class = Whatever

    @extend_schema(
        responses=_BYTES,
        operation_id="attachments_content",
        parameters=[
            OpenApiParameter(
                "Range",
                str,
                OpenApiParameter.HEADER,
                description="One range, “bytes=first-last”: 206 with those bytes, 416 when the file has none of them.",
            ),
            OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The ETag of an earlier answer."),
            OpenApiParameter(
                "ETag", str, OpenApiParameter.HEADER, response=[200, 206], description="The SHA-256 of the whole file."
            ),
        ],
    )
    def get(self, request: Request, key: UUID) -> HttpResponseBase:
        """The bytes of a file, if what is kept of it is still what was sent; else 410."""
        file = access.get_attachment(current_user(request), key)
        response = content_of(request._request, file)
        if response.status_code == status.HTTP_410_GONE:
            raise FileUnavailable
        if response.status_code == status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE:
            raise OutOfRange
        return response


class PaperFile(View):
    content_negotiation_class = Whatever

    @extend_schema(
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, 409: OpenApiTypes.OBJECT},
        operation_id="transactions_paper_pdf",
    )
    def get(self, request: Request, reference: str, kind: str) -> HttpResponseBase:
        """The signed PDF of what was issued, which is the original; 409 `being_made` until it is there."""
        by = current_user(request)
        case = access.get_transaction(by, reference)
        issued = case.issued_documents.select_related("content__signed").filter(kind=kind).first()
        if issued is None:
            raise NotVisible
        refuse_to_receive(case, by)
        signed = getattr(getattr(issued, "content", None), "signed", None)
        if signed is None:
            raise DomainError("being_made", _("The signed PDF is being made. Ask again in a few seconds."))
        response = content_of(request._request, signed)
        if response.status_code == status.HTTP_410_GONE:
            raise FileUnavailable
        return response
