"""Lists in pages. A cursor says after which row the next page begins, so that rows that come meanwhile move none: each
is told once. The body stays the list it always was; where it goes on stands in the header Link, as rel="next".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.utils.urls import remove_query_param, replace_query_param

from .strict import Strict

MAX_PAGE_SIZE = 25
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Since when `page` is not to be used any more, and from when on it may be refused (RFC 9745 and 8594).
PAGE_DEPRECATED = datetime(2026, 11, 27, tzinfo=UTC)
PAGE_ENDS = datetime(2027, 11, 30, tzinfo=UTC)
LINK = OpenApiParameter(
    "Link",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description='Where the list goes on, as <address>; rel="next" (RFC 8288). The last page has none.',
)
Row = TypeVar("Row", bound=Model)
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})")


class CursorField(serializers.CharField):
    """The moment and key of the last row told."""

    default_error_messages = {"cursor": gettext_lazy("Use the address of the next page exactly as it was given.")}

    def to_internal_value(self, data: Any) -> tuple[datetime, int]:  # type: ignore[override]
        match = _CURSOR.fullmatch(super().to_internal_value(data))
        if match is None:
            self.fail("cursor")
        return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])


class CursorQuery(Strict):
    cursor = CursorField(required=False, max_length=40, help_text="From the header Link of the page before.")


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": 999_999, "deprecated": True})
class PageField(serializers.IntegerField):
    """How pages were asked for before there were cursors."""


class PageQuery(CursorQuery):
    page = PageField(
        required=False,
        min_value=1,
        max_value=999_999,
        help_text=f"Ends on {PAGE_ENDS:%Y-%m-%d}: rows that come meanwhile move the others. Follow Link instead.",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if {"page", "cursor"} <= set(data):
            raise ValidationError({"page": [ErrorDetail(_("Give a page or a cursor, not both."), code="both")]})
        return data


def paged(request: Request, rows: QuerySet[Row], asked: dict[str, Any], *, by: str) -> tuple[list[Row], dict[str, str]]:
    """A page of these rows, the newest first `by` this moment of theirs, and the headers of the answer."""
    if cursor := asked.get("cursor"):
        at, pk = cursor
        rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": pk}), **{f"{by}__lte": at})
    first = (asked.get("page", 1) - 1) * MAX_PAGE_SIZE
    page = list(rows.order_by(f"-{by}", "-pk")[first : first + MAX_PAGE_SIZE + 1])
    headers = {}
    if len(page) > MAX_PAGE_SIZE:
        last = page[MAX_PAGE_SIZE - 1]
        mark = f"{(getattr(last, by) - EPOCH) // timedelta(microseconds=1)}-{last.pk}"
        here = remove_query_param(request.build_absolute_uri(), "page")
        headers["Link"] = f'<{replace_query_param(here, "cursor", mark)}>; rel="next"'
    if "page" in asked:
        headers["Deprecation"] = f"@{int(PAGE_DEPRECATED.timestamp())}"
        headers["Sunset"] = format_datetime(PAGE_ENDS, usegmt=True)
    return page[:MAX_PAGE_SIZE], headers


def answer(shape: type[Serializer[Any]], rows: Sequence[Any], headers: dict[str, str], **context: Any) -> Response:
    """The answer that shows a page."""
    return Response(shape(rows, many=True, context=context).data, headers=headers)
