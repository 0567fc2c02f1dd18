"""Asking where a transaction is, without signing in."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.db import replica
from core.hijri import days_between
from transactions import view_log
from transactions.inquiry import services as inquiry
from transactions.models import Transaction
from transactions.selectors.places import place_of
from transactions.text.timeline import history_of, public_movements_of
from transactions.text.wording import headline

from ..strict import Public, read
from . import bodies, serializers


class Inquiries(Public):
    @extend_schema(
        request=bodies.InquirySerializer,
        responses={200: serializers.InquiryAnswer},
        operation_id="inquiries_create",
    )
    def post(self, request: Request) -> Response:
        """Ask where a transaction is, without signing in. A wrong secret and an unknown number look the same."""
        data = read(bodies.InquirySerializer, request)
        address = str(request.META.get("REMOTE_ADDR", ""))

        def look() -> dict[str, Any]:
            if "pin" in data and "reference" in data:
                reference, pin = data["reference"], data["pin"]
                return _answer(
                    view_log.record_inquiry(reference, lambda: inquiry.find_by_pin(reference, pin, address=address))
                )
            year = data.get("hijri_year", "")
            line = f"{data['office']} {data['number']}/{year}"
            register = (data["office"], data["number"], year, data["last_four"])
            return _answer(
                view_log.record_inquiry(line, lambda: inquiry.find_by_incoming_number(*register, address=address))
            )

        return Response(replica.ask(look))


def _answer(case: Transaction) -> dict[str, Any]:
    """The shape of serializers.InquiryAnswer, written out: this answer is given more often than all others."""
    now = timezone.now()
    return {
        "reference": case.reference,
        "service": case.service,
        "status": case.status,
        "outcome": case.outcome,
        "headline": headline(case),
        "held_by": case.held_by.code if case.held_by else None,
        "submitted_at": case.submitted_at,
        "days_elapsed": days_between(case.submitted_at, now),
        "due_at": case.due_at,
        "late": case.is_late(now),
        **inquiry.cached_until_next_event("inquiry", case, lambda: _describe_case(case)),
        "place": vars(place) if (place := place_of(case, now)) else None,
        "as_of": replica.as_of(),
    }


def _describe_case(case: Transaction) -> dict[str, Any]:
    return {
        "timeline": [vars(entry) for entry in history_of(case, names=False)],
        "movements": [
            {
                "office": line.office.code,
                "direction": line.direction,
                "number": line.number,
                "hijri_year": line.hijri_year,
                "at": line.at,
                "recipient": line.recipient,
            }
            for line in public_movements_of(case)
        ],
    }
