"""The shapes of objections and complaints, version 1."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from transactions.domain.objections import ObjectionKind, ObjectionOutcome
from transactions.models import Transaction
from transactions.views.rights import made_in_words, read_made


class ObjectionShape(serializers.Serializer[Any]):
    """An objection to a refusal, a return or a fee, or a complaint about lateness."""

    kind = serializers.ChoiceField(choices=ObjectionKind.choices, source="row.kind")
    at = serializers.DateTimeField(source="row.event.at")
    text = serializers.CharField()
    office = serializers.CharField(source="row.office.code", help_text="Which office decides.")
    addressed_to = serializers.CharField(
        source="row.addressed_to.full_name", default=None, allow_null=True, help_text="To whom a complaint went."
    )
    level = serializers.IntegerField(source="row.level", help_text="2: a complaint that went to the central office.")
    due_at = serializers.DateTimeField(
        source="due", allow_null=True, help_text="Null once decided, and while an incident holds the period open."
    )
    late = serializers.BooleanField()
    decision = serializers.ChoiceField(
        choices=ObjectionOutcome.choices, source="row.outcome", allow_blank=True, help_text="Empty while it waits."
    )
    decided_at = serializers.DateTimeField(source="row.decision.at", default=None, allow_null=True)
    reasons = serializers.CharField(allow_blank=True)
    attachments = serializers.ListField(
        child=serializers.UUIDField(), source="file_keys", help_text="Keys of the documents that came with it."
    )


def objections_of(case: Transaction) -> Any:
    """Those of a request, the oldest first."""
    now = timezone.now()
    return ObjectionShape([made_in_words(row, case, now) for row in read_made(case)], many=True).data
