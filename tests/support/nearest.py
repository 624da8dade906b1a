"""As many tests as some seconds have room for: those near what was changed, or of a sample of files if no module was.

`make test-quick` asks for it. Near is a test file that was changed, that imports a changed module, or is named after
one. Changed is what git shows beside the upstream branch, or beside the last commit where there is none.
"""

import os
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

ROOT = Path(__file__).parents[2]
# From the first process to those that it starts
CHANGED, UNTIL = "WHOSLEFT_TESTS_CHANGED", "WHOSLEFT_TESTS_UNTIL"
SAMPLE = 10  # of so many test files one
_left_out: list[int] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--within", type=float, metavar="SECONDS",
        help="begin no test after so many seconds, and look only at tests near what was changed",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    seconds = config.getoption("--within")
    if seconds is not None and not hasattr(config, "workerinput"):
        os.environ[UNTIL] = str(time.monotonic() + seconds)
        os.environ[CHANGED] = "\n".join(_changed())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if config.getoption("--within") is None or collection_path.suffix != ".py":
        return None
    changed = tuple(os.environ[CHANGED].splitlines())
    return None if is_near(collection_path, changed) else True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mix them, the same way each time, so that those that have room are a sample."""
    if config.getoption("--within") is not None:
        items.sort(key=lambda item: crc32(item.nodeid.encode()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    if item.config.getoption("--within") is None or time.monotonic() < float(os.environ[UNTIL]):
        return None
    _left_out.append(1)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if session.config.getoption("--within") is not None and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK  # nothing is near
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = len(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _left_out.append(getattr(node, "workeroutput", {}).get("left_out", 0))  # one that crashed has none


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    seconds = terminalreporter.config.getoption("--within")
    if seconds is not None:
        where = (
            "near what was changed"
            if os.environ[CHANGED]
            else "of one file in ten, since no module was changed"
        )
        left = f"; {sum(_left_out):,} had no room in {seconds:g} seconds" if any(_left_out) else ""
        terminalreporter.line(f"Tests {where}{left}. `make test` runs all.")


@cache
def is_near(path: Path, changed: tuple[str, ...]) -> bool:
    """Whether a test file has to do with one of these files, named from the root; with none: is in the sample."""
    name = path.relative_to(ROOT).as_posix()
    if not changed:
        return crc32(name.encode()) % SAMPLE == 0
    text = path.read_text(encoding="utf-8")
    return name in changed or any(
        one.stem in path.stem or f"from {_imported(one)} import" in text for one in map(Path, changed)
    )


def _imported(module: Path) -> str:
    """The name by which tests import a module."""
    name = ".".join(module.with_suffix("").parts).removesuffix(".__init__")
    return name.removeprefix("tests.support.").removeprefix("tests.")


def _changed() -> list[str]:
    """Modules that differ from the upstream branch, or from the last commit without one; new ones too."""
    base = "@{upstream}" if _git("rev-parse", "--verify", "--quiet", "@{upstream}") else "HEAD"
    found = [*_git("diff", "--name-only", base), *_git("ls-files", "--others", "--exclude-standard")]
    return [one for one in found if one.endswith(".py")]


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.splitlines()
