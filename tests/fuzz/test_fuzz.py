"""A short turn of the fuzzer: `make fuzz` takes longer ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")
ROUNDS = {"register": 600, "export": 600, "graph": 3000, "ldap": 3000, "token": 3000}


@pytest.mark.parametrize("target", ROUNDS)
def test_no_damage_does_harm(target: str) -> None:
    command = [sys.executable, str(FUZZ), target, "--rounds", str(ROUNDS[target])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
