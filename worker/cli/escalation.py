"""escalation explain: who is told when about a ticket, and what changed policies would do about many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.app.acts.changes import known_ticket
from worker.app.reads.escalation import ComingStep, ToldOne
from worker.app.reads.what_if import ReplayedStep, ReplayedTicket, what_if
from worker.cli.common import (
    ConfigOption,
    JsonOption,
    NowOption,
    clock_at,
    day_of,
    local_time,
    opened,
    out,
    print_list,
    print_shape,
    print_table,
)
from worker.cli.tickets import number_of
from worker.contract.tickets import EscalationShape
from worker.contract.what_if import ReplayedTicketShape
from worker.domain.escalation.replay import Change
from worker.domain.escalation.wall_clock import first_showing
from worker.domain.messages.sentences import state_line
from worker.running.wiring import load_changed_settings
from worker.settings import Settings

SPAN = timedelta(weeks=4)

escalation = typer.Typer(no_args_is_help=True, help="See who would be told when.")


@escalation.command("explain")
def explain_(
    config: ConfigOption,
    id_: Annotated[
        int | None, typer.Argument(parser=number_of, metavar="ID", help="A ticket's id: T-000123.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", metavar="FILE", help="Without an ID: what the policies of this file would change."
        ),
    ] = None,
    since: Annotated[
        date | None,
        typer.Option("--from", parser=day_of, metavar="DAY", help="From this day on (four weeks ago)."),
    ] = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Say which policy a ticket has, and when each step comes; or what changed policies would have done."""
    if (id_ is None) == (policy is None):
        raise typer.BadParameter("give a ticket's ID, or --policy FILE")
    if policy is None and since is not None:
        raise typer.BadParameter("it goes with --policy FILE", param_hint="--from")
    if policy is not None:
        _what_if(config, policy, since, now, json=json)
    elif id_ is not None:
        _explain(config, id_, now, json=json)


def _explain(config: Path, number: int, now: datetime | None, *, json: bool) -> None:
    with opened(config, now) as worker:
        # As the worker will, before it tells them; else the preview would hold messages until another hour.
        worker.zones.learn(clock_at(now), lambda uow: worker.explainer.people(uow, known_ticket(uow, number)))
        when = worker.settings
        with worker.store.reading() as uow:
            ticket = known_ticket(uow, number)
            found = worker.explainer.explain(uow, ticket)
    explained = EscalationShape.of(found)
    if json:
        print_shape(explained)
        return
    due = local_time(ticket.due_at, when)
    out.print(Text(f"{ticket.label} is {state_line(ticket)}, due {due}; policy {explained.policy}"))
    shown = [
        (local_time(one.at, when), one.what, _over(step), _waits(step, when), one.state)
        for one, step in zip(explained.steps, found.steps, strict=True)
    ]
    print_table("", ("when", "what", "over", "waits until", "state"), shown, "There are no steps.")


def _over(step: ComingStep) -> str | None:
    return ", ".join(dict.fromkeys(map(_reached, step.everybody))) or None


def _reached(one: ToldOne) -> str:
    passes_on = f" ({one.to.label} passes it on to {one.passes_on_to})" if one.passes_on_to else ""
    return f"{one.over}{passes_on}" if one.over else one.why


def _waits(step: ComingStep, when: Settings) -> str | None:
    held = [(one.held_until, one.why) for one in step.everybody if one.held_until is not None]
    return ", ".join(dict.fromkeys(f"{local_time(until, when)} ({why})" for until, why in held)) or None


def _what_if(config: Path, policy: Path, since: date | None, now: datetime | None, *, json: bool) -> None:
    changed, at = load_changed_settings(config, policy).ticket_rules(), clock_at(now)
    with opened(config, now) as worker, worker.store.reading() as uow:
        when = worker.settings
        begins = first_showing(when.organisation.timezone, since, time()) if since else at - SPAN
        found = list(what_if(uow, worker.explainer, changed, begins, at))
    if json:
        print_list([ReplayedTicketShape.of(one) for one in found])
        return
    rows = [
        (
            one.ticket.label,
            one.change.value,
            len(one.was),
            len(one.would),
            _first(one.was, when),
            _first(one.would, when),
        )
        for one in found
    ]
    headings = ("ticket", "change", "steps", "would be", "the first", "would be")
    print_table("", headings, rows, f"There were no tickets since {local_time(begins, when)}.")
    if found:
        out.print()
        print_table("", ("who", "told", "would be told"), _by_reader(found), "Nobody is told anything.")
        out.print()
        out.print(Text(_totals(found)))


def _first(steps: Sequence[ReplayedStep], when: Settings) -> str | None:
    return local_time(steps[0].taken.at, when) if steps else None


def _by_reader(found: Sequence[ReplayedTicket]) -> list[tuple[str, int, int]]:
    """How often each recipient is told by both, whoever is told most first."""
    was, would = (
        Counter(
            one.to.label
            for ticket in found
            for step in (ticket.was if is_now else ticket.would)
            for one in step.told
            if one.over
        )
        for is_now in (True, False)
    )
    return [(name, was[name], would[name]) for name, _ in (was + would).most_common()]


def _totals(found: Sequence[ReplayedTicket]) -> str:
    counts = Counter(one.change for one in found)
    said = ", ".join(f"{change.value} {counts[change]}" for change in Change)
    return f"{len(found)} ticket{'' if len(found) == 1 else 's'}: {said}"
