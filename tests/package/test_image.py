"""The container image, built for real, is what docs/image.md says, and works as strictly as Kubernetes can run it."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from packaging.requirements import Requirement

from images import CHECKOUT, SOON_S, USER, Container, Image, build, unpack
from integration.company import Company
from throwaway import Absent, guarded_folder, missing

BYTES_MAX = 400_000_000
VERSION = version("whosleft")
SBOM = "usr/share/doc/whosleft/sbom.cdx.json"
PYPI, DEB = "pkg:pypi/", "pkg:deb/debian/"


@pytest.fixture(scope="module")
def dist() -> Path:
    try:
        return build()
    except Absent as absent:
        missing(absent)


@pytest.fixture(scope="module")
def image(dist: Path) -> Iterator[Image]:
    with guarded_folder("whosleft-image-") as folder:
        yield unpack(dist / f"whosleft-{VERSION}.oci.tar", folder)


@pytest.fixture(scope="module")
def sbom(image: Image) -> Any:
    return json.loads((image.root / SBOM).read_bytes())


@pytest.fixture
def container(image: Image, tmp_path: Path) -> Container:
    """Return the image with a company's files and an empty place for data."""
    config, data = tmp_path / "config", tmp_path / "data"
    config.mkdir()
    data.mkdir()
    os.chown(data, USER, USER)
    company = Company(config, "sqlite:////var/lib/whosleft/whosleft.db")
    company.configure()
    company.export(disabled={15})
    company.register()
    return Container(image, config, data)


# --- What it is ---------------------------------------------------------------------------------------------


def test_runs_the_worker_as_an_ordinary_user_by_number_and_without_a_shell(image: Image) -> None:
    config = image.config

    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == ["/opt/whosleft/bin/whosleft"]
    assert config["Cmd"] == ["run"]
    assert config["StopSignal"] == "SIGTERM"
    assert image.environ["WHOSLEFT_CONFIG"] == "/etc/whosleft/whosleft.yaml"


def test_is_labelled_with_what_it_is_and_where_it_comes_from(image: Image) -> None:
    labels = image.labels

    assert labels["title"] == "Whosleft"
    assert labels["version"] == VERSION
    assert labels["licenses"] == "Apache-2.0"
    assert labels["source"]
    assert labels["base.name"] == "localhost/whosleft-base:trixie"
    assert re.fullmatch(r"unknown|[0-9a-f]{40}(-dirty)?", labels["revision"])


def test_its_size_is_bounded_and_is_what_the_documentation_says(image: Image) -> None:
    text = (CHECKOUT / "docs" / "image.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"(\d+) MB unpacked", text)
    size = image.size()

    assert size < BYTES_MAX
    assert abs(size / 1e6 - int(said)) < 0.1 * int(said), f"{size / 1e6:.0f} MB; docs/image.md says {said}"


def test_the_account_that_runs_it_can_change_nothing_of_it(image: Image) -> None:
    own = [
        path for path in everything(image.root) if path.lstat().st_uid == USER or path.lstat().st_gid == USER
    ]
    open_to_all = [path for path in everything(image.root / "opt") if is_writable_by_all(path)]

    assert own == [image.root / "var/lib/whosleft"]
    assert open_to_all == []


def test_has_no_installer_in_its_environment(image: Image) -> None:
    (site,) = image.root.glob("opt/whosleft/lib/python*/site-packages")
    names = {path.name.partition("-")[0] for path in site.iterdir()}

    assert {"worker", "connectors", "sqlalchemy"} <= names
    assert names & {"pip", "setuptools", "wheel", "hatchling"} == set()


def test_all_of_it_is_compiled_when_it_is_built(image: Image) -> None:
    (site,) = image.root.glob("opt/whosleft/lib/python*/site-packages")
    modules = sorted(site.rglob("*.py"))
    raw = [
        path for path in modules if not any((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc"))
    ]

    assert len(modules) > 1000
    assert raw == []


def test_nothing_but_the_listed_files_gets_into_a_build() -> None:
    lines = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if line and not line.startswith("#"))

    assert first == "*"


def everything(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))


def is_writable_by_all(path: Path) -> bool:
    found = path.lstat()
    return not stat.S_ISLNK(found.st_mode) and bool(found.st_mode & stat.S_IWOTH)


# --- What it is made of -------------------------------------------------------------------------------------


def locked() -> dict[str, str]:
    """The locked packages, and at which version, of those that Linux gets."""
    lines = (CHECKOUT / "requirements-image.lock").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.rstrip("\\ ")) for line in lines if line and not line.startswith(" ")]
    return {one.name: str(one.specifier).removeprefix("==") for one in found
            if one.marker is None or one.marker.evaluate()}  # fmt: skip


