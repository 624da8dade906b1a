"""The manual's calls work as they stand there, and its table of errors is whole."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from fastapi.testclient import TestClient

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
