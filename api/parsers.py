"""JSON as the services can take it: no depth without end, no text that cannot be written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 12


class BoundedJSONParser(JSONParser):
    """Refuses lone surrogates, which UTF-8 has no bytes for, and bodies nested deeper than any form of ours."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            data = super().parse(stream, media_type, dict(parser_context or {}))
        except RecursionError:
            raise ParseError(_("This is nested too deeply.")) from None
        except ParseError:
            raise ParseError(_("This is not valid JSON.")) from None
        _check(data, MAX_DEPTH)
        return data


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise ParseError(_("This is nested too deeply."))
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ParseError(_("This contains characters that are not text.")) from None
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth - 1)
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)