def components(sbom: Any, kind: str) -> dict[str, str]:
    return {one["name"]: one["version"] for one in sbom["components"] if one["purl"].startswith(kind)}


def test_its_list_of_components_has_every_locked_package_at_its_version_and_no_other(sbom: Any) -> None:
    assert len(locked()) > 40
    assert components(sbom, PYPI) == locked()
    assert (sbom["metadata"]["component"]["name"], sbom["metadata"]["component"]["version"]) == (
        "whosleft",
        VERSION,
    )


def test_its_list_of_components_says_how_each_package_comes_to_be_there(sbom: Any) -> None:
    needs = {one["ref"]: one["dependsOn"] for one in sbom["dependencies"]}
    reached: set[str] = set()
    waiting = [sbom["metadata"]["component"]["bom-ref"]]
    while waiting:
        reached.add(waiting[0])
        waiting += [ref for ref in needs[waiting.pop(0)] if ref not in reached]

    assert reached == set(needs)
    assert {ref for ref in needs if ref.startswith(PYPI)} == set(needs)


def test_its_list_of_components_has_the_packages_and_the_interpreter_of_its_base(
    image: Image, sbom: Any
) -> None:
    (interpreter,) = (one for one in sbom["components"] if one["type"] == "platform")
    stated = set(components(sbom, DEB))

    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert (image.root / f"usr/bin/python{interpreter['version'].rpartition('.')[0]}").is_file()
    assert stated == set(
        re.findall(r"^Package: (.+)$", (image.root / "var/lib/dpkg/status").read_text(), re.MULTILINE)
    )


def test_its_list_of_components_lies_beside_it_too(image: Image, dist: Path) -> None:
    beside = dist / f"whosleft-{VERSION}.cdx.json"

    assert beside.read_bytes() == (image.root / SBOM).read_bytes()


# --- What it does -------------------------------------------------------------------------------------------


def test_the_root_is_read_only_where_it_is_run(container: Container) -> None:
    said = container.python(
        "import errno\n"
        "for folder in ('/', '/opt/whosleft', '/etc/whosleft', '/usr/bin', '/tmp', '/var/lib/whosleft'):\n"
        "    try:\n"
        "        open(f'{folder}/probe', 'x').close()\n"
        "        print(folder, 'written')\n"
        "    except OSError as error:\n"
        "        print(folder, errno.errorcode[error.errno])\n"
    )

    assert said.splitlines() == [
        "/ EROFS",
        "/opt/whosleft EROFS",
        "/etc/whosleft EROFS",
        "/usr/bin EROFS",
        "/tmp written",  # noqa: S108 # in the container
        "/var/lib/whosleft written",
    ]


def test_an_ordinary_user_without_rights_and_without_a_shell_runs_it(container: Container) -> None:
    said = container.python(
        "import getpass, os, shutil\n"
        "lines = open('/proc/self/status').read().splitlines()\n"
        "status = dict(line.split(':\\t') for line in lines if ':\\t' in line)\n"
        "print(os.getpid(), getpass.getuser(), os.getuid(), os.getgid(), os.getgroups())\n"
        "print(status['CapEff'], status['CapPrm'], status['NoNewPrivs'])\n"
        "print([shell for shell in ('sh', 'bash', 'dash') if shutil.which(shell)])\n"
    )

    assert said.splitlines() == [f"1 whosleft {USER} {USER} []", "0000000000000000 0000000000000000 1", "[]"]


def test_checks_a_company_s_files(container: Container) -> None:
    said = json.loads(container.run("check", "--json"))

    assert said["ok"]
    assert sorted(one["name"] for one in said["sources"]) == ["corp", "terminal", "wards"]


def test_makes_the_tables_of_the_embedded_database(container: Container) -> None:
    container.run("migrate")

    assert (container.data / "whosleft.db").stat().st_uid == USER
    assert json.loads(container.run("tickets", "list", "--json"))["items"] == []


def test_plays_the_demo(container: Container) -> None:
    said = container.run("demo", "--no-desk", "--days", "2")

    assert "Amina Yusuf" in said
    assert (container.data / "whosleft-demo" / "whosleft.db").is_file()


def test_tells_its_version(container: Container) -> None:
    assert container.run("version").strip() == VERSION


def test_works_as_process_number_one_until_sigterm_and_ends_with_0_within_ten_seconds(
    container: Container,
) -> None:
    running = container.start()
    try:
        running.wait_for("job.finished")

        asked_at = monotonic()
        os.kill(running.first_pid(), signal.SIGTERM)
        _, err = running.process.communicate(timeout=SOON_S)

        assert monotonic() - asked_at < 10
        assert running.process.returncode == 0, err
        assert json.loads(err.splitlines()[-1])["event"] == "worker.stopped"
    finally:
        running.kill()
