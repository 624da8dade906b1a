"""What all commands share: the configuration option, the clock, the actor, and how answers are printed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from worker.contract.shape import ListShape, Shape
from worker.domain.evidence.actor import Actor, Via, logged_in, stated
from worker.domain.evidence.journal import Entry, stated_at
from worker.domain.messages.sentences import flat
from worker.ops.clock import system_now
from worker.ops.terminal import Terminal, json_text
from worker.ops.whoami import login_and_host, login_name
from worker.ports.connectors.commands import JsonOption, NowOption
from worker.running.app import App, Clock
from worker.running.wiring import load_settings, open_app
from worker.settings import Settings

__all__ = [
    "ByOption", "ConfigOption", "JsonOption", "NowOption", "ReasonOption", "act_time", "actor", "clock_at", "err",
    "local_time", "need_reason", "opened", "out", "print_facts", "print_json", "print_list", "print_table", "recorder",
]  # fmt: skip

out = Terminal(highlight=False, soft_wrap=False)
err = Terminal(stderr=True, highlight=False, soft_wrap=True)


ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="WHOSLEFT_CONFIG", help="The configuration file.", metavar="FILE"),
]
ByOption = Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who does this (your login name).")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


def clock_at(now: datetime | None) -> datetime:
    """The instant that a command works at."""
    return now or system_now()


def actor(by: str | None, settings: Settings) -> Actor:
    """The person who acts: by the login name, whatever name is given, unless `desk.trust_by` says otherwise."""
    login = login_name()
    id_ = stated(by) if by and settings.desk.trust_by else logged_in(login)
    return Actor(by or login, id_, Via.COMMAND, login_and_host())


def need_reason(reason: str) -> str:
    """The reason; a call without one is wrong."""
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    return reason


@contextmanager
def opened(config: Path, now: datetime | None) -> Iterator[App]:
    """The use cases of a configuration, over its database. The journal has the real instant beside a stated one."""
    at = clock_at(now)
    with open_app(load_settings(config), lambda: at, recorded_by=recorder(now)) as app:
        yield app


def recorder(now: datetime | None) -> Clock | None:
    """The clock that the journal goes by where somebody set the command's own; None where nobody did."""
    return None if now is None else system_now


def print_json(value: Any) -> None:
    """One document on standard output."""
    sys.stdout.write(f"{json_text(value, indent=2)}\n")


def print_shape(shape: Shape) -> None:
    """One document of the contract."""
    print_json(shape.model_dump(mode="json", by_alias=True))


def print_list(items: Sequence[Shape]) -> None:
    """A whole list of the contract."""
    print_shape(ListShape.of(items))


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """An aligned table, or a sentence when there is nothing."""
    if not rows:
        out.print(Text(empty))
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(flat(str(cell))) if cell is not None else Text("-") for cell in row))
    out.print(table)


def print_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Label and value, aligned."""
    width = max((len(label) for label, _ in facts), default=0)
    for label, value in facts:
        if value not in {None, ""}:
            out.print(Text(f"{label:<{width}}  {flat(str(value))}"))


def local_time(at: datetime | None, settings: Settings) -> str:
    """An instant in the organisation's time, to the minute."""
    return (
        "-"
        if at is None
        else at.astimezone(ZoneInfo(settings.organisation.timezone)).strftime("%Y-%m-%d %H:%M")
    )


def act_time(entry: Entry, settings: Settings) -> str:
    """When something was done, with the instant that was stated for it where that is another."""
    real, stated = local_time(entry.at, settings), stated_at(entry)
    return real if stated == entry.at else f"{real} (stated as {local_time(stated, settings)})"
