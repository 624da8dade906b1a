"""make bench-controls: all controls of a company's groups, against the bare SQL that finds the same groups and people.

    python -m bench controls [GROUPS …]    5,000 and 20,000 groups of fifty, on SQLite and PostgreSQL
    python -m bench controls each GROUPS   one small company on SQLite, as JSON

Controls report on the register and on dormant groups, and open tickets about admins, profiles and a policy. The job
runs in a process of its own, so that its peak memory is its own: the first run, which is held; the next one, which
opens the day's tickets; one with nothing new; and one after a group in a hundred has changed. Each time it has to find
what the bare SQL finds, or the benchmark fails. CPU is that of the process and, with PostgreSQL, of its server.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.controls_company import MEMBERS, POLICY, REGISTER, RULES, START, VERSION, Company, change, fill
from bench.controls_sql import STATEMENTS, failing
from bench.measure import Found, peak_mib, timed_with_server
from bench.postgres import database
from bench.wired import app_over
from worker.app.jobs.controls import RunControls
from worker.domain.controls.policy import (
    AdminsRule,
    ControlPolicy,
    DescriptionRule,
    DormantRule,
    JoinRule,
    NameRule,
    ProfileRule,
    RegisterRule,
    RightsRule,
)
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import Allowed, Roster
from worker.domain.reconcile.guard import HoldState
from worker.ports import Capabilities, CheckResult, Passive, SnapshotEnd
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.sql.tables import cohort, control_day, control_failure, ticket
from worker.storage.store import SqlStore

SIZES = (5_000, 20_000)
RATIO_MAX, GROWTH_MAX = 10.0, 1.1
QUARTER = timedelta(minutes=15)  # between two runs
ROUNDS = 3
FIRST, OPENS, AGAIN, CHANGED = "first run, held", "opens tickets", "nothing new", "1 % changed"
ASKS = ControlSwitch(Mode.TICKET)


def main() -> None:
    """Run all, and print a table for each database; exit 1 if an aim is missed."""
    wanted = sys.argv[2:]
    if wanted[:1] == ["child"]:
        print(json.dumps(CHILDREN[wanted[1]](wanted[2], Company(int(wanted[3])))))
        return
    if wanted[:1] == ["each"]:
        with _url("SQLite") as url:
            print(json.dumps(_measured(url, int(wanted[1]), _here)))
        return
    sizes = [int(one) for one in wanted] or list(SIZES)
    good = [_of_database(name, sizes) for name in ("SQLite", "PostgreSQL")]
    sys.exit(0 if all(good) else 1)


def _of_database(name: str, sizes: list[int]) -> bool:
    results = {}
    for size in sizes:
        with _url(name) as url:
            results[size] = _measured(url, size, _child)
    return _print(name, results)


@contextmanager
def _url(name: str) -> Iterator[str]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'controls.db'}"
    else:
        with database() as url:
            yield url


def _measured(url: str, size: int, run: Callable[[str, str, int], dict[str, Any]]) -> dict[str, Any]:
    """All figures of one database and one size."""
    run("fill", url, size)
    before = run("bare", url, size)
    job = run("job", url, size)
    after = run("bare", url, size)
    assert job["failing"][FIRST] == before["failing"], (job["failing"][FIRST], before["failing"])
    assert job["failing"][CHANGED] == after["failing"], (job["failing"][CHANGED], after["failing"])
    return {**job, "bare": after["passes"]["bare"], "found": after["failing"]}


def _child(what: str, url: str, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench", "controls", "child", what, url, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _here(what: str, url: str, size: int) -> dict[str, Any]:
    return CHILDREN[what](url, Company(size))


# --- in a process of its own ----------------------------------------------------------------------------------


def _fill(url: str, company: Company) -> dict[str, Any]:
    engine = open_engine(url)
    migrate(engine)
    fill(engine, company)
    engine.dispose()
    return {}


def _bare(url: str, _company: Company) -> dict[str, Any]:
    """The best of three, each with all statements."""
    engine = open_engine(url)
    now = START + 3 * QUARTER
    with engine.connect() as connection:
        runs = [timed_with_server(engine, lambda: failing(connection, now)) for _ in range(ROUNDS)]
    engine.dispose()
    best = {name: min(found[name] for _, found in runs) for name in ("cpu_s", "wall_s")}
    return {"passes": {"bare": best}, "failing": runs[0][0]}


def _job(url: str, company: Company) -> dict[str, Any]:
    engine = open_engine(url)
    job = _Job(engine, company)
    job.run(FIRST, START)
    _release(engine)
    job.run(OPENS, START + QUARTER)
    job.run(AGAIN, START + 2 * QUARTER)
    change(engine, company, START + 3 * QUARTER)
    job.run(CHANGED, START + 3 * QUARTER)
    found = {"passes": job.passes, "failing": job.failing, "tickets": job.tickets(), "peak_mib": peak_mib()}
    engine.dispose()
    return found


CHILDREN: dict[str, Callable[[str, Company], dict[str, Any]]] = {"fill": _fill, "bare": _bare, "job": _job}


class _Job:
    """The job over one company, and the figures of its runs."""

    def __init__(self, engine: sa.Engine, company: Company) -> None:
        self._engine = engine
        self._job = _controls(SqlStore(engine), company)
        self.passes: dict[str, Found] = {}
        self.failing: dict[str, dict[str, int]] = {}

    def run(self, name: str, now: datetime) -> None:
        report, self.passes[name] = timed_with_server(self._engine, lambda: self._job.run_once(now))
        assert report.is_ok, report.troubles
        self.failing[name] = self._failing()

    def _failing(self) -> dict[str, int]:
        f = control_failure.c
        rows = sa.select(f.control, sa.func.count().label("failing")).group_by(f.control)
        day = sa.select(control_day.c.counts).where(control_day.c.control == "people.policy")
        with self._engine.connect() as connection:
            found = {row.control: row.failing for row in connection.execute(rows)}
            found["people.policy"] = json.loads(connection.execute(day).scalar_one())["failed"]
        return {control: found.get(control, 0) for control in STATEMENTS}

    def tickets(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(ticket)).scalar_one())


class _Register(Passive):
    """The register, of which only what it can do is asked: its rows are filled in."""

    name = REGISTER
    can = Capabilities(sees_all_groups=True, is_kept_by_people=True)

    def changes(
        self, _cursor: str | None, _groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        yield from ()

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="a benchmark")


def _controls(store: SqlStore, company: Company) -> RunControls:
    policy = _policy(company)
    return app_over(store, inventories=[_Register()], controls=policy, has_told_links=True).run_controls


def _policy(company: Company) -> ControlPolicy:
    """Half as many tickets a day as there are groups, so that their number grows with the company."""
    profile = ProfileRule(
        ASKS,
        description=DescriptionRule({"en": RULES}),
        name=NameRule(r"Ward \d{6}", "Ward 000007"),
        join=JoinRule(has_approval=True),
        rights=RightsRule(edit=Allowed.ADMINS),
    )
    accepting = StatementRule(
        Statement.POLICY, "people.policy", ASKS, POLICY, VERSION, {"en": "Messaging"}, {"en": RULES}
    )
    return ControlPolicy(
        per_day=company.groups // 2,
        register=(RegisterRule(),),
        dormant=(DormantRule(),),
        admins=(AdminsRule(ASKS),),
        profile=(profile,),
        statements=(accepting,),
    )


def _release(engine: sa.Engine) -> None:
    """Release what is held, as somebody does in the console, without the memory that its page takes."""
    with engine.begin() as connection:
        connection.execute(sa.update(cohort).values(state=HoldState.RELEASED.value))


# --- the table ------------------------------------------------------------------------------------------------


def _print(name: str, results: dict[int, dict[str, Any]]) -> bool:
    """Print the largest company beside the smallest. Return whether the aims are met."""
    small, large = min(results), max(results)
    few, many = results[small], results[large]
    bare = many["bare"]
    print(f"\n{name}: {large:,} groups, {large * MEMBERS:,} memberships, {Company(large).people:,} people, "
          f"{sum(many['found'].values()):,} failures, {many['tickets']:,} tickets")  # fmt: skip
    print(
        f"{'what':<18}{'CPU':>9}{'wall':>9}{'x bare SQL':>12}{'wall x':>8}   {small:,} groups: CPU, x bare SQL"
    )
    for what, found in {"bare SQL": bare, **many["passes"]}.items():
        less = {"bare SQL": few["bare"], **few["passes"]}[what]
        print(f"{what:<18}{found['cpu_s']:>7.2f} s{found['wall_s']:>7.2f} s{found['cpu_s'] / bare['cpu_s']:>12.1f}"
              f"{found['wall_s'] / bare['wall_s']:>8.1f}{less['cpu_s']:>18.2f} s"
              f"{less['cpu_s'] / few['bare']['cpu_s']:>10.1f}")  # fmt: skip
    ratio = many["passes"][AGAIN]["cpu_s"] / bare["cpu_s"]
    growth = many["peak_mib"] / few["peak_mib"]
    print(f"peak memory       {many['peak_mib']:>5.0f} MiB, with {small:,} groups {few['peak_mib']:.0f} MiB: "
          f"{growth:.2f} times")  # fmt: skip
    is_good = bool(ratio <= RATIO_MAX and growth <= GROWTH_MAX)
    print(f"aims: a run with nothing new {RATIO_MAX:g} x bare SQL or less, memory {GROWTH_MAX:g} times or less: "
          f"{'ok' if is_good else 'OVER'}")  # fmt: skip
    return is_good
