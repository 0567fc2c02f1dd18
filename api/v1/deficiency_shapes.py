"""The shape of what a return asks for, version 1."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from transactions.answers.revision import with_dependants
from transactions.models import Deficiency
from transactions.text.deficiency_words import deficiency_in


class DeficiencyShape(serializers.ModelSerializer[Deficiency]):
    """An answer is shown once it is sent; until then it is its writer's own."""

    answer = serializers.SerializerMethodField()
    opens = serializers.SerializerMethodField()
    sentence_ar = serializers.SerializerMethodField()
    sentence_en = serializers.SerializerMethodField()

    class Meta:
        model = Deficiency
        fields = (
            "id",
            "round",
            "code",
            "sentence",
            "sentence_ar",
            "sentence_en",
            "about",
            "opens",
            "answer",
            "answered_at",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_opens(self, item: Deficiency) -> list[str]:
        """The questions and documents that may be changed in answer, with those that follow from them."""
        return sorted(with_dependants(item.transaction.service_type, item.names))

    def get_sentence_ar(self, item: Deficiency) -> str:
        """In Arabic; empty where the office wrote it in English only."""
        return deficiency_in(item, "ar")

    def get_sentence_en(self, item: Deficiency) -> str:
        """In English; empty where the office wrote it in Arabic only."""
        return deficiency_in(item, "en")

    def get_answer(self, item: Deficiency) -> str:
        return item.answer if item.answered_at else ""
