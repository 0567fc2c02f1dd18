"""A receipt, and what it is worth now."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from continuity.worth import Worth

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
