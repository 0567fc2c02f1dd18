"""Schemathesis reads the OpenAPI document and tries everything it says: as nobody, as a citizen, as a clerk."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from knox.models import AuthToken
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 25


@pytest.fixture
def schema(cast, submitted):
    """The document, read from the application; its requests share the test's database connection."""
    submitted()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("who", ["nobody", "citizen", "clerk"])
def test_every_operation_keeps_its_contract(who, schema, cast):
    person = getattr(cast, who, None)
    headers = {"Authorization": f"Token {AuthToken.objects.create(person)[1]}"} if person else {}
    tried = set()
    # Not asked by a test client: that would put back the signals taken away above.
    described = schema.raw_schema["paths"]
    operations = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}

    calm = settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    for result in schema.get_all_operations():
        operation = result.ok()
        tried.add(operation.label)

        @calm
        @given(case=operation.as_strategy())
        def attempt(case):
            case.call_and_validate(headers=headers, checks=CHECKS)

        attempt()
    assert tried == operations
