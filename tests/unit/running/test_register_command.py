"""What `whosleft register check` prints of a register that can't be understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.program import app as cli


@pytest.mark.parametrize(
    "text, said",
    [
        (
            "Group,Member,Phone\n,Ann,+447700900101\n",
            "names no group, and neither does a row above it. Write the",
        ),
        ("", "is empty. "),
    ],
    ids=["a row", "the whole file"],
)
def test_what_is_wrong_and_what_to_do_are_two_sentences(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "groups.csv"
    file.write_text(text)
    shown = CliRunner().invoke(cli, ["register", "check", str(file)])
    assert shown.exit_code == 1
    words = " ".join(shown.stdout.split())
    assert said in words
    assert ".." not in words.partition("as of")[2]
