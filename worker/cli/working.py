"""run, once, plan, check, migrate: the commands of the platform team."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from worker.app.jobs.report import Report
from worker.app.jobs.table import ALL, JOBS, OF_ALL
from worker.app.reads.check import Check, SourceCheck
from worker.app.reads.control_warnings import control_warnings
from worker.cli.common import ConfigOption, JsonOption, NowOption, clock_at, err, out, print_shape
from worker.contract.plans import PreviewShape
from worker.contract.sources import CheckShape
from worker.domain.reconcile.guard import HoldState
from worker.domain.reconcile.plan import Plan, plan_text
from worker.running.app import App
from worker.running.configured import configuration_warnings
from worker.running.database import migrate_database, table_warnings
from worker.running.once import run_jobs
from worker.running.wiring import check_app, kinds_of, load_settings, scratch_app
from worker.storage.sql.errors import StorageError
from worker.storage.sql.guarded import database_warnings

if TYPE_CHECKING:
    Job = str
else:
    Job = StrEnum("Job", [*JOBS, ALL])


class ProcessRole(StrEnum):
    """What a process does."""

    ALL = "all"
    WORKER = "worker"
    DESK = "desk"


def run(
    config: ConfigOption,
    role: Annotated[ProcessRole, typer.Option(help="What this process does.")] = ProcessRole.ALL,
) -> None:
    """Run unattended until SIGTERM."""
    from worker.running.serving import (  # the scheduler's and the servers' packages: most commands need none of them
        Roles,
        serve_app,
    )

    roles = Roles(worker=role is not ProcessRole.DESK, desk=role is not ProcessRole.WORKER)
    serve_app(lambda: load_settings(config), roles, announced)


def announced(secret: Callable[[], str], otherwise: str, to: Console = out) -> None:
    """Show a line with a secret on a terminal; for a log, which others read, make no secret."""
    to.print(Text(secret() if to.is_terminal else otherwise), soft_wrap=True)


def once(
    config: ConfigOption,
    jobs: Annotated[
        list[Job], typer.Argument(metavar="JOB", help="Which jobs, in this order; all is each but watch.")
    ],
    full: Annotated[bool, typer.Option("--full", help="A full pass of each source.")] = False,
    now: NowOption = None,
) -> None:
    """Run jobs once, in the order given, or all of them."""
    names = [name for job in jobs for name in (OF_ALL if job == ALL else (str(job),))]
    ok = True
    unwritten: OSError | SystemExit | None = None
    for report in run_jobs(load_settings(config), names, now, full=full):
        ok = report.is_ok and ok
        try:
            _show(report)
        except (OSError, SystemExit) as error:  # a full disk, or nobody reads: Rich would end the program
            unwritten = error
    if unwritten is not None:
        raise unwritten
    if not ok:
        raise typer.Exit(1)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def in_one_line(report: Report) -> str:
    """The job and what it counted; else whether there was nothing to do, or it failed."""
    instead = "nothing to do" if report.is_ok else "failed"
    return f"{report.job:<10} {_counted(report.counts) or instead}"


def _show(report: Report) -> None:
    out.print(Text(in_one_line(report)))
    if not report.plan.is_empty:
        out.print(Text(plan_text(report.plan)))
    for trouble in report.troubles:
        err.print(Text(f"{report.job}: {trouble}", style="red"), soft_wrap=True)


def plan(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """Say what would be opened, cancelled and held, and why; writes nothing anywhere."""
    at = clock_at(now)
    with scratch_app(load_settings(config), lambda: at) as app:
        reports = _rehearsed(app, at)
        found = _foreseen(app, reports, at)
    if json:
        print_shape(PreviewShape.of(found, at))
    else:
        out.print(Text(plan_text(found, is_ahead=True)))
    if not all(report.is_ok for report in reports):
        raise typer.Exit(1)


def _rehearsed(app: App, now: datetime) -> list[Report]:
    """Do everything on a copy, without sending messages."""
    return [
        app.poll.run_once(now),
        app.inventory.run_once(now),
        app.reconcile.run_once(now),
        app.run_controls.run_once(now),
        app.verify.run_once(now),
    ]


def _foreseen(app: App, reports: Sequence[Report], now: datetime) -> Plan:
    with app.store.begin() as uow:
        held = [p for p in uow.episodes.plans() if any(c.state is HoldState.HELD for c in p.cohorts)]
    return Plan(
        (*(a for report in reports for a in report.plan.actions), *app.remediate.preview(now).actions),
        tuple(held),
        (*(trouble for report in reports for trouble in report.troubles), *app.check.warnings()),
    )


def check(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """Check every connector's reach, rights and freshness."""
    at = clock_at(now)
    settings = load_settings(config)
    of_database = database_warnings(settings.database.url)
    try:
        with check_app(settings, lambda: at) as app:
            checks = app.check.run_once(kinds_of(settings), at)
            wrong = [*app.attesting.changed_texts(), *filter(None, [app.controls.accountable_left()])]
            idle = control_warnings(app.store, app.controls, at)
            of_tables = table_warnings(settings)
            warnings = (
                *app.check.warnings(),
                *map(str, configuration_warnings(config)),
                *idle,
                *_unreached(app.check),
                *of_tables,
                *of_database,
            )
    except (StorageError, DBAPIError):  # these warnings may explain it
        for warning in of_database:
            err.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)
        raise
    ok = not wrong and all(one.ok for one in checks)
    if json:
        print_shape(CheckShape.of(checks, (*wrong, *warnings), ok=ok))
    else:
        _show_checks(checks, wrong, warnings)
    if not ok:
        raise typer.Exit(1)


def _show_checks(checks: Sequence[SourceCheck], wrong: Sequence[str], warnings: Sequence[str]) -> None:
    for one in checks:
        sign, style = ("ok ", "green") if one.ok else ("RED", "bold red")
        out.print(Text.assemble((sign, style), f"  {one.name} ({one.port.value}, {one.kind}): {one.message}"))
        if not one.ok:
            out.print(Text(f"     -> {one.remedy}"), soft_wrap=True)  # may hold a command to copy
        if counted := _counted(one.counts):
            out.print(Text(f"     counts: {counted}"), soft_wrap=True)
        for label, value in one.details.items():
            out.print(Text(f"     {label.replace('_', ' ')}: {value}"), soft_wrap=True)
    for said in wrong:
        out.print(Text.assemble(("RED", "bold red"), f"  {said}"), soft_wrap=True)
    for warning in warnings:
        out.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)  # may hold a command to copy
    if not checks:
        out.print(Text("Nothing is configured to be read: add directories and inventories."))


def _unreached(check: Check) -> tuple[str, ...]:
    missed = check.unreached()
    if not missed.said:
        return ()
    return (
        f"{missed.said} have no address that a channel reaches; the console's page /unreached names them",
    )


def migrate(config: ConfigOption) -> None:
    """Bring the database's tables up to this release."""
    before, after = migrate_database(load_settings(config))
    if before == after:
        out.print(Text(f"The database is at revision {after} already."))
    else:
        out.print(Text(f"The database went from {before or 'empty'} to revision {after}."))
