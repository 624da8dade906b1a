"""replay: recorded days played against a configuration, and what would have been different."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from worker.cli.common import (
    ConfigOption,
    JsonOption,
    NowOption,
    clock_at,
    day_of,
    local_time,
    opened,
    out,
    print_shape,
    print_table,
)
from worker.domain.escalation.wall_clock import first_showing, local_day
from worker.ops.progress import progress_bars
from worker.running.wiring import load_changed_settings
from worker.settings import Settings

if TYPE_CHECKING:
    from worker.app.reads.replay import PlayedTicket, Replayed

ENVIRONMENT = "WHOSLEFT_CONFIG"  # names the present configuration
SHOWN_MAX = 20  # rows of a table; --json has all of them
NAMED_MAX = 3


def replay(
    config: ConfigOption,
    since: Annotated[date, typer.Option("--from", parser=day_of, metavar="DAY", help="From this day on.")],
    until: Annotated[
        date | None,
        typer.Option("--until", parser=day_of, metavar="DAY", help="Until the end of this day (today)."),
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option(
            "--with", metavar="FILE", help="Another configuration, or the sections of it that change."
        ),
    ] = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Play recorded days again: by another configuration, or by this one, to see what can't be replayed.

    Where WHOSLEFT_CONFIG names the present configuration, -c may name the other one, in place of --with.
    """
    from worker.contract.replay import ReplayShape
    from worker.running.replaying import changed_by, replay_of  # other commands need none of it

    at = clock_at(now)
    config, changes = _both(config, changes)
    other = load_changed_settings(config, changes) if changes else None
    with opened(config, now) as worker, progress_bars() as bars:
        settings = worker.settings
        begins, ends = _span(since, until, at, settings)
        changed = changed_by(worker, other, lambda: at) if other else None
        found = replay_of(worker, bars).play(begins, ends, at, changed)
    if json:
        print_shape(ReplayShape.of(found))
    else:
        _print(found, settings)


def _both(config: Path, changes: Path | None) -> tuple[Path, Path | None]:
    """The present configuration, and the other one: `-c` is that where the environment names the present one."""
    present = os.environ.get(ENVIRONMENT, "")
    if changes is None and present and Path(present).resolve() != config.resolve():
        return Path(present), config
    return config, changes


def _span(first: date, last: date | None, now: datetime, settings: Settings) -> tuple[datetime, datetime]:
    """The instants at which the days begin and end in the organisation's time zone; the present day ends now."""
    timezone = settings.organisation.timezone
    today = local_day(timezone, now)
    last = last or today
    for day, option in ((first, "--from"), (last, "--until")):
        if day > today:
            raise typer.BadParameter(f"it has not come yet; the last day is {today}", param_hint=option)
    if last < first:
        raise typer.BadParameter("it is before --from; name that day or a later one", param_hint="--until")
    end = first_showing(timezone, last + timedelta(days=1), time())
    return first_showing(timezone, first, time()), min(end, now)


def _print(found: Replayed, settings: Settings) -> None:
    from worker.domain.replay.comparing import PlayEffect

    span = f"{local_time(found.begins, settings)} until {local_time(found.ends, settings)}"
    played = "by the changed configuration" if found.is_changed else "by the present configuration"
    out.print(Text(f"{span}, played {played}"))
    for line in found.changed:
        out.print(Text(f"  {line}"))
    counts = [(one.value, found.count(one)) for one in PlayEffect]
    out.print()
    print_table("", ("tickets", "how many"), counts, "")
    _print_tickets(found.tickets, settings)
    _print_messages(found)
    if found.plans:
        rows = [
            (
                one.difference.value,
                one.plan.source,
                local_time(one.plan.created_at, settings),
                one.plan.size,
                one.plan.why,
            )
            for one in found.plans
        ]
        out.print()
        print_table("", ("held plans", "source", "when", "people", "why"), rows[:SHOWN_MAX], "")
        _print_rest(rows)
    out.print()
    rows_of_limits = [(one.what.value, one.how_many, _about(one.about), one.why) for one in found.cannot]
    print_table(
        "", ("can't be replayed", "how many", "which", "why"), rows_of_limits, "Everything could be replayed."
    )


def _print_tickets(tickets: Sequence[PlayedTicket], settings: Settings) -> None:
    if not tickets:
        return
    rows = [
        (
            one.difference.value,
            one.ticket.label if one.ticket else None,
            one.person_name or None,
            one.group_name or None,
            _fate(one, settings, is_would=False),
            _fate(one, settings, is_would=True),
        )
        for one in tickets
    ]
    out.print()
    print_table("", ("change", "ticket", "person", "group", "was", "would be"), rows[:SHOWN_MAX], "")
    _print_rest(rows)


def _fate(one: PlayedTicket, settings: Settings, *, is_would: bool) -> str:
    fate = one.would if is_would else one.was
    if fate.opened_at is None:
        return fate.why.value.replace("_", " ") or fate.become.value
    return f"{local_time(fate.opened_at, settings)}, due {local_time(fate.due_at, settings)}"


def _print_messages(found: Replayed) -> None:
    if not found.readers:
        return
    counts = [(one.value, number) for one, number in found.messages_by_effect().items()]
    out.print()
    print_table("", ("messages", "how many"), counts, "")
    out.print()
    print_table("", ("who", "told", "would be told"), found.readers[:SHOWN_MAX], "")
    _print_rest(found.readers)


def _print_rest(rows: Sequence[object]) -> None:
    if len(rows) > SHOWN_MAX:
        out.print(Text(f"and {len(rows) - SHOWN_MAX} more: --json has all of them"))


def _about(names: Sequence[str]) -> str | None:
    shown = ", ".join(names[:NAMED_MAX])
    return (f"{shown}, …" if len(names) > NAMED_MAX else shown) or None
