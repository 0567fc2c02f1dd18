"""Nothing that is sent is ignored: what an address does not know by name is refused by that name, 400."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView


class Strict(serializers.Serializer[Any]):
    """The shape of a body, or of the parameters of an address, that takes these fields and no others."""

    def run_validation(self, data: Any = empty) -> Any:
        errors: dict[str, Any] = {}
        if isinstance(data, Mapping):
            errors = {str(name): [_unknown()] for name in data if name not in self.fields}
        try:
            value = super().run_validation(data)
        except ValidationError as refused:
            if not isinstance(refused.detail, dict):
                raise
            errors |= refused.detail
        if errors:
            raise ValidationError(errors)
        return value


def _unknown() -> ErrorDetail:
    return ErrorDetail(_("There is nothing by this name here."), code="unknown")


# One of each kind for as long as the process lives, since making one copies all its fields. They keep nothing.
_shape = cache(lambda kind: kind())


def read(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body of a request in this shape; ValidationError names all that is wrong with it."""
    values: dict[str, Any] = _shape(kind).run_validation({} if request.data is None else request.data)
    return values


def _asked(kind: type[Strict], sent: QueryDict) -> dict[str, Any]:
    """The parameters of an address in this shape. What is given twice and means one thing is refused, too."""
    shape = _shape(kind)
    raw: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, values in sent.lists():
        if isinstance(shape.fields.get(name), serializers.ListField):
            raw[name] = values
        elif len(values) > 1:
            errors[name] = [ErrorDetail(_("Give this only once."), code="repeated")]
        else:
            raw[name] = values[0]
    if errors:
        raise ValidationError(errors)
    checked: dict[str, Any] = shape.run_validation(raw)
    return checked


class View(APIView):
    """An address of the contract. `query` is the shape of what GET takes after the question mark; other methods take
    nothing there. `scope` is what a token needs to POST, where it is not Scope.SEND.
    """

    query: ClassVar[type[Strict]] = Strict

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        asks = request.method in ("GET", "HEAD")
        self.asked = _asked(self.query if asks else Strict, request.query_params)
        super().initial(request, *args, **kwargs)


class Public(View):
    """An address for which nobody has to be known: it asks no session and no token, so it stands without the centre."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
