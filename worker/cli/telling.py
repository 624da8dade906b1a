"""silence: keep people from being told for a while; deliveries: what is on its way, held or dead."""

from __future__ import annotations

from datetime import datetime, timedelta
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
    print_shape,
    print_table,
    some_text,
    span_of,
)
from worker.contract.shape import ListShape
from worker.contract.telling import DeliveryShape, SilenceShape
from worker.domain.escalation.silences import Silence
from worker.domain.tickets.ticket import TicketKind
from worker.ports.connectors.commands import instant_of
from worker.ports.state.deliveries import PostFilter, PostState

SHOWN_MAX = 1000

silence = typer.Typer(
    no_args_is_help=True, help="Keep people from being told about some tickets for a while."
)
deliveries = typer.Typer(no_args_is_help=True, help="See what is on its way, held or dead; send it again.")

Several = list[str] | None


@silence.command()
def add(
    config: ConfigOption,
    until: Annotated[
        datetime | None, typer.Option("--until", parser=instant_of, metavar="INSTANT", help="Its end.")
    ] = None,
    span: Annotated[
        timedelta | None,
        typer.Option("--for", parser=span_of, metavar="DURATION", help="Or how long it lasts."),
    ] = None,
    group: Annotated[
        Several, typer.Option("--group", parser=some_text, metavar="GLOB", help="Groups by name or id.")
    ] = None,
    person: Annotated[
        Several, typer.Option("--person", parser=some_text, metavar="WHO", help="E-mail address or id.")
    ] = None,
    source: Annotated[
        Several, typer.Option("--source", parser=some_text, metavar="NAME", help="Inventories.")
    ] = None,
    kind: Annotated[list[TicketKind] | None, typer.Option("--kind", help="Kinds of ticket.")] = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Make a silence; it ends by itself, after 30 days at most."""
    at = clock_at(now)
    if (until is None) == (span is None):
        raise typer.BadParameter("say when it ends: --until INSTANT, or --for DURATION")
    end = until or at + (span or timedelta())
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        try:
            wanted = Silence(
                "", at, end, who.name, need_reason(reason), tuple(group or ()), tuple(person or ()),
                tuple(source or ()), tuple(kind or ()),
            )  # fmt: skip
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        made = worker.silencing.silence(wanted, who, at)
        if json:
            print_shape(SilenceShape.of(made))
            return
        out.print(Text(f"{made.id} is on until {local_time(made.until_at, worker.settings)}."))


@silence.command("list")
def list_silences(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List silences, those that are over too."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        found = worker.silencing.all(uow)
        when = worker.settings
    if json:
        print_list([SilenceShape.of(one) for one in found])
        return
    at = clock_at(now)
    rows = [
        (
            one.id, one.state(at).value, _covered(one),
            local_time(one.from_at, when), local_time(one.ended_at or one.until_at, when), one.by, one.fired,
            one.reason,
        )
        for one in found
    ]  # fmt: skip
    print_table(
        "",
        ("silence", "is", "of", "from", "until", "by", "tickets", "why"),
        rows,
        "Nothing is or was silenced.",
    )


def _covered(one: Silence) -> str:
    return ", ".join([*one.groups, *one.people, *one.sources, *(kind.value for kind in one.kinds)])


@silence.command("end")
def end_silence(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A silence's id: S-000007.")],
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """End a silence now; what it held goes out."""
    at = clock_at(now)
    with opened(config, now) as worker:
        ended = worker.silencing.end(id_, actor(by, worker.settings), at, reason)
    out.print(Text(f"{ended.id} is over."))


@deliveries.command("list")
def list_deliveries(
    config: ConfigOption,
    state: Annotated[
        list[PostState] | None, typer.Option("--state", help="Only these; again for more.")
    ] = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """List messages, the newest first."""
    at, wanted = clock_at(now), state or list(PostState)
    with opened(config, now) as worker, worker.store.reading() as uow:
        posts = uow.deliveries.posts(PostFilter(tuple(wanted)), at, SHOWN_MAX)
        total = sum(uow.deliveries.count(one, at) for one in wanted)
        when = worker.settings
    if json:
        print_shape(ListShape(items=[DeliveryShape.of(post) for post in posts], total=total))
        return
    rows = [
        (
            post.id, post.state.value, post.to.label, post.over or None, ", ".join(post.tickets) or None,
            local_time(post.created_at, when),
            local_time(post.held_until, when) if post.held_until else None, post.held_by or post.error or None,
        )
        for post in posts
    ]  # fmt: skip
    headings = ("message", "is", "to", "over", "tickets", "since", "held until", "why")
    print_table("", headings, rows, "There are no such messages.")
    if total > len(posts):
        out.print(Text(f"The newest {len(posts)} of {total}."))


IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A message's id: D-000007 or M-000007.")]


@deliveries.command()
def retry(
    id_: IdArgument,
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Send a dead message once more."""
    at = clock_at(now)
    with opened(config, now) as worker:
        post = worker.silencing.retry(id_, actor(by, worker.settings), at, reason)
    out.print(Text(f"{post.id} waits to be sent again."))


@deliveries.command()
def drop(
    id_: IdArgument,
    config: ConfigOption,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Give up a message that is not sent."""
    at = clock_at(now)
    with opened(config, now) as worker:
        post = worker.silencing.drop(id_, actor(by, worker.settings), need_reason(reason), at)
    out.print(Text(f"{post.id} is dropped."))
