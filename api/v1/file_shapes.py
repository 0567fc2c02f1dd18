"""Files of a transaction, and the visits on site whose photographs some of them are, version 1."""

from __future__ import annotations

from rest_framework import serializers

from transactions.models import Attachment, Inspection


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """`answers_version` is the version of the answers it came with, `replaced_in` the one that put another in its
    place: null while it counts.
    """

    class Meta:
        model = Attachment
        fields = (
            "key",
            "document",
            "original_name",
            "content_type",
            "size",
            "sha256",
            "uploaded_at",
            "answers_version",
            "replaced_in",
        )
        read_only_fields = fields


class InspectionShape(serializers.ModelSerializer[Inspection]):
    """A visit on site, what was found, and its photographs, which files/ hands out as any other."""

    photographs = AttachmentSerializer(many=True, read_only=True)

    class Meta:
        model = Inspection
        fields = ("visited_on", "result", "findings", "at", "photographs")
        read_only_fields = fields
