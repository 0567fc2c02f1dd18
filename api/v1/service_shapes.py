"""The shape of a service in the public contract, version 1."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from core.relative_days import TODAY, FromToday
from transactions.answers.revision import with_dependants
from transactions.domain.service_types import Condition, Field, Group, Kind, OneOf, ServiceType


class WhenShape(serializers.Serializer[Any]):
    """Asked for when the answer to the earlier question `field` is one of `values`. It is null for what is asked of
    everybody, and where `condition` says more than this can.
    """

    field = serializers.CharField()
    values = serializers.ListField(child=serializers.JSONField())


CONDITION = (
    "When it counts at all; null: always. {field, values}: the answer is one of them, or holds one of them; "
    "{field, greater} and {field, less}: it is a number above or below; {field, answered}: there is one; {all}, {any} "
    "and {not} put conditions together."
)


class FieldShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=[*(kind.value for kind in Kind), "group"],
        help_text=(
            "date: Gregorian ISO, or as people write it in either calendar. district: a code of districts/, or "
            "“unlisted”. multiple: a list of codes of its choices, `low` to `high` of them. "
            "acknowledge: true. corners: of a plot, a text with one a line (easting and northing in metres of UTM zone "
            "37 north, or degrees) or a GeoJSON polygon; kept as lines of metres. "
            "group: a list of objects with the answers to `fields_`."
        ),
    )
    hint = serializers.CharField()
    required = serializers.BooleanField(help_text="Whatever else is answered.")
    required_when_asked = serializers.BooleanField(help_text="Where `condition` is met.")
    when = WhenShape(allow_null=True)
    condition = serializers.DictField(allow_null=True, help_text=CONDITION)
    past = serializers.BooleanField(help_text="A day to come is refused.")
    earliest = serializers.DateField(allow_null=True, help_text="The first day taken today; it may move with today.")
    latest = serializers.DateField(allow_null=True, help_text="The last day taken today; it may move with today.")
    low = serializers.FloatField(allow_null=True, help_text="Inclusive, in `unit`.")
    high = serializers.FloatField(allow_null=True, help_text="Inclusive, in `unit`.")
    max_length = serializers.IntegerField(allow_null=True)
    pattern = serializers.CharField(help_text="Of the answer in capitals; empty when any text is taken.")
    least = serializers.IntegerField(allow_null=True, help_text="Entries of a group.")
    most = serializers.IntegerField(allow_null=True, help_text="Entries of a group.")
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
    when = WhenShape(allow_null=True)
    condition = serializers.DictField(allow_null=True, help_text=CONDITION)


class DeficiencyCodeShape(serializers.Serializer[Any]):
    """What a return may ask for by its code. `opens` may be changed in answer, with what follows from it."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    about = serializers.CharField()
    opens = serializers.ListField(child=serializers.CharField())


class StageShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    role = serializers.CharField()
    working_days = serializers.IntegerField()
    when = WhenShape(allow_null=True)
    condition = serializers.DictField(allow_null=True, help_text=CONDITION)


class ServiceSerializer(serializers.Serializer[Any]):
    """A service as the catalogue declares it, in the language asked for."""

    code = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    audience = serializers.CharField()
    conditions = serializers.ListField(child=serializers.CharField())
    filer = serializers.CharField()
    applicants = serializers.ListField(child=serializers.CharField(), help_text="person, establishment, or both.")
    working_days = serializers.IntegerField()
    fields_ = FieldShape(many=True, source="questions")
    documents = DocumentShape(many=True)
    stages = StageShape(many=True)
    deficiencies = DeficiencyCodeShape(many=True)

    def to_representation(self, service: ServiceType) -> dict[str, Any]:
        return {
            "code": service.code,
            "title": str(service.title),
            "summary": str(service.summary),
            "audience": str(service.audience),
            "conditions": [str(text) for text in service.conditions],
            "filer": service.submitted_by.value,
            "applicants": sorted(service.applicants),
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
                    **_when(doc.when),
                }
                for doc in service.documents
            ],
            "stages": [
                {
                    "code": stage.code,
                    "title": str(stage.title),
                    "role": stage.role,
                    "working_days": stage.working_days,
                    **_when(stage.when),
                }
                for stage in service.stages
            ],
            "deficiencies": [
                {
                    "code": each.code,
                    "sentence": str(each.sentence),
                    "about": each.about,
                    "opens": sorted(with_dependants(service, each.names)),
                }
                for each in service.deficiencies
            ],
        }


def _when(condition: Condition | None) -> dict[str, Any]:
    data = condition.data() if condition else None
    return {"when": data if isinstance(condition, OneOf) else None, "condition": data}


def _day(bound: FromToday | None) -> str | None:
    return bound.on(timezone.localdate()).isoformat() if bound else None


def _bound(bound: Decimal | int | None) -> float | None:
    return None if bound is None else float(bound)


def _field(spec: Field | Group) -> dict[str, Any]:
    if isinstance(spec, Group):
        own: dict[str, Any] = {
            "kind": "group",
            "choices": [],
            "unit": "",
            "past": False,
            "earliest": None,
            "latest": None,
            "low": None,
            "high": None,
            "max_length": None,
            "pattern": "",
            "least": spec.least,
            "most": spec.most,
            "fields_": [_field(inner) for inner in spec.fields],
        }
    else:
        own = {
            "kind": spec.kind.value,
            "choices": [[code, str(label)] for code, label in spec.choices],
            "unit": str(spec.unit),
            "past": spec.latest == TODAY,
            "earliest": _day(spec.earliest),
            "latest": _day(spec.latest),
            "low": _bound(spec.low),
            "high": _bound(spec.high),
            "max_length": spec.max_length if spec.kind is Kind.TEXT else None,
            "pattern": spec.pattern,
            "least": None,
            "most": None,
            "fields_": [],
        }
    needed = spec.least > 0 if isinstance(spec, Group) else spec.required
    return own | {
        "name": spec.name,
        "label": str(spec.label),
        "hint": str(spec.hint),
        "required": needed and spec.when is None,
        "required_when_asked": needed,
        **_when(spec.when),
    }
