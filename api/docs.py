"""The API for people who read: a page of ours made from the same description machines get at schema/."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers

from .strict import Public, Strict

Schema = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """What a value is: `name` as programmers write it; `shape` is the shape it leads to, if it is one."""

    name: str
    shape: str = ""


@dataclass(frozen=True)
class Value:
    """A parameter, or a field of a shape. `said` is in the language of the code, as are all names."""

    name: str
    kind: Kind
    required: bool
    description: str
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    description: str
    parameters: list[Value]
    sends: Kind | None
    sent_as: str
    answers: list[tuple[str, Kind | None]]
    signed_in: bool


@dataclass(frozen=True)
class Shape:
    name: str
    description: str
    values: list[Value]
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    operations: list[Operation]
    shapes: list[Shape]
    refusal: Kind


def kind_of(schema: Schema) -> Kind:
    """The name of what a piece of the description describes."""
    for part in (schema, *schema.get("allOf", ())):
        if "$ref" in part:
            name = part["$ref"].rsplit("/", 1)[1]
            return Kind(name, shape=name)
    if schema.get("type") == "array":
        item = kind_of(schema["items"])
        return Kind(f"{item.name}[]", item.shape)
    name = schema.get("type", "any")
    return Kind(f"{name} ({schema['format']})" if "format" in schema else name)


def values_of(schema: Schema, within: str = "") -> Iterator[Value]:
    """The fields of an object, those of the objects in it after a dot."""
    for name, field in schema.get("properties", {}).items():
        description, required = field.get("description", ""), name in schema.get("required", ())
        yield Value(within + name, kind_of(field), required, description, tuple(map(str, field.get("enum", ()))))
        yield from values_of(field, f"{within}{name}.")
        yield from values_of(field.get("items", {}), f"{within}{name}[].")


def _operation(path: str, method: str, schema: Schema) -> Operation:
    sent = next(iter(schema.get("requestBody", {}).get("content", {}).items()), None)
    return Operation(
        id=schema["operationId"],
        method=method.upper(),
        path=path,
        description=schema.get("description", ""),
        parameters=[
            Value(each["name"], kind_of(each["schema"]), each.get("required", False), each.get("description", ""))
            for each in schema.get("parameters", ())
        ],
        sends=kind_of(sent[1]["schema"]) if sent else None,
        sent_as=sent[0] if sent else "",
        answers=[(status, _body(answer)) for status, answer in schema["responses"].items() if status != "default"],
        signed_in={} not in schema.get("security", ({},)),
    )


def _body(answer: Schema) -> Kind | None:
    return next((kind_of(body["schema"]) for body in answer.get("content", {}).values()), None)


def _shape(name: str, schema: Schema) -> Shape:
    if "enum" in schema:
        return Shape(name, "", [], tuple(schema["enum"]))
    return Shape(name, schema.get("description", ""), list(values_of(schema)))


HEADER = "Authorization: Token …"


@cache
def reference() -> Reference:
    """Read once a process: the description follows from the code."""
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(request=None, public=True)
    return Reference(
        [
            _operation(path, method, each)
            for path, methods in schema["paths"].items()
            for method, each in methods.items()
        ],
        [_shape(*each) for each in sorted(schema["components"]["schemas"].items())],
        kind_of({"$ref": "#/components/schemas/Problem"}),
    )


class SchemaQuery(Strict):
    format = serializers.ChoiceField(choices=["json", "yaml"], required=False)
    lang = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class Description(Public, SpectacularAPIView):
    """The description itself."""

    query = SchemaQuery


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/developers.html", {"reference": reference(), "header": HEADER})
