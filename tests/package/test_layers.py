"""The import rules hold, and each can fail; those that import-linter has no contract for are checked here."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.app.jobs.table import JOBS

CHECKOUT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
PORTS = ("directory", "inventory", "notify", "tracker")

# What breaks each contract: the contract, and the lines added to which files
PLANTED = {
    "the domain imports upwards": ("layers", {"worker/domain/planted.py": "import worker.ports"}),
    "storage imports its sibling": (
        "layers",
        {"worker/storage/planted.py": "import worker.app.planted", "worker/app/planted.py": ""},
    ),
    "a use case loads a catalogue": ("layers", {"worker/app/planted.py": "import worker.languages.tongues"}),
    "a use case makes JSON": (
        "layers",
        {"worker/app/planted.py": "import worker.contract.planted", "worker/contract/planted.py": ""},
    ),
    "the contract knows the web": (
        "layers",
        {"worker/contract/planted.py": "import worker.desk.planted", "worker/desk/planted.py": ""},
    ),
    "a module is in no layer": ("layers", {"worker/planted.py": ""}),
    "a ticket knows its group's case": (
        "domain-layers",
        {
            "worker/domain/tickets/planted.py": "import worker.domain.groups.planted",
            "worker/domain/groups/planted.py": "",
        },
    ),
    "people know identities": (
        "domain-layers",
        {
            "worker/domain/people/planted.py": "import worker.domain.identity.planted",
            "worker/domain/identity/planted.py": "",
        },
    ),
    "a part of the domain is in no layer": ("domain-layers", {"worker/domain/planted.py": ""}),
    "what people do starts a job": (
        "app-layers",
        {"worker/app/acts/planted.py": "import worker.app.jobs.planted", "worker/app/jobs/planted.py": ""},
    ),
    "a use case is in no room": ("app-layers", {"worker/app/planted.py": ""}),
    "the domain reads the clock": ("pure-domain", {"worker/domain/planted.py": "import time"}),
    "the domain reads the environment": (
        "pure-domain",
        {"worker/domain/planted.py": "from os import environ"},
    ),
    "the domain speaks SQL": ("pure-domain", {"worker/domain/planted.py": "import sqlalchemy.engine"}),
    "a connector opens the store": (
        "connectors-see-ports",
        {"connectors/notify/planted.py": "import worker.storage.planted", "worker/storage/planted.py": ""},
    ),
    "a connector uses another": (
        "connectors-apart",
        {
            "connectors/notify/planted.py": "import connectors.directory.planted",
            "connectors/directory/planted.py": "",
        },
    ),
    "a second module knows ldap3": ("one-ldap3", {"connectors/directory/planted.py": "import ldap3.core"}),
    "a use case names a connector": (
        "composition-root",
        {"worker/app/planted.py": "from connectors import registry"},
    ),
}


def test_every_contract_is_kept() -> None:
    done = _lint(CHECKOUT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("contract, files", PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_import_breaks_its_contract(tmp_path: Path, contract: str, files: dict[str, str]) -> None:
    checkout = _copy(tmp_path)
    for name, text in files.items():
        (checkout / name).write_text(f"{text}\n")

    done = _lint(checkout, "--contract", contract)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_the_map_of_the_code_imports_nothing() -> None:
    assert list(_imports(CHECKOUT / "worker" / "__init__.py")) == []


def test_a_connector_imports_its_own_folder_and_shared_helpers_alone() -> None:
    strays = {
        f"{path.relative_to(CHECKOUT)} imports {name}"
        for port in PORTS
        for path in (CHECKOUT / "connectors" / port).glob("*/**/*.py")
        for name in _imports(path)
        if name.split(".")[0] == "connectors" and not name.startswith(("connectors.kit", _folder(path)))
    }

    assert strays == set()


def test_harness_simulation_and_benchmarks_leave_it_to_the_product_to_put_the_jobs_together() -> None:
    use_cases = {job.use_case.__name__ for job in JOBS.values()}
    wired = {
        f"{path.relative_to(CHECKOUT)} makes {node.func.id}"
        for folder in ("tests/support", "tests/sim", "tests/faults", "bench")
        for path in (CHECKOUT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in use_cases
    }

    assert wired == set()


def test_no_test_uses_a_mock_library() -> None:
    users = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "tests").rglob("*.py")
        for name in _imports(path)
        if name.startswith(("unittest.mock", "mock.", "pytest_mock"))
    }

    assert users == set()


def test_configuration_is_data_only() -> None:
    assert list((CHECKOUT / "config").rglob("*.py")) == []


def _folder(path: Path) -> str:
    """Return the dotted name of the connector's folder that the file is in: connectors.directory.file."""
    return ".".join(path.relative_to(CHECKOUT).parts[:3])


def _imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything the file imports, wherever in it; `from a import b` is a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _copy(folder: Path) -> Path:
    for package in ("worker", "connectors"):
        shutil.copytree(CHECKOUT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    return folder


def _lint(checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-logo", "--no-cache", *options]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
