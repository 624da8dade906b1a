"""Shared parts of all commands: the configuration option, the clock, the actor, and printing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from worker.contract.shape import ListShape, Shape
from worker.domain.escalation.wall_clock import named_day
from worker.domain.evidence.actor import Actor, Via, logged_in, stated
from worker.domain.evidence.journal import Entry, stated_at
from worker.domain.messages.sentences import flat
from worker.domain.text.durations import parse_duration
from worker.ops.clock import system_now
from worker.ops.terminal import Terminal, json_text
from worker.ops.whoami import login_and_host, login_name
from worker.ports.connectors.commands import JsonOption, NowOption
from worker.running.app import App, Clock
from worker.running.wiring import load_settings, open_app
from worker.settings import Settings

__all__ = [
    "ByOption", "ConfigOption", "JsonOption", "NowOption", "ReasonOption", "act_time", "actor", "clock_at", "day_of",
    "err", "local_time", "need_reason", "opened", "out", "print_facts", "print_json", "print_link", "print_list",
    "print_table", "recorder", "shown_link", "some_text", "span_of",
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
    """The instant that a command uses as now."""
    return now or system_now()


def actor(by: str | None, settings: Settings) -> Actor:
    """The person who acts. The login name identifies them, not a given name, unless `desk.trust_by` allows that."""
    login = login_name()
    id_ = stated(by) if by and settings.desk.trust_by else logged_in(login)
    return Actor(by or login, id_, Via.COMMAND, login_and_host())


def shown_link(url: str, settings: Settings) -> str:
    """Return a link to the desk as it is shown: its path alone, if only the desk's own process knows its port."""
    return url.removeprefix(settings.desk.base) if _takes_any_port(settings) else url


def print_link(url: str, settings: Settings) -> None:
    """Print a link to the desk on a line of its own, and where it goes if that can't be said."""
    out.print(Text(shown_link(url, settings)), soft_wrap=True)
    if _takes_any_port(settings):
        out.print(
            Text("It goes behind the desk's address. The desk takes any port that is free (desk.listen has port 0); "
                 "its log says which: desk.served, listen=…")
        )  # fmt: skip


def _takes_any_port(settings: Settings) -> bool:
    return settings.desk.url is None and settings.desk.address[1] == 0


def span_of(text: str) -> timedelta:
    """A time span in a call: 2h, 90d."""
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not span:
        raise typer.BadParameter("it would be over at once; write for example 90d")
    return span


def day_of(text: str) -> date:
    """A day in a call: 2026-11-24."""
    try:
        return named_day(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day; write for example 2026-11-24.") from None


def some_text(text: str) -> str:
    """What somebody wrote in a call, without blanks at its ends; a variable that is empty by mistake is refused."""
    if not text.strip():
        raise typer.BadParameter("it is blank; name one, or leave the option out")
    return text.strip()


def need_reason(reason: str) -> str:
    """The reason; raises an error for a call without one."""
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    return reason


@contextmanager
def opened(config: Path, now: datetime | None) -> Iterator[App]:
    """The use cases of a configuration, over its database. With a stated instant, the journal has the real one, too."""
    at = clock_at(now)
    with open_app(load_settings(config), lambda: at, recorded_by=recorder(now)) as app:
        yield app


def recorder(now: datetime | None) -> Clock | None:
    """The real clock for the journal, if somebody set the command's own clock; else None."""
    return None if now is None else system_now


def print_json(value: Any) -> None:
    """Print one document on standard output."""
    typer.echo(json_text(value, indent=2))


def print_shape(shape: Shape) -> None:
    """Print one document of the contract."""
    print_json(shape.model_dump(mode="json", by_alias=True))


def print_list(items: Sequence[Shape]) -> None:
    """Print a whole list of the contract."""
    print_shape(ListShape.of(items))


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print an aligned table; without rows, print the sentence `empty`."""
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
    """Print labels and values, aligned."""
    width = max((len(label) for label, _ in facts), default=0)
    for label, value in facts:
        if value not in {None, ""}:
            out.print(Text(f"{label:<{width}}  {flat(str(value))}"), soft_wrap=True)  # may be copied


def local_time(at: datetime | None, settings: Settings) -> str:
    """An instant in the organisation's time zone, to the minute."""
    return (
        "-"
        if at is None
        else at.astimezone(ZoneInfo(settings.organisation.timezone)).strftime("%Y-%m-%d %H:%M")
    )


def act_time(entry: Entry, settings: Settings) -> str:
    """The instant of an act; if another one was stated, both."""
    real, stated = local_time(entry.at, settings), stated_at(entry)
    return real if stated == entry.at else f"{real} (stated as {local_time(stated, settings)})"
