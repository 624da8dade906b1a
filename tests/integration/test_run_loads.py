"""`whosleft run` loads what its configuration names: what it does without would be a third of its memory at rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connectors import registry
from integration.company import Company

PROGRAM = (
    "import atexit, json, sys\n"
    "atexit.register(lambda: print(json.dumps(sorted(sys.modules))))\n"
    "from worker.__main__ import main\n"
    "main()"
)
NOT_NAMED = {
    "alembic": "the tables are there already",
    "apprise": "no channel of it",
    "cryptography": "nothing that is signed",
    "docx": "read in a process of its own",
    "fastapi": "no desk",
    "holidays": "no country's calendar",
    "httpx2": "nothing that is asked over HTTP",
    "icalendar": "read in a process of its own",
    "jinja2": "no desk, no e-mail, no report",
    "ldap3": "no domain controller",
    "lxml": "read in a process of its own",
    "msal": "no tenant",
    "openpyxl": "read in a process of its own",
    "rapidfuzz": "every member is known by a number",
    "slack_sdk": "no workspace",
}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Everything was read once, and then one of the nurses left."""
    company = Company(tmp_path)
    company.furnish()
    company.run("once", "all")
    company.export(disabled={3})
    return company


def loaded_after_a_pass(company: Company) -> set[str]:
    """The modules of a worker that noticed a leaving, and was told to end."""
    worker = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "run", "--role", "worker", "-c", "whosleft.yaml"],
        cwd=company.folder,
        env={**os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stderr is not None
    next(text for text in worker.stderr if json.loads(text).get("job") == "reconcile")
    worker.send_signal(signal.SIGTERM)
    out, _ = worker.communicate(timeout=60)
    return set(json.loads(out.splitlines()[-1]))


def test_a_worker_loads_what_its_configuration_names_and_no_more(company: Company) -> None:
    modules = loaded_after_a_pass(company)

    connectors = {place.partition(":")[0] for kinds in registry.OURS.values() for place in kinds.values()}
    assert connectors & modules == {
        "connectors.directory.file",
        "connectors.inventory.register",
        "connectors.notify.console",
    }
    assert {name: why for name, why in NOT_NAMED.items() if name in modules} == {}
    assert [name for name in modules if name.startswith("worker.desk.console")] == []
