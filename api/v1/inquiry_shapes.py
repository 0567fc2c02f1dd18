"""Shapes of what an inquiry tells beside the request itself."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class PlaceShape(serializers.Serializer[Any]):
    """Between how many others a request stands at its office, as of `at`; the dates are null where they cannot be
    told.
    """

    least = serializers.IntegerField(help_text="At least so many that came in before it wait there.")
    most = serializers.IntegerField(help_text="Fewer than so many do.")
    first = serializers.DateField(allow_null=True, help_text="Likely decided from this day on.")
    last = serializers.DateField(allow_null=True)
    piled = serializers.BooleanField(help_text="It waited through a declared incident.")
    at = serializers.DateTimeField()
