"""Holds answers to Microsoft's own OpenAPI of Graph: the excerpt that the contract data has, or any other.

Its text is OpenAPI 3.0, so `nullable` is put into the words of JSON Schema. It says little of semantics and nothing of
@removed; what it says of names and types is checked more strictly here: no property that it doesn't know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi import Json, as_json_schema, fail, loaded, pattern, violations, wanted

USER = "microsoft.graph.user"


class Contract:
    """The excerpt, ready to judge. Raises AssertionError with every violation in one text."""

    def __init__(self, file: Path) -> None:
        document = loaded(file)
        self._schemas: Json = as_json_schema(document["components"]["schemas"])
        self._responses: Json = as_json_schema(document["components"]["responses"])
        self._paths = [
            (pattern(path), path, as_json_schema(item)) for path, item in document["paths"].items()
        ]
        self._validator = wanted("jsonschema").Draft202012Validator
        self._made: dict[int, tuple[Any, Any]] = {}

    @property
    def operations(self) -> frozenset[tuple[str, str]]:
        """Every method and path that it describes."""
        methods = {"get", "post", "patch", "put", "delete"}
        return frozenset(
            (each.upper(), path) for _, path, item in self._paths for each in methods & set(item)
        )

    def template(self, path: str) -> str | None:
        """Return the documented path that a request's path (under /v1.0, decoded) belongs to, or None."""
        plain = path.replace("microsoft.graph.", "graph.").replace("/graph.delta", "/delta")
        plain = re.sub(r"/delta(\(\))?$", "/delta()", plain)
        found = [template for pattern, template, _ in self._paths if pattern.fullmatch(plain)]
        return min(found, key=lambda template: template.count("{"), default=None)

    def check(self, method: str, path: str, status: int, body: Any) -> None:
        """Judge one answer to a documented path."""
        template = self.template(path)
        assert template, f"{path} is not in the contract"
        operation = next(item for _, known, item in self._paths if known == template).get(method.lower())
        assert operation, f"{method} {template} is not in the contract"
        answers = operation["responses"]
        answer = answers.get(str(status)) or answers.get(f"{status // 100}XX")
        assert answer, f"{method} {template} answers {status}, which is not in the contract"
        if "$ref" in answer:
            answer = self._responses[answer["$ref"].rsplit("/", 1)[1]]
        content = answer.get("content")
        if not content:
            assert body is None, f"{method} {template} has no body in the contract"
            return
        schema = next(iter(content.values()))["schema"]
        self._validate(schema, int(body) if "text/plain" in content else body)
        self._check_names(body)

    def check_notification(self, payload: Json) -> None:
        """Judge what is sent to a subscriber."""
        self.check_schema("microsoft.graph.changeNotificationCollection", payload)

    def check_schema(self, name: str, value: Any) -> None:
        """Judge a value by one of the schemas."""
        self._validate(self._schemas[name], value)

    def names(self, schema: str) -> frozenset[str]:
        """Return the properties of an entity, those of its bases included."""
        return frozenset(self._names(self._schemas[schema]))

    def _names(self, schema: Json) -> Iterator[str]:
        yield from schema.get("properties", {})
        for base in schema.get("allOf", ()):
            yield from self._names(self._schemas[base["$ref"].rsplit("/", 1)[1]] if "$ref" in base else base)

    def _check_names(self, body: Any) -> None:
        """What an OpenAPI can't say: a removed person is that and no more, and nobody has properties of our own."""
        if not isinstance(body, dict) or "error" in body:
            return
        for item in body.get("value", [body]) if isinstance(body.get("value", []), list) else []:
            if "@removed" in item:
                self.check_schema("x.docs.removed", item)
            if "manager@delta" in item:
                self.check_schema("x.docs.relationshipDelta", item["manager@delta"])
            kind = str(item.get("@odata.type", "")).removeprefix("#")
            known = self.names(kind if kind in self._schemas else self._kind(body))
            unknown = {name for name in item if "@" not in name} - known
            assert not unknown, f"{sorted(unknown)} are no properties of {self._kind(body)}"

    def _kind(self, body: Json) -> str:
        found = re.search(r"\$metadata#(\w+)", body.get("@odata.context", ""))
        kinds = {
            "users": USER,
            "groups": "microsoft.graph.group",
            "subscriptions": "microsoft.graph.subscription",
        }
        return kinds.get(found[1] if found else "", USER)

    def _validate(self, schema: Json, value: Any) -> None:
        if id(schema) not in self._made:
            whole = {"allOf": [schema], "components": {"schemas": self._schemas}}
            self._made[id(schema)] = (schema, self._validator(whole))
        if errors := violations(self._made[id(schema)][1], value):
            fail(errors)
