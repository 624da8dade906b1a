"""What is made of the chart's values: values.schema.json, and the table in the chart's README.

values.yaml (comments: descriptions; values: defaults) + values.schema.base.yaml (what may be) + the settings' schema
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from charts import CHART, CHECKOUT

SETTINGS_SCHEMA = CHECKOUT / "config" / "whosleft.schema.json"
VALUES = CHART / "values.yaml"
BASE = CHART / "values.schema.base.yaml"
# Helm before 3.18 knows no later draft
DRAFT = "http://json-schema.org/draft-07/schema#"
Path = tuple[str, ...]

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]\w*):(?:\s|$)")
# Draft 7 lets a program check formats, and Helm 3 does: a reference such as ${env:NAME} is no address
_DROPPED = {"$schema", "$defs", "format"}


def described(text: str) -> dict[Path, str]:
    """The comment right above each key of a YAML file, by the key's path."""
    found: dict[Path, str] = {}
    stack: list[tuple[int, str]] = []
    block: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            block = [] if stripped.startswith("# ---") else [*block, stripped.removeprefix("#").strip()]
            continue
        key = _KEY.match(line)
        if key:
            indent = len(key["indent"])
            stack = [*(one for one in stack if one[0] < indent), (indent, key["key"])]
            if block:
                found[tuple(name for _, name in stack)] = " ".join(block)
        block = []
    return found


def values_schema() -> dict[str, Any]:
    """The schema of the values, as values.schema.json has it."""
    base = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    words = described(VALUES.read_text(encoding="utf-8"))
    defaults = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    properties = {
        key: _with_words(schema, (key,), words, defaults[key]) if key in defaults else schema
        for key, schema in base["properties"].items()
    }
    settings = json.loads(SETTINGS_SCHEMA.read_text(encoding="utf-8"))
    inner = {f"config_{name}": _embedded(schema) for name, schema in settings["$defs"].items()}
    definitions = {**base["definitions"], "config": _embedded(settings), **inner}
    definitions["config"]["required"] = list(defaults["config"])
    for section, keys in defaults["config"].items():
        _resolved(definitions["config"]["properties"][section], definitions)["required"] = list(keys)
    return {
        "$schema": DRAFT, "title": "Values of the Whosleft chart",
        **base, "properties": properties, "required": list(defaults), "definitions": definitions,
    }  # fmt: skip


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definitions[schema["$ref"].removeprefix("#/definitions/")]
    return found


def _with_words(schema: Any, path: Path, words: dict[Path, str], default: Any) -> dict[str, Any]:
    """A schema with the comment and the default of its key, for editors."""
    made = dict(schema)
    if "properties" in schema:
        made["properties"] = {
            key: _with_words(inner, (*path, key), words, default[key]) if key in default else inner
            for key, inner in schema["properties"].items()
        }
        made["required"] = list(default)  # null takes a default away, and no template looks for that
    elif path != ("config",):
        made["default"] = default
    if path in words:
        made["description"] = words[path]
    return made  # in draft 7 only editors look at what stands beside a reference


def _embedded(node: Any) -> Any:
    """A part of the settings' schema, as draft 7 and under our definitions."""
    if isinstance(node, list):
        return [_embedded(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {}
    for key, value in node.items():
        if key == "$ref":
            made[key] = value.replace("#/$defs/", "#/definitions/config_")
        elif key == "properties":  # a setting may be called like a keyword
            made[key] = {name: _embedded(schema) for name, schema in value.items()}
        elif key not in _DROPPED:
            made[key] = value if key in {"default", "examples", "enum", "const"} else _embedded(value)
    return made


def schema_text() -> str:
    return json.dumps(values_schema(), indent=2, ensure_ascii=False) + "\n"


def values_table() -> str:
    """The README's table: every key that has a comment, with its default."""
    defaults = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    words = described(VALUES.read_text(encoding="utf-8"))
    rows = ["| value | default | what it is |", "|---|---|---|"]
    for path, text in words.items():
        is_group = any(other[: len(path)] == path for other in words if other != path)
        default = "" if is_group else f"`{json.dumps(_at(defaults, path), ensure_ascii=False)}`"
        rows.append(f"| `{'.'.join(path)}` | {_cell(default)} | {_cell(text)} |")
    return "\n".join([*rows, ""])


def _at(node: Any, path: Path) -> Any:
    for key in path:
        node = node[key]
    return node


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def leaves(node: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value that is no map; an empty map is one."""
    if isinstance(node, dict) and node:
        for key, inner in node.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path
