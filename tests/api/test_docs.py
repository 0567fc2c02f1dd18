"""The page that describes the API: all of it, in names that lead somewhere."""

from __future__ import annotations

import re

import pytest

from api.docs import kind_of, reference, values_of

pytestmark = pytest.mark.django_db


def test_it_tells_every_address_and_shape_of_the_schema(client, city):
    schema = client.get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    declared = {(method.upper(), path) for path, methods in schema["paths"].items() for method in methods}
    assert {(each.method, each.path) for each in reference().operations} == declared
    assert {shape.name for shape in reference().shapes} == set(schema["components"]["schemas"])


def test_every_link_on_it_leads_to_something_on_it(client, city):
    page = client.get("/api/v1/docs/").content.decode()
    links, ids = set(re.findall(r'href="#([^"]+)"', page)), set(re.findall(r'id="([^"]+)"', page))
    assert "shape-Problem" in links
    assert links <= ids


def test_a_field_is_told_by_its_name_kind_and_what_it_needs():
    thing = {
        "required": ["at"],
        "properties": {
            "at": {"type": "string", "format": "date-time"},
            "office": {"allOf": [{"$ref": "#/components/schemas/Office"}]},
            "lines": {"type": "array", "items": {"properties": {"n": {"type": "integer"}}, "type": "object"}},
        },
    }
    told = [(value.name, value.kind.name, value.kind.shape, value.required) for value in values_of(thing)]
    assert told == [
        ("at", "string (date-time)", "", True),
        ("office", "Office", "Office", False),
        ("lines", "object[]", "", False),
        ("lines[].n", "integer", "", False),
    ]
    assert kind_of({"type": "array", "items": {"$ref": "#/x/Office"}}).name == "Office[]"
