"""The shapes of who acts for whom by a document, and of files that wait for an owner's approval, version 1."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.delegated import Operation
from accounts.models import Delegation, User
from core.forms.concurrency import fingerprint
from transactions import access
from transactions.domain.text_length import MAX_CHARACTERS
from transactions.intake.drafts import content_of
from transactions.models import Attachment, Draft

from ..strict import Strict
from .file_shapes import AttachmentSerializer
from .people_shapes import EngineeringOfficeSerializer


class DelegationSerializer(serializers.ModelSerializer[Delegation]):
    """A document by which `agent` acts for `principal`, as a clerk recorded it. Without `services` it covers all of
    them; following what it covers comes with any of the `operations`, and with none.
    """

    principal = serializers.CharField(source="principal.full_name", read_only=True)
    agent = serializers.CharField(source="agent.full_name", read_only=True)
    services = serializers.ListField(child=serializers.CharField(), read_only=True)
    operations = serializers.ListField(child=serializers.ChoiceField(choices=Operation.choices), read_only=True)
    in_force = serializers.SerializerMethodField()

    class Meta:
        model = Delegation
        fields = (
            "id",
            "principal",
            "agent",
            "basis",
            "number",
            "issuer",
            "services",
            "operations",
            "starts_on",
            "ends_on",
            "ended_at",
            "in_force",
        )
        read_only_fields = fields

    def get_in_force(self, row: Delegation) -> bool:
        return row.holds(timezone.localdate()) and row.principal.is_active


class ApprovalShape(serializers.ModelSerializer[Draft]):
    """A file that an engineering office has finished. `version` says what was looked at: approving takes it.
    `delegation` is the document by which you approve it for its owner; null for the owner.
    """

    owner = serializers.CharField(source="applicant.full_name", read_only=True)
    office = EngineeringOfficeSerializer(source="authorisation.office", read_only=True)
    authorisation = serializers.IntegerField(source="authorisation_id", read_only=True)
    delegation = serializers.SerializerMethodField()
    answers = serializers.DictField(read_only=True)
    attachments = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()

    class Meta:
        model = Draft
        fields = (
            "key",
            "service",
            "owner",
            "office",
            "authorisation",
            "delegation",
            "updated_at",
            "answers",
            "attachments",
            "version",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_delegation(self, draft: Draft) -> int | None:
        reader: User = self.context["reader"]
        held = access.delegation_about(reader, draft, Operation.FILE)
        return held.pk if held else None

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_attachments(self, draft: Draft) -> Any:
        files: list[Attachment] = list(draft.attachments.filter(transaction=None, removed_at=None))
        return AttachmentSerializer(files, many=True).data

    def get_version(self, draft: Draft) -> str:
        return fingerprint(content_of(draft))


class ApproveSerializer(Strict):
    version = serializers.CharField(
        max_length=40, help_text="Of the file you looked at; refused when it was changed meanwhile."
    )


class GiveBackSerializer(Strict):
    note = serializers.CharField(max_length=MAX_CHARACTERS, help_text="What the office has to change.")
