"""The manual's calls work as they stand there, and its table of errors is whole."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from worker.app.acts.access import SCOPES
from worker.desk.api.errors import Code

MANUAL = (Path(__file__).parents[4] / "docs" / "api.md").read_text(encoding="utf-8")
DESK = "$DESK/api/v1"


def test_every_call_of_the_manual_works(client: TestClient) -> None:
    calls = [shlex.split(line) for line in re.findall(r"^curl .*$", MANUAL, re.MULTILINE)]
    assert len(calls) > 10
    for call in calls:
        address = call[-1].removeprefix(DESK)
        body = json.loads(call[call.index("--json") + 1]) if "--json" in call else None
        method = "POST" if body is not None or "POST" in call else "GET"
        answer = client.request(method, address, json=body)

        assert call[1:3] == ["-H", "Authorization: Bearer $TOKEN"]
        assert answer.status_code == 200, f"{address}: {answer.text}"


def test_every_code_is_in_the_manual_but_our_own_fault() -> None:
    rows = re.findall(r"^\| \d{3} \| ([^|]+) \|", MANUAL, re.MULTILINE)
    named = {code for row in rows for code in re.findall(r"`(\w+)`", row)}

    assert named == {code.value for code in Code} - {Code.FAILED.value}


def test_the_manual_has_every_address_with_its_scope_and_fields_and_no_other(client: TestClient) -> None:
    table = _addresses(client.get("/openapi.json").json())
    begin, end = "<!-- addresses:begin -->\n", "<!-- addresses:end -->"
    shown = MANUAL.partition(begin)[2].partition(end)[0]

    assert shown == table, f"docs/api.md is behind the code; put this between its marks:\n{table}"


def test_the_manual_names_every_scope_that_nothing_asks_for(client: TestClient) -> None:
    asked = set(re.findall(r"[a-z]+:(?:read|write)", _addresses(client.get("/openapi.json").json())))
    [said] = re.findall(r"Nothing asks for\s(.*?)\syet\.", MANUAL, re.DOTALL)

    assert set(re.findall(r"`([a-z:]+)`", said)) == set(SCOPES) - asked


def _addresses(described: dict[str, Any]) -> str:
    """A row an address: method and path, scope, parameters or fields of the body."""
    schemas = described["components"]["schemas"]
    rows = ["| address | scope | takes |", "|---|---|---|"]
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            [scope] = one["security"][0]["token"]
            taken = ", ".join(_parameters(one) or _fields(one, schemas))
            rows.append(f"| `{method.upper()} {path}` | `{scope}` | {taken} |")
    return "\n".join(rows) + "\n"


def _parameters(one: dict[str, Any]) -> list[str]:
    return [f"`{p['name']}`" for p in one.get("parameters", ()) if p["in"] == "query"]


def _fields(one: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    content = one.get("requestBody", {}).get("content", {})
    if not content:
        return []
    schema = content["application/json"]["schema"]
    [name] = [part["$ref"].rpartition("/")[2] for part in schema.get("anyOf", [schema]) if "$ref" in part]
    needed = schemas[name].get("required", ())
    return [f"*`{field}`*" if field in needed else f"`{field}`" for field in schemas[name]["properties"]]
