"""What is generated of the chart's values is current, and the guide's commands and values are true.

`WHOSLEFT_REWRITE=1 pytest tests/package/test_chart_documents.py` writes what is generated anew.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from itertools import product
from typing import Any

import jsonschema
import pytest
import yaml

from chart_documents import (
    BASE,
    SETTINGS_SCHEMA,
    VALUES,
    described,
    leaves,
    schema_text,
    values_schema,
    values_table,
)
from charts import CHART, CHECKOUT, HELMS, SITUATIONS, template

SCHEMA = CHART / "values.schema.json"
README = CHART / "README.md"
GUIDE = CHECKOUT / "docs" / "install-kubernetes.md"


def test_the_schema_of_the_values_is_made_of_the_settings_own() -> None:
    if os.environ.get("WHOSLEFT_REWRITE"):
        SCHEMA.write_text(schema_text(), encoding="utf-8")

    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "WHOSLEFT_REWRITE=1 writes it anew"


def test_the_readme_lists_every_value() -> None:
    begin, end = "<!-- values:begin -->\n", "<!-- values:end -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    table, _, after = rest.partition(end)
    if os.environ.get("WHOSLEFT_REWRITE"):
        README.write_text(f"{before}{begin}{values_table()}{end}{after}", encoding="utf-8")
        table = values_table()

    assert table == values_table(), "WHOSLEFT_REWRITE=1 writes it anew"


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(values_schema())


def test_every_setting_s_rules_are_in_the_schema_of_the_values() -> None:
    settings = json.loads(SETTINGS_SCHEMA.read_text(encoding="utf-8"))
    definitions = values_schema()["definitions"]

    assert definitions["config"]["additionalProperties"] is False
    assert set(definitions["config"]["properties"]) == set(settings["properties"])
    assert {f"config_{name}" for name in settings["$defs"]} <= set(definitions)
    for name, schema in settings["$defs"].items():
        embedded = definitions[f"config_{name}"]
        assert set(embedded.get("properties", ())) == set(schema.get("properties", ())), name


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = values_schema()
    found = set(references(schema))

    assert len(found) > 40
    assert [one for one in found if one.removeprefix("#/definitions/") not in schema["definitions"]] == []


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def test_every_value_is_explained_and_known_to_the_schema() -> None:
    values = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    words = described(VALUES.read_text(encoding="utf-8"))
    paths = list(leaves(values))

    assert len(paths) > 80
    silent = [path for path in paths if not any(path[:length] in words for length in range(1, len(path) + 1))]
    assert silent == []
    assert {path[0] for path in paths} <= set(yaml.safe_load(BASE.read_text(encoding="utf-8"))["properties"])


def test_every_value_of_the_schema_has_a_default() -> None:
    """Else a template that asks for it would find nothing there."""
    values = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    base = yaml.safe_load(BASE.read_text(encoding="utf-8"))

    assert lacking(base["properties"], values) == [("global",)]


def lacking(
    properties: dict[str, Any], values: dict[str, Any], path: tuple[str, ...] = ()
) -> list[tuple[str, ...]]:
    found = [(*path, key) for key in properties if key not in values]
    for key, schema in properties.items():
        if key in values and "properties" in schema:
            found += lacking(schema["properties"], values[key], (*path, key))
    return found


def test_the_chart_is_of_the_same_version_as_the_program() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert (chart["version"], chart["appVersion"]) == (project["version"], project["version"])
    assert chart["description"] == project["description"]


# --- The guide ------------------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_guide_has_values_and_commands() -> None:
    assert len(blocks("yaml")) >= 4
    assert len(blocks("sh")) >= 6


@pytest.mark.parametrize("major, number", [*product(sorted(HELMS), range(len(blocks("yaml"))))])
def test_helm_takes_the_guide_s_values(major: str, number: int) -> None:
    values = yaml.safe_load(blocks("yaml")[number])

    done = template(major, values)

    assert done.returncode == 0, done.stderr


def test_the_guide_names_objects_that_the_chart_makes() -> None:
    shown = set(re.findall(r"(?:deploy|svc|cronjob|job)/([\w-]+)", "\n".join(blocks("sh"))))
    made = {
        one["metadata"]["name"]
        for situation in SITUATIONS
        for one in yaml.safe_load_all(template("4", situation=situation).stdout)
    }

    assert len(shown) > 1
    assert shown - made == set()
