"""What a command prints can't be written: what it has to do is done all the same, and the trouble is one sentence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from integration.company import COMMAND, Company

FULL = "/dev/full"  # each write to it fails: no space left on device
NOBODY = 65534  # the account's number
WESTERN = "iso-8859-1"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Somebody left since the first run; their name is not of western Europe."""
    company = Company(tmp_path)
    company.furnish()
    company.run("once", "all")
    company.export(disabled=[3])
    people = tmp_path / "people.csv"
    text = people.read_text(encoding="utf-8-sig").replace('"Person 3"', '"Łukasz Żak"')
    people.write_text(text, encoding="utf-8-sig", newline="")
    return company


def run(
    company: Company, *arguments: str | bytes, out: str = "", user: int | None = None, letters: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    with Path(out or os.devnull).open("w") as stdout:
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=company.folder,
            env={**os.environ, "WHOSLEFT_CONFIG": "whosleft.yaml", "PYTHONIOENCODING": letters},
            stdin=subprocess.DEVNULL,
            stdout=stdout if out else subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding=letters,
            user=user,
            extra_groups=None if user is None else [],
            check=False,
        )


def is_told(company: Company) -> bool:
    states = [one["state"] for one in company.json("deliveries", "list")["items"]]
    return [one["state"] for one in company.tickets()] == ["open"] and states == ["sent"]


def test_jobs_go_on_while_the_log_that_they_print_to_is_full(company: Company) -> None:
    done = run(company, "once", "all", out=FULL)
    assert is_told(company)
    assert done.returncode == 1
    assert done.stderr.endswith("\nWhat the command has to say can't be written: No space left on device.\n")

    done = run(company, "tickets", "list", "--json", out=FULL)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


def test_jobs_go_on_though_nobody_reads_what_they_print(company: Company) -> None:
    command = f'set -o pipefail; "{COMMAND}" once all | head -n 1'
    done = subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=company.folder,
        env={**os.environ, "WHOSLEFT_CONFIG": "whosleft.yaml"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert is_told(company)
    assert "Traceback" not in done.stderr


def unread(company: Company, *arguments: str) -> tuple[int, str]:
    """The exit code and the errors of a command whose output nobody reads from the beginning."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stdout:
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=company.folder,
            env={**os.environ, "WHOSLEFT_CONFIG": "whosleft.yaml"},
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return done.returncode, done.stderr


def test_a_reader_that_goes_away_changes_no_exit_code(company: Company) -> None:
    company.run("audit", "export", "whole.zip")
    whole = (company.folder / "whole.zip").read_bytes()
    (company.folder / "bad.zip").write_bytes(whole[:-1])

    for arguments in (("audit", "verify", "whole.zip"), ("audit", "verify", "whole.zip", "--json"),
                      ("tickets", "list"), ("tickets", "--help"), ("config", "schema")):  # fmt: skip
        assert unread(company, *arguments) == (0, ""), arguments
    assert unread(company, "audit", "verify", "bad.zip") == (1, "")
    assert unread(company, "audit", "verify", "bad.zip", "--json") == (1, "")


def test_letters_that_a_terminal_has_not_are_shown_as_well_as_it_can(company: Company) -> None:
    assert run(company, "once", "all", letters=WESTERN).returncode == 0
    assert is_told(company)
    shown = run(company, "tickets", "show", "T-1", letters=WESTERN)
    assert (shown.returncode, "\\u0141ukasz" in shown.stdout) == (0, True)

    done = run(company, b"people", b"show", b"Zo\xeb")
    assert done.returncode == 2
    assert "Set the terminal to UTF-8" in done.stderr


def test_without_a_standard_output_a_command_ends_well(company: Company) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "{COMMAND}" tickets list --json >&-'],
        cwd=company.folder,
        env={**os.environ, "WHOSLEFT_CONFIG": "whosleft.yaml"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write here")
@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_database_that_may_not_be_written_is_named_with_the_remedy(mode: int) -> None:
    with TemporaryDirectory() as folder:
        company = Company(Path(folder))
        company.furnish()
        company.run("once", "all")
        company.folder.chmod(0o755)
        (company.folder / "whosleft.yaml").chmod(0o644)
        (company.folder / "whosleft.db").chmod(mode)
        for call in ("plan", "once all"):
            done = run(company, *call.split(), user=NOBODY)
            assert done.returncode == 1
            said = " ".join(done.stderr.split())
            assert f"has to be allowed to read and write {folder}/whosleft.db and its folder" in said
