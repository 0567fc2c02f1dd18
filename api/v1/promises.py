"""What was promised in a transaction – its receipt, decisions, payments, papers – and what each is worth now."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from continuity.classes import PROMISED, of_case
from continuity.worth import Worth
from transactions import access

from ..strict import View

WORTH = [each.value for each in Worth]


class ReceiptSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField()
    pin = serializers.CharField(help_text="Eight digits, for whoever may ask without signing in.")
    pin_serial = serializers.IntegerField(help_text="How often the PIN was renewed.")
    token = serializers.CharField(help_text="What the receipt's QR carries; see /verify/.")
    submitted_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    verify_url = serializers.CharField()
    worth = serializers.ChoiceField(
        choices=WORTH,
        help_text="Now: confirmed when another authority keeps the request with its files too, as it has signed; "
        "else provisional, which becomes confirmed by itself where there is such an authority.",
    )


class PromiseSerializer(serializers.Serializer[Any]):
    """One entry of the journal. `worth` is as of now; what is provisional becomes confirmed by itself."""

    kind = serializers.ChoiceField(choices=PROMISED)
    at = serializers.DateTimeField()
    worth = serializers.ChoiceField(choices=WORTH)


class Promises(View):
    @extend_schema(responses=PromiseSerializer(many=True), operation_id="transactions_promises")
    def get(self, request: Request, reference: str) -> Response:
        """What was promised in a transaction, oldest first, and whether another authority keeps each of it too."""
        case = access.get_transaction(current_user(request), reference)
        return Response(PromiseSerializer(of_case(case), many=True).data)
