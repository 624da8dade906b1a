"""The wheel holds the two packages, whole, and nothing else; installed alone it runs."""

import configparser
import os
import re
import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = ("worker", "connectors")
# What the project must be built on, whatever else it needs
BUILT_ON = {"apscheduler", "ldap3", "msal", "slack-sdk", "sqlalchemy", "structlog", "tenacity"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=CHECKOUT)
    (wheel,) = folder.glob("whosleft-*.whl")
    return wheel


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the wheel alone is installed into; its dependencies come from this environment."""
    folder = tmp_path_factory.mktemp("site")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    _run(*pip, "--no-index", "--no-deps", "--target", str(folder), str(wheel), cwd=folder)
    return folder


def test_holds_the_two_packages_and_its_metadata(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_holds_every_file_of_the_packages(names: set[str]) -> None:
    files = {
        path.relative_to(CHECKOUT).as_posix()
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {name for name in names if name.startswith(("worker/", "connectors/"))} == files


@pytest.mark.parametrize("package", PACKAGES)
def test_says_that_it_is_typed(names: set[str], package: str) -> None:
    assert f"{package}/py.typed" in names


def test_holds_the_migrations(names: set[str]) -> None:
    assert any(re.fullmatch(r"worker/storage/migrations/versions/\w+\.py", name) for name in names)


def test_holds_the_licence(names: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_requires_what_it_is_built_on(metadata: Message) -> None:
    required = {re.split(r"[^\w.-]", text)[0].lower() for text in metadata.get_all("Requires-Dist", [])}

    assert required >= BUILT_ON


def test_command_is_the_entry_point(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
        parser = configparser.ConfigParser()
        parser.read_string(archive.read(name).decode())

    assert dict(parser["console_scripts"]) == {"whosleft": "worker.__main__:main"}


def test_installed_alone_it_imports_from_where_it_is_installed(site: Path) -> None:
    code = "import connectors, worker; print(worker.__file__, connectors.__file__, sep='\\n')"

    files = _run(sys.executable, "-c", code, cwd=site.parent, site=site).splitlines()

    assert files == [str(site / package / "__init__.py") for package in PACKAGES]


def test_installed_alone_the_command_tells_its_version(site: Path, metadata: Message) -> None:
    command = site / "bin" / "whosleft"

    assert metadata["Version"] in _run(str(command), "version", cwd=site.parent, site=site)


def _run(*command: str, cwd: Path, site: Path | None = None) -> str:
    environ = {**os.environ, "PYTHONPATH": str(site)} if site else dict(os.environ)
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
