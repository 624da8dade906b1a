"""The benchmark of controls, in small: the job finds what the bare SQL finds, and ends with the day's tickets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[3]


def test_the_job_finds_what_the_bare_statements_find() -> None:
    command = [sys.executable, "-m", "bench", "controls", "each", "200"]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)

    assert min(found["found"].values()) > 0, "each control has something to find"
    assert found["failing"]["1 % changed"] == found["found"] != found["failing"]["nothing new"]
    assert found["tickets"] == 100
