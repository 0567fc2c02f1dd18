"""The shape of a service in the public contract, version 1."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from transactions.service_types import Group, ServiceType


class FieldShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.CharField()
    hint = serializers.CharField()
    required = serializers.BooleanField()
    choices = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    unit = serializers.CharField()
    fields_ = serializers.ListField(child=serializers.DictField(), source="inner", help_text="Of a repeated group.")


class DocumentShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()
    hint = serializers.CharField()
    accepts = serializers.ListField(child=serializers.CharField())
    least = serializers.IntegerField()
    most = serializers.IntegerField()
    max_bytes = serializers.IntegerField()
    depends_on_answers = serializers.BooleanField()


class StageShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    role = serializers.CharField()
    working_days = serializers.IntegerField()


class ServiceSerializer(serializers.Serializer[Any]):
    """A service as the catalogue declares it, in the language asked for."""

    code = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    audience = serializers.CharField()
    conditions = serializers.ListField(child=serializers.CharField())
    filer = serializers.CharField()
    working_days = serializers.IntegerField()
    fields_ = FieldShape(many=True, source="questions")
    documents = DocumentShape(many=True)
    stages = StageShape(many=True)

    def to_representation(self, service: ServiceType) -> dict[str, Any]:
        return {
            "code": service.code,
            "title": str(service.title),
            "summary": str(service.summary),
            "audience": str(service.audience),
            "conditions": [str(text) for text in service.conditions],
            "filer": service.filer.value,
            "working_days": service.working_days,
            "fields_": [_field(spec) for spec in service.fields()],
            "documents": [
                {
                    "code": doc.code,
                    "label": str(doc.label),
                    "hint": str(doc.hint),
                    "accepts": list(doc.accepts),
                    "least": doc.least,
                    "most": doc.most,
                    "max_bytes": doc.max_bytes,
                    "depends_on_answers": doc.when is not None,
                }
                for doc in service.documents
            ],
            "stages": [
                {
                    "code": stage.code,
                    "title": str(stage.title),
                    "role": stage.role,
                    "working_days": stage.working_days,
                }
                for stage in service.stages
            ],
        }


def _field(spec: Any) -> dict[str, Any]:
    group = isinstance(spec, Group)
    return {
        "name": spec.name,
        "label": str(spec.label),
        "kind": "group" if group else spec.kind.value,
        "hint": str(spec.hint),
        "required": True if group else spec.required,
        "choices": [] if group else [[code, str(label)] for code, label in spec.choices],
        "unit": "" if group else str(spec.unit),
        "fields_": [_field(inner) for inner in spec.fields] if group else [],
    }
