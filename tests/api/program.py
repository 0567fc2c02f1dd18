"""A program that knows nothing of the code: it has the address of the description, a token, and reads."""

from __future__ import annotations

import json
import re
from typing import Any

from django.test import Client

DESCRIPTION = "/api/v1/schema/?format=json"


class Program:
    """Asks by the name of an operation. What the description does not name it cannot send."""

    def __init__(self, token: str = "", client: Client | None = None) -> None:
        self.client = client or Client()
        self.headers = {"Accept-Language": "en"} | ({"Authorization": f"Token {token}"} if token else {})
        self.schema = Client().get(DESCRIPTION).json()
        self.operations = {
            each["operationId"]: (method, path, each)
            for path, methods in self.schema["paths"].items()
            for method, each in methods.items()
        }

    def resolved(self, shape: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in shape:
            return self.resolved(self.schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]])
        return shape

    def call(self, name: str, body: Any = None, headers: dict[str, str] | None = None, **values: Any) -> Any:
        """The answer to one operation; its status is one the description lists."""
        method, path, operation = self.operations[name]
        query = {}
        for parameter in operation.get("parameters", ()):
            said = parameter["name"]
            if parameter["in"] == "path":
                path = path.replace(f"{{{said}}}", str(values.pop(said)))
            elif parameter["in"] == "query" and said in values:
                query[said] = values.pop(said)
            elif parameter["in"] == "header" and parameter.get("required"):
                assert said in (headers or {}), f"{name} needs {said}"
        assert not values, f"{name} takes no {sorted(values)}"
        kwargs: dict[str, Any] = {"headers": self.headers | (headers or {})}
        if body is not None:
            kind, sent = next(iter(operation["requestBody"]["content"].items()))
            known = self.resolved(sent["schema"])
            assert set(body) <= set(known["properties"]), f"{name}: {set(body) - set(known['properties'])}"
            assert set(known.get("required", ())) <= set(body)
            kwargs |= {"data": body} if "multipart" in kind else {"data": json.dumps(body), "content_type": kind}
        elif method == "get":
            kwargs["data"] = query
        answer = getattr(self.client, method)(path, **kwargs)
        if answer.status_code < 400:
            assert str(answer.status_code) in operation["responses"], (name, answer.status_code)
        return answer

    def get(self, name: str, **values: Any) -> Any:
        """The body of a good answer."""
        answer = self.call(name, **values)
        assert answer.status_code < 300, answer.content
        return answer.json()

    def send(self, name: str, body: Any, **values: Any) -> Any:
        return self.get(name, body=body, **values)

    def every(self, name: str, **values: Any) -> list[Any]:
        """All rows of a list, by the header Link."""
        answer, rows = self.call(name, **values), []
        for _page in range(200):
            assert answer.status_code == 200, answer.content
            rows += answer.json()
            following = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
            if not following:
                return rows
            answer = self.client.get(following[1], headers=self.headers)
        raise AssertionError(f"{name} has no end")
