"""make bench-trackers: a run of the mirror over 5,000 live tickets, beside a loop that asks for each of them.

The tracker is a Jira Cloud on loopback, in a program of its own (the tests' stateful fake), so its seconds are in the
wall time of both. Prints calls, seconds and writes of a run in which nothing changed, and of one after 100 were closed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from bench.measure import timed
from worker.domain.mirror.copy import CopyState
from worker.domain.reconcile.guard import GuardLimits
from worker.running.mirroring import TrackerRules
from worker.storage.sql.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

TICKETS, IN_GROUP, CLOSED = 5_000, 50, 100
TESTS = Path(__file__).parents[1] / "tests"
NO_LIMITS = GuardLimits(leavers_max=10**6, leavers_share_max=1.0, group_share_max=1.0, shrink_share_max=1.0)


def main() -> None:
    """Measure and print. `serve N`: be the tracker; `N`: so many tickets."""
    if sys.argv[2:3] == ["serve"]:
        serve(int(sys.argv[3]))
        return
    size = int(sys.argv[2]) if sys.argv[2:] else TICKETS
    with tempfile.TemporaryDirectory() as folder, _jira(size) as jira:
        company = _company(f"sqlite:///{Path(folder) / 'mirror.db'}", size, jira)
        rows = [("what", "calls", "wall s", "cpu s", "writes")]
        _told(jira)
        _, took = timed(company.mirror)
        rows.append(_row("a run in which nothing changed", took, _told(jira)))
        _, took = timed(lambda: _one_by_one(jira))
        rows.append(_row("a loop that asks for each", took, _told(jira)))
        _told(jira, close=CLOSED)
        report, took = timed(company.mirror)
        rows.append(_row(f"a run after {CLOSED} were closed there", took, _told(jira)))
        claimed = report.counts["claimed"]
        company.close()
    print(f"{size:,} live tickets with copies in Jira Cloud, SQLite; {claimed} claims were heard\n")
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        first, *rest = (
            text.ljust(width) if at == 0 else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join((first, *rest)))


def _row(what: str, took: dict[str, float], told: dict[str, int]) -> tuple[str, str, str, str, str]:
    return what, str(told["calls"]), f"{took['wall_s']:.1f}", f"{took['cpu_s']:.1f}", str(told["writes"])


def _company(url: str, size: int, jira: dict[str, Any]) -> Any:
    """The tests' company: so many people who left and are still in a group, each with a ticket and a copy."""
    sys.path[:0] = [str(TESTS), str(TESTS / "support")]  # beside it, and no package
    from connectors.tracker.jira.config import JiraConfig  # noqa: PLC0415
    from connectors.tracker.jira.connector import JiraTracker  # noqa: PLC0415
    from fakes.jira.world import STATES  # noqa: PLC0415
    from harness import Harness  # noqa: PLC0415
    from worker.ports import ConnectorContext  # noqa: PLC0415

    company = Harness(engine=open_engine(url), limits=NO_LIMITS)
    people = [f"p{number}" for number in range(size)]
    company.hire("joe", *people)
    for start in range(0, size, IN_GROUP):
        company.group(f"g{start}", *people[start : start + IN_GROUP], admins=["joe"])
    company.settle()
    company.leave(*people)
    company.settle()
    options = {
        "url": jira["url"],
        "user": jira["user"],
        "token": jira["token"],
        "project": "SEC",
        "states": STATES,
    }
    context = ConnectorContext("desk", Path(), "GB", "Europe/London", "en", lambda: datetime.now(UTC))
    tracker = JiraTracker(JiraConfig.model_validate({**options, "requests_per_minute": 6000}), context)
    company.trackers = [tracker]  # type: ignore[list-item]  # it is used as any tracker
    company.start(replace(company.app.rules, trackers={"desk": TrackerRules(assigns=False)}))
    with company.store.begin() as uow:
        uow.mirrors.want("desk", "", (), sensitive=None)
        waiting = uow.mirrors.unmade("desk", company.now, size)
        for one, (ref, key) in zip(waiting, jira["issues"], strict=True):
            linked = replace(one.copy, state=CopyState.LINKED, ref=ref, key=key, status="To Do")
            uow.mirrors.put(linked)
    company.mirror()  # once, so that it knows where it is
    company.now += timedelta(minutes=5)
    return company


def _one_by_one(jira: dict[str, Any]) -> None:
    with httpx2.Client(base_url=jira["url"], auth=(jira["user"], jira["token"]), timeout=30) as client:
        for ref, _key in jira["issues"]:
            client.get(f"/rest/api/3/issue/{ref}").raise_for_status()


@contextmanager
def _jira(size: int) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "bench", "trackers", "serve", str(size)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        found: dict[str, Any] = json.loads(process.stdout.readline())
        try:
            yield {**found, "process": process}
        finally:
            process.kill()


def _told(jira: dict[str, Any], close: int = 0) -> dict[str, int]:
    """Close so many there; how many calls there were since it was asked last, and how many of them wrote."""
    process = jira["process"]
    process.stdin.write(f"{close}\n")
    process.stdin.flush()
    found: dict[str, int] = json.loads(process.stdout.readline())
    return found


def serve(size: int) -> None:
    """Say where it is, then obey line by line."""
    sys.path[:0] = [str(TESTS), str(TESTS / "support")]
    from fakes.jira.server import TOKEN, USER, JiraServer  # noqa: PLC0415

    with JiraServer(is_cloud=True) as server:
        issues = [server.site.add() for _ in range(size)]
        where = {"url": server.url, "user": USER, "token": TOKEN}
        print(json.dumps({**where, "issues": [(str(one.id), one.key) for one in issues]}), flush=True)
        for line in sys.stdin:
            for issue in issues[: int(line)]:
                server.site.set_status(issue, "Done", server.site.sam, "Done")
            print(json.dumps({"calls": len(server.log), "writes": server.writes()}), flush=True)
            server.log.clear()


if __name__ == "__main__":
    main()
