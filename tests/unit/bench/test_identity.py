"""The benchmark of identity, in small: what something shows is told apart, and each question asked once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
PAGE = CHECKOUT / "docs" / "identity.md"


def figures(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench", "identity", *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_nobody_is_taken_for_somebody_else_asked_about_twice_or_gone_while_still_there() -> None:
    found = figures("each", "12")

    assert (found["precision"], found["wrong"]) == (1, 0)
    assert found["twice"] == 0
    assert (found["verified"], found["false_proofs"]) == (12, 0)


def test_the_page_has_the_figures_of_a_run_within_its_bounds() -> None:
    text = PAGE.read_text().partition("<!-- figures:begin -->")[2]
    found = {
        line.split("|")[1].strip(): line.split("|")[2].strip()
        for line in text.splitlines()
        if line[:2] == "| "
    }
    share = {name: float(value.rstrip("%")) / 100 for name, value in found.items() if value.endswith("%")}

    assert share["precision of links without a question"] >= 0.9999
    assert share["recall: members of the directory who were linked without a question"] >= 0.97
    assert share["members whom people were asked about"] <= 0.01
    assert found["humans who were asked about twice"] == "0"
