"""rota: who is on call, and where nobody will be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from worker.cli.common import (
    ConfigOption,
    JsonOption,
    NowOption,
    clock_at,
    day_of,
    err,
    opened,
    print_list,
    print_table,
)
from worker.contract.rotas import GapShape, ShiftShape
from worker.domain.escalation.wall_clock import DAY, first_showing, local_day

SHOWN_DAYS, SHOWN_MAX = 14, timedelta(days=400)
MIDNIGHT = time(0)

rota = typer.Typer(no_args_is_help=True, help="Who is on call.")


@rota.command("show")
def rota_show(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    config: ConfigOption,
    from_: Annotated[
        date | None, typer.Option("--from", parser=day_of, metavar="DAY", help="From this day (today).")
    ] = None,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=day_of, metavar="DAY", help="To its end (two weeks later)."),
    ] = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Show who is on call, turn by turn, in the rota's time zone."""
    at = clock_at(now)
    with opened(config, now) as worker:
        timezone = worker.rotas.named(name).timezone
        first = from_ or local_day(timezone, at)
        end = until + DAY if until else first + SHOWN_DAYS * DAY
        if not first < end <= first + SHOWN_MAX:
            raise typer.BadParameter(
                f"it has to be from {first} to {SHOWN_MAX.days} days later", param_hint="--until"
            )
        found = worker.rotas.shifts(
            name, first_showing(timezone, first, MIDNIGHT), first_showing(timezone, end, MIDNIGHT), at
        )
        notes = worker.rotas.notes(name, at)
    if json:
        print_list([ShiftShape.of(one) for one in found])
    else:
        rows = [
            (
                _local(one.from_at, timezone),
                _local(one.until_at, timezone),
                one.person or "nobody",
                one.source,
            )
            for one in found
        ]
        print_table(f"{name} ({timezone})", ("from", "until", "person", "why"), rows, "")
    _tell(notes)


@rota.command("gaps")
def rota_gaps(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List where nobody will be on call within each rota's gap_warning; exit 1 if there is any."""
    at = clock_at(now)
    with opened(config, now) as worker:
        found = worker.rotas.gaps(at)
        rotas = worker.rules.rotas.rotas
        notes = [note for name in rotas for note in worker.rotas.notes(name, at)]
    if json:
        print_list([GapShape.of(one) for one in found])
    else:
        rows = [
            (one.rota, *(_local(end, rotas[one.rota].timezone) for end in (one.gap.from_at, one.gap.until_at)),
             one.gap.person, one.gap.why.value)
            for one in found
        ]  # fmt: skip
        nobody = "Somebody is always on call." if rotas else "The configuration has no rota."
        print_table("", ("rota", "from", "until", "person", "why"), rows, nobody)
    _tell(notes)
    if found:
        raise typer.Exit(1)


def _local(at: datetime, timezone: str) -> str:
    """An instant by the rota's clocks, with their offset, since an hour may come twice."""
    return f"{at.astimezone(ZoneInfo(timezone)):%a %Y-%m-%d %H:%M %z}"


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        err.print(Text(note), soft_wrap=True)
