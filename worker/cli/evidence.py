"""evidence: seals of files that stay where they are."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.app.acts.changes import known_ticket
from worker.app.refused import Refused
from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    actor,
    clock_at,
    local_time,
    opened,
    out,
    print_facts,
    print_list,
    print_shape,
    print_table,
)
from worker.cli.tickets import number_of
from worker.domain.controls.seals import Measured, Seal
from worker.domain.tickets.ticket import ticket_label
from worker.ops.progress import ProgressBars, progress_bars
from worker.ports.state.store import UnitOfWork
from worker.running.app import App
from worker.running.wiring import look_into_archive
from worker.settings import Settings

CHUNK = 1 << 20  # bytes
PAGE = 1000
MEDIA = {True: "yes", False: "no", None: "can't be told"}

app = typer.Typer(no_args_is_help=True, help="Seals of files that stay where they are.")


@app.command()
def seal(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)],
    config: ConfigOption,
    ticket: Annotated[
        int, typer.Option(parser=number_of, metavar="ID", help="The ticket that it belongs to: T-000123.")
    ],
    how: Annotated[str, typer.Option(metavar="TEXT", help="How it was made.")] = "",
    to: Annotated[str, typer.Option(metavar="NAME", help="Whom it is handed to now.")] = "",
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Keep a file's hash, and nothing of what is in it; or compare a file with its seal, and hand it over."""
    from worker.contract.seals import SealShape

    at = clock_at(now)
    with opened(config, now) as worker:
        with worker.store.reading() as uow:
            known_ticket(uow, ticket)
        with progress_bars() as bars:
            measured = _measured(file, worker, at, bars)
        done = worker.sealing.seal(ticket, measured, actor(by, worker.settings), at, how, to, reason)
        when = worker.settings
    if json:
        print_shape(SealShape.of(done.seal))
        return
    if not done.is_new:
        out.print(Text("The file is as it was sealed.", style="green"))
    print_facts(_facts(done.seal, when))


@app.command("list")
def list_all(
    config: ConfigOption,
    ticket: Annotated[
        int | None, typer.Option(parser=number_of, metavar="ID", help="Only this ticket's.")
    ] = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """List the seals, the first first."""
    from worker.contract.seals import SealShape

    with opened(config, now) as worker, worker.store.reading() as uow:
        found = _all_seals(uow) if ticket is None else uow.seals.of_ticket(ticket)
        when = worker.settings
    if json:
        print_list([SealShape.of(one) for one in found])
        return
    rows = [
        (
            one.label,
            ticket_label(one.ticket),
            one.name,
            f"{one.size:,}",
            one.sha256[:12],
            local_time(one.made_at, when),
            one.custody[-1].taker if one.custody else None,
        )
        for one in found
    ]
    headings = ("id", "ticket", "file", "bytes", "sha256", "when", "handed to")
    print_table("", headings, rows, "No file was sealed yet.")


def _all_seals(uow: UnitOfWork) -> list[Seal]:
    found: list[Seal] = []
    while page := uow.seals.page(found[-1].id if found else 0, PAGE):
        found += page
    return found


def _measured(file: Path, worker: App, now: datetime, bars: ProgressBars) -> Measured:
    """Read a file once where it lies, in pieces; an archive's list and its text a second time, in a process apart."""
    try:
        if file.exists() and not file.is_file():
            raise Refused(f"{file} is no file.")
        with file.open("rb", buffering=0) as data:
            before = os.fstat(data.fileno())
            measuring = worker.sealing.measuring(file.name, now)
            while piece := data.read(CHUNK):
                measuring.take(piece)
                bars.progressed("MB hashed", 1)
            found = look_into_archive(data, measuring.end(), worker.settings, now)
            after = os.fstat(data.fileno())
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror or error}.") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Refused(f"{file} was written to while it was hashed. Seal it when nobody writes it any more.")
    return found


def _facts(seal: Seal, settings: Settings) -> list[tuple[str, object]]:
    days = f"{seal.first_on} to {seal.last_on}" if seal.first_on and seal.last_on else ""
    return [
        ("seal", f"{seal.label} of {ticket_label(seal.ticket)}"),
        ("file", seal.name),
        ("size", f"{seal.size:,} bytes"),
        ("sha256", seal.sha256),
        ("media", MEDIA[seal.media]),
        ("records", "" if seal.lines is None else f"{seal.lines:,}"),
        ("days", days),
        ("made", f"{local_time(seal.made_at, settings)} by {seal.made_by}"),
        ("how", seal.how),
        *(
            ("handed over", f"{local_time(one.at, settings)} from {one.giver} to {one.taker}")
            for one in seal.custody
        ),
    ]
