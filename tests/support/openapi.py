"""Holds requests and answers to a published OpenAPI description, of version 3.0 or 3.1.

What a description gets wrong about itself is its own: `nullable` is put into the words of JSON Schema, and `required`
that is no list is dropped. Requests are judged more strictly than they say: no query option, header of ours, or
property that isn't described.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import yaml

from throwaway import missing

Json = dict[str, Any]
METHODS = frozenset({"get", "post", "patch", "put", "delete"})
NO_CONTENT = 204


def wanted(name: str) -> Any:
    """Import a package that only tests need; where it isn't installed, fail in CI and skip elsewhere."""
    try:
        return import_module(name)
    except ImportError:
        missing(f"the package {name} is not installed (uv sync)")


def loaded(file: Path) -> Json:
    """Return a description, JSON or YAML."""
    if file.suffix == ".json":
        read: Json = json.loads(file.read_text())
        return read
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Json = yaml.load(file.read_text(), loader)  # noqa: S506 - a safe loader, the quick one where it is there
    return document


def pattern(path: str) -> re.Pattern[str]:
    """Return what matches the paths of a template: one segment for each {parameter}."""
    return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)))


def as_json_schema(value: Any) -> Any:
    """Put the words of OpenAPI 3.0 into those of JSON Schema, where null is a type."""
    if isinstance(value, list):
        return [as_json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {
        name: as_json_schema(each)
        for name, each in value.items()
        if name not in {"nullable", "x-ms-docs", "example"}
        and not (name == "required" and isinstance(each, bool))
    }
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        made["type"] = [value["type"], "null"]
        if isinstance(value.get("enum"), list):
            made["enum"] = [*value["enum"], None]
    return made


def closed(value: Any) -> Any:
    """Return schemas whose objects have no other properties than those that they describe."""
    if isinstance(value, list):
        return [closed(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: closed(each) for name, each in value.items()}
    if isinstance(value.get("properties"), dict) and value.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def violations(validator: Any, value: Any) -> str:
    """Return every violation, one a line; "" where there is none."""
    errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.path)))
    return "\n".join(f"{'/'.join(map(str, each.path))}: {each.message[:300]}" for each in errors[:10])


def fail(text: str) -> NoReturn:
    raise AssertionError(text)


class OpenApi:
    """A description, ready to judge. Every check raises AssertionError."""

    def __init__(self, file: Path) -> None:
        document = loaded(file)
        self._document = document
        self._components: Json = as_json_schema(document["components"])
        self._strict: Json = closed(self._components)
        self._paths = [(pattern(path), path) for path in document["paths"]]
        self._validator = wanted("jsonschema").Draft202012Validator

    def operation(self, method: str, path: str) -> tuple[str, Json]:
        """Return the template that a request's path belongs to, and what the description says of the method."""
        found = [template for regex, template in self._paths if regex.fullmatch(path)]
        assert found, f"{path} is not described"
        template = min(found, key=lambda each: each.count("{"))
        assert method.lower() in self._document["paths"][template], f"{method} {template} is not described"
        operation: Json = self._document["paths"][template][method.lower()]
        return template, operation

    def check_request(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> None:
        """Judge a request; names of headers and query options are in lower case."""
        template, operation = self.operation(method, path)
        parameters: list[Json] = operation.get("parameters", [])
        described = {(each["in"], each["name"].lower()): each for each in map(self._resolved, parameters)}
        for (place, name), parameter in described.items():
            given = {"query": query, "header": headers}.get(place, {}).get(name)
            if given is None:
                assert not parameter.get("required") or place == "path", f"{template}: no {name}"
            else:
                self._check(parameter.get("schema", {}), _typed(given, parameter), self._strict)
        unknown: set[str] = {name for name in query if ("query", name) not in described}
        assert not unknown, f"{template} has no option {sorted(unknown)}"
        self._check_credential(operation, headers)
        self._check_body(template, operation, headers, body)

    def check_answer(self, method: str, path: str, status: int, body: bytes) -> None:
        """Judge an answer."""
        template, operation = self.operation(method, path)
        answer = operation["responses"].get(str(status))
        assert answer, f"{method} {template} answers {status}, which is not described"
        content = self._resolved(answer).get("content", {}).get("application/json")
        if content is not None and status != NO_CONTENT:
            self._check(content["schema"], json.loads(body), self._components)

    def check_schema(self, name: str, value: Any) -> None:
        """Judge a value by one of the schemas."""
        self._check({"$ref": f"#/components/schemas/{name}"}, value, self._components)

    def _check_credential(self, operation: Json, headers: Mapping[str, str]) -> None:
        schemes: Any = operation.get("security", self._document.get("security", []))
        for name in {name for scheme in schemes for name in scheme}:
            scheme = self._document["components"]["securitySchemes"][name]
            wanted_header = (
                "authorization" if scheme["type"] in {"http", "oauth2"} else scheme["name"].lower()
            )
            assert headers.get(wanted_header), f"no {wanted_header}"

    def _check_body(self, template: str, operation: Json, headers: Mapping[str, str], body: bytes) -> None:
        described = operation.get("requestBody")
        if described is None:
            assert not body, f"{template} takes no body"
            return
        assert body or not described.get("required"), f"{template} wants a body"
        assert headers.get("content-type") == "application/json"
        schema = described["content"]["application/json"]["schema"]
        self._check(closed(as_json_schema(schema)), json.loads(body), self._strict)

    def _resolved(self, value: Json) -> Json:
        found: Any = value
        if "$ref" in value:
            found = self._document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
        resolved: Json = found
        return resolved

    def _check(self, schema: Json, value: Any, components: Json) -> None:
        whole = {"allOf": [as_json_schema(schema)], "components": components}
        if errors := violations(self._validator(whole), value):
            fail(errors)


def _typed(given: str, parameter: Json) -> Any:
    """Return a query option as its schema has it."""
    kind = parameter.get("schema", {}).get("type")
    if kind in {"number", "integer"}:
        return json.loads(given)
    if kind == "boolean":
        return {"true": True, "false": False}.get(given, given)
    return given.split(",") if kind == "array" else given
