from typing import Any

import pytest

from fakes.kinds import KINDS
from worker.settings import json_schema


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema(KINDS)


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def test_every_reference_has_its_definition_and_every_definition_is_used(schema: dict[str, Any]) -> None:
    assert {ref.removeprefix("#/$defs/") for ref in references(schema)} == set(schema["$defs"])


def test_an_entry_has_the_keys_of_its_kind(schema: dict[str, Any]) -> None:
    definition = schema["$defs"]["directory_file"]
    assert set(definition["properties"]) == {"name", "kind", "stale_after", "path", "format", "attributes"}
    assert definition["required"] == ["name", "kind", "path"]
    assert definition["additionalProperties"] is False
    assert "stale_after" not in schema["$defs"]["notify_slack"]["properties"]


def test_the_kind_chooses_the_keys(schema: dict[str, Any]) -> None:
    items = schema["properties"]["notify"]["items"]
    assert items["properties"]["kind"]["enum"] == ["slack", "console"]
    assert [branch["then"]["$ref"] for branch in items["allOf"]] == [
        "#/$defs/notify_slack",
        "#/$defs/notify_console",
    ]


def test_models_of_one_name_in_two_kinds_do_not_clash(schema: dict[str, Any]) -> None:
    assert "directory_file_Columns" in schema["$defs"]
    assert "directory_lookup_Columns" in schema["$defs"]


@pytest.mark.parametrize(
    "section, key, default",
    [
        ("Schedule", "poll", "1m"),
        ("Schedule", "full", "02:30"),
        ("Guard", "leavers_share_max", 0.05),
        ("Database", "url", "sqlite:///whosleft.db"),
        ("Business", "hours", "09:00-17:30"),
    ],
)
def test_defaults_are_written_as_in_the_file(
    schema: dict[str, Any], section: str, key: str, default: object
) -> None:
    assert schema["$defs"][section]["properties"][key]["default"] == default


def test_a_clock_is_a_word_or_a_mapping(schema: dict[str, Any]) -> None:
    word, mapping = schema["$defs"]["Clock"]["anyOf"]
    assert word == {"enum": ["calendar", "business"]}
    assert mapping["type"] == "object"
