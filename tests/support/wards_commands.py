"""The command line on a folder with one directory and one register."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from worker.program import app as cli


def run(config: Path, *arguments: str) -> str:
    """What a command that succeeds prints."""
    done = CliRunner().invoke(cli, [*arguments, "-c", str(config)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout


def configured(folder: Path, people: str, groups: str) -> Path:
    """Write both files and a configuration that names them; return that."""
    file = folder / "whosleft.yaml"
    (folder / "people.csv").write_text(people)
    (folder / "groups.csv").write_text(groups)
    file.write_text(
        "organisation: {timezone: Europe/London}\n"
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories: [{name: list, kind: register, path: groups.csv}]\n"
        "tickets: {accountable: it@example.org}\n"
    )
    return file
