"""How a run of all tests stays quick: what coverage looks at, what comes first, what needs a server; how long it took.

Coverage looks at the tests that have to reach every branch of the core, but for those marked as slow. Elsewhere it
would make each line half as dear again, and prove nothing.
"""

import gc
import os
import sys
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import one_loop

HERE = Path(__file__).parents[1]
COUNTED = (
    "unit/app", "unit/domain",
    "unit/desk/test_assignee_truth.py", "unit/desk/test_at_once.py", "unit/desk/test_forms_of_other_kinds.py",
    "unit/desk/api/test_acts.py", "unit/desk/api/test_lists.py",
)  # fmt: skip
CORE = ("worker.domain.", "worker.app.")
PAUSED = pytest.StashKey[bool]()
YOUNGEST = 50_000  # objects: 25 times as many as Python waits for
OLDEST = 100  # collections of what is younger: ten times as many
# What takes long comes first, so that no process is left with it at the end: about how many seconds a test of it takes
FIRST = {
    "faults": 14.0, "sim": 7.0, "integration": 4.0, "browser": 3.0, "unit/demo": 1.2, "lies": 0.5, "unit/desk/api": 0.5,
    "package": 0.3, "storage": 0.3, "contract": 0.15,
}  # fmt: skip
SERVERS = frozenset({
    "_postgres_server", "samba_domain", "kerberos_domain", "shared_domain", "slapd_server", "browser", "cluster",
    "synapse_server", "fresh_synapse", "postfix_server", "ntfy_server", "alertmanager_server",
    "request_tracker_server", "redmine_server", "roundup_server",
})  # fmt: skip


def _folder(item: pytest.Item, names: Collection[str]) -> str | None:
    """Return the first of these files and folders that a test is in; None where it is in none."""
    path = item.path.relative_to(HERE).as_posix()
    return next((name for name in names if f"{path}/".startswith(f"{name}/")), None)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look at all the tests again and again, and few at all that there is since.

    Those that look at everything take 0.2 s each: a tenth of the time of the desk's tests. The small ones take a
    twentieth of that of the simulation.
    """
    gc.collect()
    gc.freeze()
    _, middle, _ = gc.get_threshold()
    gc.set_threshold(YOUNGEST, middle, OLDEST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _servers(item):
            item.add_marker("server")
    items[:] = dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def dealt(items: Sequence[pytest.Item], shares: int) -> list[pytest.Item]:
    """Order tests so that each of as many equal shares as there are processes begins with its part of what takes long.

    xdist gives each process one share, and who is done takes from the end of another's, where the quick ones are. Files
    that want the same servers stay together, so that few processes start each of them.
    """
    together: defaultdict[object, list[pytest.Item]] = defaultdict(list)
    quick: list[pytest.Item] = []
    for item in items:
        if _folder(item, FIRST) is None:
            quick.append(item)
        else:
            together[_servers(item) - {"_postgres_server"} or item.path].append(item)
    long: list[list[pytest.Item]] = [[] for _ in range(shares)]
    seconds = [0.0] * shares
    for batch in sorted(together.values(), key=_seconds, reverse=True):
        least = seconds.index(min(seconds))
        long[least] += batch
        seconds[least] += _seconds(batch)
    ordered: list[pytest.Item] = []
    for at, share in enumerate(long):
        room = (len(items) - len(ordered)) // (shares - at) - len(share)
        ordered += [*share, *quick[: max(room, 0)]]
        quick = quick[max(room, 0) :]
    return ordered


def _seconds(batch: Iterable[pytest.Item]) -> float:
    return sum(FIRST[_folder(item, FIRST) or ""] for item in batch)


def _servers(item: pytest.Item) -> frozenset[str]:
    return SERVERS.intersection(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="module", autouse=True)
def _without_public_authorities(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read no file of public authorities: no unit test asks them, and it takes 5 ms for each client that is made."""
    with pytest.MonkeyPatch.context() as patch:
        if HERE / "unit" in request.path.parents or HERE / "contract" in request.path.parents:
            patch.setenv("SSL_CERT_FILE", os.devnull)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    plugin = item.config.pluginmanager.getplugin("_cov")
    coverage: Any = getattr(plugin, "cov_controller", None)
    is_counted = _folder(item, COUNTED) is not None and item.get_closest_marker("slow") is None
    if coverage is None:
        return (yield)
    if is_counted:
        if item.config.stash.get(PAUSED, False):
            one_loop.end()  # its threads are traced no more: a pause ends that in every thread but this one
            forget()
            item.config.stash[PAUSED] = False
        return (yield)
    item.config.stash[PAUSED] = True
    coverage.pause()
    try:
        return (yield)
    finally:
        coverage.resume()


def forget() -> None:
    """Empty the caches of the core's functions, as what a test that isn't counted filled is run by none that is."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith(CORE):
            for function in vars(module).values():
                if hasattr(function, "cache_clear"):
                    function.cache_clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each folder took, in seconds of the processes that ran it, where durations are asked for."""
    if not terminalreporter.config.getoption("durations"):
        return
    took: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                took["/".join(report.nodeid.partition("::")[0].split("/")[1:3])] += report.duration
    terminalreporter.section("seconds by part")
    for part, seconds in sorted(took.items(), key=lambda entry: -entry[1])[:20]:
        terminalreporter.line(f"{seconds:7.1f}  {part}")
