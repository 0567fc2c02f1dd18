"""The public contract."""

from __future__ import annotations

from datetime import timedelta

from .. import __version__
from .environment import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "api.permissions.InScope"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.handler",
}
# The most days a token of a program may live, and what one lives whose maker says nothing.
TOKEN_DAYS = env.int("TOKEN_DAYS", default=180)
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105 – a model's name
REST_KNOX = {"TOKEN_TTL": timedelta(days=TOKEN_DAYS)}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jeddah municipal e-services",
    "DESCRIPTION": "Submit, follow and work municipal transactions.",
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": "transactions.domain.workflow.Status",
        "OperationEnum": "transactions.domain.gates.Operation",
        "CertaintyEnum": "municipality.models.Certainty",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.add_problems",
    ],
}
