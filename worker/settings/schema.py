"""The JSON Schema (draft 2020-12) of the configuration, for editors; generated, never written by hand."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from worker.ports import Port
from worker.settings.connectors import ENTRIES, SECTIONS, ConnectorEntry
from worker.settings.explain import models_in
from worker.settings.loading import Kinds
from worker.settings.model import Settings
from worker.settings.section import Section

_REF = "#/$defs/"


def json_schema(kinds: Kinds) -> dict[str, Any]:
    """The whole schema; each entry of a connector has the keys of its kind. The order is that of the models.

    A reference (`${env:NAME}`) is text, so an editor marks it as an error if a number is expected.
    """
    schema = _untitled(Settings.model_json_schema())
    definitions = schema["$defs"]
    for name, model in _sections(Settings).items():
        _write_defaults(definitions[name], model)
    for place, port in SECTIONS.items():
        entries = _at(schema, place, definitions)
        entries["items"] = _entry(entries["items"], port, kinds.get(port, {}), definitions)
    for unused in {entry.__name__ for entry in ENTRIES.values()}:
        definitions.pop(unused, None)
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Whosleft configuration",
        **{key: value for key, value in schema.items() if key != "$defs"},
        "$defs": dict(sorted(definitions.items())),
    }
    return {key: _referring(value) for key, value in whole.items()}


def _at(schema: dict[str, Any], place: tuple[str, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a key, which may stand within sections, of which each may be null."""
    for key in place:
        ways = [schema, *schema.get("anyOf", ())]
        refs = [one["$ref"] for one in ways if "$ref" in one]
        schema = definitions[refs[0].removeprefix(_REF)] if refs else schema
        schema = schema["properties"][key]
    return schema


def _entry(items: dict[str, Any], port: Port, models: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """One entry: its kind decides which definition it must fit."""
    common = definitions[items["$ref"].removeprefix(_REF)]["properties"]
    branches = []
    for kind, model in models.items():
        name = f"{port.value}_{kind}"
        definitions[name] = _whole_entry(name, kind, common, model, definitions)
        chosen = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        branches.append({"if": chosen, "then": {"$ref": f"{_REF}{name}"}})
    return {
        "type": "object",
        "properties": {"name": common["name"], "kind": {**common["kind"], "enum": list(models)}},
        "required": ["name", "kind"],
        "allOf": branches,
    }


def _whole_entry(
    name: str, kind: str, common: dict[str, Any], model: type[BaseModel], definitions: dict[str, Any]
) -> dict[str, Any]:
    """A kind's own keys with the common ones; definitions that its model refers to get the kind's name."""
    own = _renamed(_untitled(model.model_json_schema()), f"{_REF}{name}_")
    definitions.update({f"{name}_{inner}": part for inner, part in own.pop("$defs", {}).items()})
    return {
        **own,
        "properties": {**common, "kind": {"const": kind}, **own.get("properties", {})},
        "required": ["name", "kind", *own.get("required", [])],
        "additionalProperties": False,
    }


def _sections(model: type[BaseModel]) -> dict[str, type[Section]]:
    """All sections below a model, by their names in the schema."""
    found: dict[str, type[Section]] = {}
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            if issubclass(inner, Section) and not issubclass(inner, ConnectorEntry):
                found |= {inner.__name__: inner} | _sections(inner)
    return found


def _write_defaults(definition: dict[str, Any], model: type[Section]) -> None:
    """Write defaults in the file's form (`1d`) instead of pydantic's JSON form (`P1D`)."""
    mapping = next((part for part in definition.get("anyOf", ()) if "properties" in part), definition)
    written = model.model_construct().model_dump(mode="json", by_alias=True)
    for key, schema in mapping["properties"].items():
        if "default" in schema:
            schema["default"] = written[key]


_REFERENCES = r"^\s*(\$\{(env|file):[^}]+\}\s*)+$"  # and nothing beside them: `literals` refuses it, too


def _referring(node: Any) -> Any:
    """Add the rule that a secret is a reference, which holds unless `allow_literal_secrets` is set."""
    if isinstance(node, dict):
        rule = {"pattern": _REFERENCES} if node.get("writeOnly") else {}
        return {key: _referring(item) for key, item in node.items()} | rule
    return [_referring(item) for item in node] if isinstance(node, list) else node


def _untitled(node: Any) -> Any:
    """Remove the titles that pydantic makes from keys: they say nothing new."""
    if isinstance(node, dict):
        return {k: _untitled(v) for k, v in node.items() if not (k == "title" and isinstance(v, str))}
    return [_untitled(item) for item in node] if isinstance(node, list) else node


def _renamed(node: Any, prefix: str) -> Any:
    if isinstance(node, dict):
        return {
            key: f"{prefix}{item.removeprefix(_REF)}" if key == "$ref" else _renamed(item, prefix)
            for key, item in node.items()
        }
    return [_renamed(item, prefix) for item in node] if isinstance(node, list) else node
