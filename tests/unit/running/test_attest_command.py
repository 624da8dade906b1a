"""`whosleft attest import`: what it says of a list."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from worker.program import app as cli

CONFIG = """
database: {url: "sqlite:///whosleft.db"}
controls: {training: {mode: report, course: MSG-101}}
"""


def test_rows_that_are_left_alone_are_said(tmp_path: Path) -> None:
    config, file = tmp_path / "whosleft.yaml", tmp_path / "lms.csv"
    config.write_text(CONFIG)
    file.write_text("email,course\na@x.example,GDPR\nb@x.example,GDPR\nc@x.example,FIRE\n")
    done = CliRunner().invoke(
        cli, ["attest", "import", str(file), "--statement", "training", "-c", str(config)]
    )

    assert done.exit_code == 0, done.output
    assert "Kept 0 of 3 rows." in done.stdout
    assert "2 rows are about 'GDPR', which nothing in `controls:` asks for." in done.stderr
    assert "1 row is about 'FIRE'" in done.stderr
