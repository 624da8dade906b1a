"""What the tests of commands share."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def config(company: Path, tmp_path: Path) -> Path:
    """The configuration of a copy of one's own of `company`, a folder that a test file makes once."""
    shutil.copytree(company, tmp_path, dirs_exist_ok=True)
    return tmp_path / "whosleft.yaml"
