"""What is open, and the incidents that go on."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.db import replica
from transactions.domain.gates import GateState, Operation
from transactions.incidents import state
from transactions.models import IncidentNotice

from ..strict import Public


class ComponentSerializer(serializers.Serializer[Any]):
    """One thing the portal does: open, limited (for some services, offices or cases), or closed."""

    operation = serializers.ChoiceField(choices=Operation.choices)
    state = serializers.ChoiceField(choices=[state.OPEN, state.LIMITED, state.CLOSED])
    since = serializers.DateTimeField(allow_null=True, help_text="Since when it is not open.")


class IncidentSerializer(serializers.Serializer[Any]):
    """The last notice of an incident. Empty lists mean all. There is no hour of return: none is promised."""

    incident = serializers.IntegerField()
    number = serializers.IntegerField(help_text="Which notice of this incident it is.")
    what = serializers.ChoiceField(choices=IncidentNotice.What.choices)
    services = serializers.ListField(child=serializers.CharField())
    offices = serializers.ListField(child=serializers.CharField())
    operations = serializers.ListField(child=serializers.ChoiceField(choices=Operation.choices))
    open_meanwhile = serializers.ChoiceField(choices=GateState.choices)
    text_ar = serializers.CharField()
    text_en = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    next_update_at = serializers.DateTimeField(allow_null=True)
    announced_at = serializers.DateTimeField()
    update_overdue = serializers.BooleanField(help_text="The promised time of the next update has gone by.")


class StatusSerializer(serializers.Serializer[Any]):
    components = ComponentSerializer(many=True)
    incidents = IncidentSerializer(many=True)
    as_of = serializers.DateTimeField()


class Status(Public):
    @extend_schema(responses=StatusSerializer, operation_id="status_read")
    def get(self, request: Request) -> Response:
        """What is open now, and every incident that goes on or is planned; at most ten seconds old."""
        now = timezone.now()

        def look() -> dict[str, Any]:
            return {"components": state.components(now), "incidents": state.incidents(now), "as_of": now}

        answer = Response(StatusSerializer(replica.ask(look)).data)
        answer["Cache-Control"] = "public, max-age=5"
        return answer
