"""What the OpenAPI description says everywhere: any operation may answer with a problem, a body takes what it names and
nothing else, and a token needs a scope.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from rest_framework.permissions import SAFE_METHODS

from .permissions import InScope
from .strict import Strict


class AutoSchema(SpectacularSchema):
    """An operation as its view declares it: the parameters of GET are its `query`, its scope is said."""

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "query", Strict)
        return [query] if self.method == "GET" and query is not Strict else []

    def get_description(self) -> str:  # type: ignore[override]
        description = super().get_description()
        if scope := self._scope():
            description += f"\n\nA token needs the scope `{scope}`."
        return description

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation and (scope := self._scope()):
            operation["x-scope"] = scope
        return operation

    def _scope(self) -> str:
        if not any(isinstance(each, InScope) for each in self.view.get_permissions()):
            return ""
        return InScope.needed(self.method in SAFE_METHODS, self.view).value


PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "For machines; stays the same in every language."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message", "code"],
                "properties": {
                    "path": {"type": "string"},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}


def add_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular post-processing hook."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for name, shape in result["components"]["schemas"].items():
        # Of what is sent (COMPONENT_SPLIT_REQUEST): every body is read by a Strict shape.
        if name.endswith("Request") and shape.get("type") == "object":
            shape["additionalProperties"] = False
    for path in result["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"]["default"] = {"description": "Refused; says why.", "content": content}
    return result
