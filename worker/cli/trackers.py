"""trackers: the copies of tickets in other ticket systems."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    actor,
    clock_at,
    local_time,
    need_reason,
    opened,
    out,
    print_list,
    print_table,
)
from worker.cli.tickets import IdArgument
from worker.contract.copies import ListedCopyShape
from worker.domain.tickets.ticket import ticket_label

LISTED_MAX = 100_000
app = typer.Typer(no_args_is_help=True, help="Look at the copies of tickets in trackers.")


@app.command("list")
def list_(
    config: ConfigOption,
    problems: Annotated[bool, typer.Option("--problems", help="Only copies with a problem.")] = False,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """List the copies, by tracker and ticket."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        copies = uow.mirrors.all(LISTED_MAX, with_problem=problems)
        when = worker.settings
    if json:
        print_list([ListedCopyShape.of_listed(one) for one in copies])
        return
    rows = [
        (
            one.tracker,
            ticket_label(one.ticket),
            one.key,
            one.shown,
            local_time(one.synced_at, when),
            one.problem,
        )
        for one in copies
    ]
    print_table("", ("tracker", "ticket", "copy", "state", "looked at", "problem"), rows, "No copies.")


@app.command()
def again(
    tracker: Annotated[
        str, typer.Argument(metavar="TRACKER", help="The tracker's name in the configuration.")
    ],
    id_: IdArgument,
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Make a copy anew that is gone, or that could not be made."""
    at = clock_at(now)
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        worker.copies.again(tracker, id_, who, need_reason(reason), at)
    out.print(
        Text(f"A new copy of {ticket_label(id_)} is made in {tracker} by the next run of the job mirror.")
    )
