"""Handing in a receipt of ours whose request is not here."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.identity import clean_mobile
from transactions.inquiry import brought
from transactions.models import BroughtReceipt

from ..strict import Public, Strict, read


class HandInSerializer(Strict):
    """The token of the QR (or its address), or reference and pin; and a mobile of its holder."""

    code = serializers.CharField(max_length=8000)
    pin = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    phone = serializers.CharField(max_length=60)

    def validate_phone(self, value: str) -> str:
        return clean_mobile(value)


class BroughtSerializer(serializers.ModelSerializer[BroughtReceipt]):
    class Meta:
        model = BroughtReceipt
        fields = ("reference", "proof", "service", "signed_at", "brought_at", "settled_at")
        read_only_fields = fields


class Receipts(Public):
    @extend_schema(request=HandInSerializer, responses={201: BroughtSerializer}, operation_id="receipts_create")
    def post(self, request: Request) -> Response:
        """Hand in a receipt whose request is not here: it becomes a case for staff, with its date. Twice is once."""
        asked = read(HandInSerializer, request)
        address = str(request.META.get("REMOTE_ADDR", ""))
        row = brought.hand_in_receipt(**asked, address=address, now=timezone.now())
        return Response(BroughtSerializer(row).data, status=201)
