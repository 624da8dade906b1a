"""tickets: list, show, and people's acts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer
from rich.text import Text

from worker.app.acts.changes import known_ticket
from worker.app.reads.ticket import WholeTicket, listed_tickets, whole_ticket
from worker.app.tell.helping import help_for
from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    act_time,
    actor,
    clock_at,
    day_of,
    local_time,
    need_reason,
    opened,
    out,
    print_facts,
    print_link,
    print_list,
    print_shape,
    print_table,
    span_of,
)
from worker.contract.tickets import (
    DeadLinkShape,
    LinkShape,
    TicketShape,
    TicketShownShape,
)
from worker.domain.escalation.wall_clock import DAY, first_showing
from worker.domain.groups.case import account_line
from worker.domain.kinds import kind_of, proof_source
from worker.domain.kinds.controlled import pasted
from worker.domain.kinds.kind import Sees
from worker.domain.messages.sentences import state_line, ticket_steps, ticket_title
from worker.domain.tickets.ticket import LIVE, Ticket, TicketState, ticket_number
from worker.ports.connectors.commands import instant_of
from worker.ports.state.store import UnitOfWork
from worker.running.app import App

PAGE = 1000
WIDE = 110  # columns; from here on, a table has room for reasons

app = typer.Typer(no_args_is_help=True, help="Look at tickets, and act on them.")


def number_of(text: str) -> int:
    """The number of a ticket's id in a call."""
    try:
        return ticket_number(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


IdArgument = Annotated[int, typer.Argument(parser=number_of, metavar="ID", help="A ticket's id: T-000123.")]


@app.command("list")
def list_(
    config: ConfigOption,
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
    state: Annotated[list[TicketState] | None, typer.Option(help="Only these states.")] = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """List tickets; live ones unless told otherwise."""
    states = state or (list(TicketState) if everything else sorted(LIVE))
    with opened(config, now) as worker, worker.store.reading() as uow:
        tickets = list(_all(uow, states))
        if json:
            print_list(
                [
                    TicketShape.of(one, worker.witnesses)
                    for one in listed_tickets(uow, tickets, clock_at(now), worker.rules.holding)
                ]
            )
            return
        rows = [
            (t.label, state_line(t), ticket_title(t), t.assignee.label if t.assignee else None,
             local_time(t.due_at, worker.settings), t.reason)
            for t in tickets
        ]  # fmt: skip
    headings = ("ticket", "state", "what", "assignee", "due", "why")
    shown = len(headings) if out.width >= WIDE else len(headings) - 1  # a narrow terminal has `tickets show`
    print_table("", headings[:shown], [row[:shown] for row in rows], "No tickets.")


def _all(uow: UnitOfWork, states: list[TicketState]) -> list[Ticket]:
    tickets: list[Ticket] = []
    while page := uow.tickets.page(states, tickets[-1].id if tickets else 0, PAGE):
        tickets += page
    return tickets


@app.command()
def show(id_: IdArgument, config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """Show one ticket with its history."""
    at = clock_at(now)
    with opened(config, now) as worker, worker.store.reading() as uow:
        ticket = known_ticket(uow, id_)
        whole = whole_ticket(uow, ticket, at, worker.rules.holding, worker.rules.links)
        if json:
            print_shape(TicketShownShape.of(whole, worker.witnesses))
            return
        _print(worker, uow, whole)
        out.print()
        rows = [
            (act_time(e.entry, worker.settings), e.entry.actor, e.entry.data.get("via"), e.entry.event,
             e.entry.reason)
            for e in whole.history
        ]  # fmt: skip
        print_table("History", ("when", "who", "by way of", "what", "why"), rows, "No history.")


def _group(ticket: Ticket) -> str:
    key = ticket.group
    return "none" if key is None else f"{ticket.group_name} ({key.source}/{key.group_id}, {ticket.messenger})"


def _print(worker: App, uow: UnitOfWork, whole: WholeTicket) -> None:
    when, ticket, accounts = worker.settings, whole.ticket, whole.accounts
    assignee, source = ticket.assignee, proof_source(ticket)
    proven_by = f" by {source}" if source else ""
    print_facts([
        ("ticket", f"{ticket.label}  {ticket_title(ticket)}"),
        ("kind", ticket.kind.value),
        ("state", f"{state_line(ticket)}: {ticket.reason}"),
        ("group", _group(ticket)),
        ("member", f"{ticket.member_name} {ticket.handle}".strip()),
        ("person", f"{ticket.person_name} ({ticket.person.source}/{ticket.person.person_id})" if ticket.person else ""),
        ("evidence", f"{ticket.evidence.value}, {local_time(ticket.left_at, when)}" if ticket.evidence else ""),
        ("accounts", "; ".join(map(account_line, accounts)) if len(accounts) > 1 else ""),
        ("assignee", f"{assignee.name} {assignee.email} ({assignee.said})".strip() if assignee else "nobody"),
        ("link known to", ", ".join(whole.link_known_to)),
        ("opened", local_time(ticket.opened_at, when)),
        ("due", local_time(ticket.due_at, when)),
        *((name, local_time(until, when) if until else "") for name, until in (
            ("held until", ticket.held_until), ("waived until", ticket.waived_until),
            ("acknowledged until", ticket.acknowledged_until), ("snoozed until", ticket.snoozed_until),
        )),
        ("done", f"{local_time(ticket.done_at, when)} by {ticket.done_by}" if ticket.done_at else ""),
        ("verified", f"{local_time(ticket.verified_at, when)}{proven_by}" if ticket.verified_at else ""),
        ("grade", ticket.grade.value if ticket.grade else ""),
        ("reopened", ticket.reopened or ""),
    ])  # fmt: skip
    for copy in whole.copies:
        said = ": ".join(filter(None, (f"{copy.tracker} {copy.key} {copy.url} ({copy.shown})", copy.problem)))
        out.print(Text(f"copy       {said}"))
    for taken, policy, to in whole.steps:
        told = ", ".join(to) or "nobody could be reached"
        out.print(
            Text(
                f"escalated  step {taken.step}.{taken.repeat} ({policy}) {local_time(taken.at, when)}: {told}"
            )
        )
    if ticket.is_live:
        aid = help_for(uow, ticket, worker.rules.languages)
        steps = ticket_steps(ticket, aid=aid)
        out.print(Text("\n" + "\n".join(f"{n}. {step}" for n, step in enumerate(steps, start=1))))
        for text in pasted(ticket):
            out.print(Text(f"\nText to paste:\n{text}"))
        if aid is not None and aid.text:
            out.print(Text(f"\nText for {ticket.person_name}: {aid.text}"))


@app.command()
def done(
    id_: IdArgument,
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Claim that it was done; the next roster proves it. A second person's claim confirms it."""
    at = clock_at(now)
    with opened(config, now) as worker:
        ticket = worker.desk.done(id_, actor(by, worker.settings), at, reason)
    grade = f", grade {ticket.grade.value}" if ticket.grade else ""
    out.print(Text(f"{ticket.label} is {ticket.state.value}{grade}. {proof_line(ticket)}"))


def proof_line(ticket: Ticket) -> str:
    """What will prove a claim, or that a second person's word has closed a ticket that one person's word does."""
    if ticket.state is TicketState.VERIFIED:
        return "A second person has confirmed it."
    if kind_of(ticket).sees is Sees.CONTROLS:
        return "What is read from now on will prove it."
    return "A roster taken from now on will prove it."


@app.command()
def reopen(
    id_: IdArgument,
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Put a ticket back to open."""
    at = clock_at(now)
    with opened(config, now) as worker:
        ticket = worker.desk.reopen(id_, actor(by, worker.settings), need_reason(reason), at)
    out.print(Text(f"{ticket.label} is open again, due {local_time(ticket.due_at, worker.settings)}."))


@app.command()
def waive(
    id_: IdArgument,
    config: ConfigOption,
    until: Annotated[
        date | None, typer.Option(parser=day_of, metavar="DAY", help="Until the end of this day.")
    ] = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Accept the state as it is, for good or until a day."""
    at = clock_at(now)
    with opened(config, now) as worker:
        end = None if until is None else _day_end(until, worker.settings.organisation.timezone)
        ticket = worker.desk.waive(id_, actor(by, worker.settings), need_reason(reason), at, end)
    limit = f" until {local_time(end, worker.settings)}" if end else ""
    out.print(Text(f"{ticket.label} is waived{limit}."))


def _day_end(day: date, timezone: str) -> datetime:
    return first_showing(timezone, day + DAY, time())


@app.command()
def assign(
    id_: IdArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Hand a ticket to somebody, who is told."""
    at = clock_at(now)
    with opened(config, now) as worker:
        ticket = worker.desk.assign(id_, email, actor(by, worker.settings), at, reason)
    out.print(Text(f"{ticket.label} is with {email} now."))


@app.command()
def ack(
    id_: IdArgument,
    config: ConfigOption,
    span: Annotated[
        timedelta | None,
        typer.Option(
            "--for", parser=span_of, metavar="DURATION", help="So long, in place of the policy's time."
        ),
    ] = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Say "I have it": no escalation for as long as the policy says (four hours)."""
    at = clock_at(now)
    with opened(config, now) as worker:
        ticket = worker.desk.acknowledge(id_, actor(by, worker.settings), at, reason, span)
        goes_on = any(step.is_until_done for step in worker.explainer.rules.policy(ticket).steps)
    until, but = (
        ticket.acknowledged_until,
        ", but for the steps that go on until it is done" if goes_on else "",
    )
    if until and ticket.is_snoozed(until):
        until, but = ticket.snoozed_until, ", since it is snoozed until then"
    out.print(Text(f"{ticket.label}: no escalation until {local_time(until, worker.settings)}{but}."))


@app.command()
def snooze(
    id_: IdArgument,
    span: Annotated[
        timedelta, typer.Option("--for", parser=span_of, metavar="DURATION", help="So long: 2h, 1d.")
    ],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Say "later": no step of its policy is taken for a while."""
    at = clock_at(now)
    with opened(config, now) as worker:
        ticket = worker.desk.snooze(id_, actor(by, worker.settings), span, at, reason)
    until = local_time(ticket.snoozed_until, worker.settings)
    out.print(Text(f"{ticket.label}: snoozed. The next step is taken after {until}."))


@app.command()
def hold(
    id_: IdArgument,
    config: ConfigOption,
    until: Annotated[
        datetime | None, typer.Option("--until", parser=instant_of, metavar="INSTANT", help="Its end.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End a hold before its time.")] = False,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Hold the removal of somebody who left, while their own export is needed; a hold ends by itself."""
    at = clock_at(now)
    if (until is None) is not end:
        raise typer.BadParameter("say when it ends: --until INSTANT, or --end to end it now")
    with opened(config, now) as worker:
        who, why = actor(by, worker.settings), need_reason(reason)
        ticket = (
            worker.holds.end(id_, who, why, at)
            if until is None
            else worker.holds.hold(id_, who, why, until, at)
        )
    if until is None:
        out.print(Text(f"{ticket.label} is {ticket.state.value}: the hold is over."))
    else:
        out.print(Text(f"{ticket.label} is held until {local_time(ticket.held_until, worker.settings)}."))


@app.command()
def link(
    id_: IdArgument,
    config: ConfigOption,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Make all links to it that were given out dead.")
    ] = False,
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Print the assignee's signed link, and write that down; whoever has it can act in their name."""
    at = clock_at(now)
    with opened(config, now) as worker:
        if revoke:
            ticket = worker.assigned.revoke(id_, actor(by, worker.settings), at, reason)
            if json:
                print_shape(DeadLinkShape())
            else:
                out.print(Text(f"{ticket.label}: the links given out so far open nothing any more."))
            return
        url = worker.assigned.show_link(id_, actor(by, worker.settings), at, reason)
    if json:
        print_shape(LinkShape(url=url))
    else:
        print_link(url, worker.settings)
