"""What the city publishes of itself: open figures, and the books of each day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.db import replica
from transactions.books import published
from transactions.models import Reconciliation
from transactions.selectors import open_figures

from ..strict import Public


class FigureRow(serializers.Serializer[Any]):
    """One service at one office in one month; `all` stands for all of them. Null is withheld if its name is in
    `withheld`: it is from 1 to 4, or would tell another that is. A median is null when there are too few decisions.
    """

    month = serializers.CharField(help_text="Year and month, Gregorian.")
    service = serializers.CharField()
    office = serializers.CharField(help_text="`unrouted`: not yet with an office when the month was published.")
    received = serializers.IntegerField(allow_null=True)
    decided = serializers.IntegerField(allow_null=True)
    refused = serializers.IntegerField(allow_null=True)
    late = serializers.IntegerField(allow_null=True, help_text="Decided after the working days promised.")
    in_time = serializers.IntegerField(allow_null=True)
    median_days = serializers.IntegerField(allow_null=True, help_text="Working days within which half was decided.")
    p90_days = serializers.IntegerField(allow_null=True, help_text="Working days within which nine in ten were.")
    withheld = serializers.ListField(child=serializers.CharField())
    incidents = serializers.ListField(
        child=serializers.IntegerField(), help_text="Declared incidents that touched it, as known today."
    )


class Books(serializers.Serializer[Any]):
    """The books as they were reconciled on a day. `sha256` is that of `text`, in UTF-8; the token's journal entry names
    it as `content`. Without a token the journal itself was not as it should be.
    """

    day = serializers.DateField()
    figures = serializers.SerializerMethodField()
    text = serializers.CharField()
    sha256 = serializers.CharField()
    token = serializers.CharField(allow_blank=True)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_figures(self, document: dict[str, Any]) -> Any:
        return document["figures"]


class Figures(Public):
    @extend_schema(responses=FigureRow(many=True), operation_id="figures_list")
    def get(self, request: Request) -> Response:
        """Every month that is published, the newest first."""
        return Response(replica.ask(open_figures.every_row))


class FiguresOfMonth(Public):
    @extend_schema(responses=FigureRow(many=True), operation_id="figures_read")
    def get(self, request: Request, month: str) -> Response:
        """One month, for example 2026-11. It is published once, after it is over, and does not change."""
        rows = replica.ask(lambda: open_figures.of_month(_day(f"{month}-01")))
        if rows is None:
            raise Http404
        return Response(rows)


class LatestBooks(Public):
    @extend_schema(responses=Books, operation_id="books_latest")
    def get(self, request: Request) -> Response:
        """The last reconciliation of the books."""
        return _answer(replica.ask(published.latest))


class BooksOfDay(Public):
    @extend_schema(responses=Books, operation_id="books_read")
    def get(self, request: Request, day: str) -> Response:
        """The reconciliation of one day, for example 2026-11-28."""
        return _answer(replica.ask(lambda: published.of_day(_day(day))))


def _answer(books: Reconciliation | None) -> Response:
    if books is None:
        raise Http404
    return Response(Books(published.document(books)).data)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise Http404 from error
