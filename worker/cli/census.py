"""census: work groups that people named when they were asked, and what each of them is."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from worker.app.reads.census import CandidateShown, census_shown
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
    print_link,
    print_list,
    print_table,
)
from worker.contract.census import CensusCandidateShape
from worker.domain.controls.census import CandidateDecision
from worker.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Look at the groups that people named, and decide what they are."
)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Its id: C-000012.")]
_SAID = {
    CandidateDecision.GROUP: "it is a known group.",
    CandidateDecision.NOT_A_GROUP: "it is no work group.",
    CandidateDecision.ASKED: "somebody is asked to put it into the register.",
}


@app.command("list")
def list_(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List them, those to decide first."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        found = census_shown(uow, worker.controls.rules.lists)
        when = worker.settings
    if json:
        print_list([CensusCandidateShape.of(one) for one in found])
        return
    rows = [_row(one, when) for one in found]
    headings = ("id", "name", "messenger", "people", "form", "known as", "decision", "last named")
    print_table("", headings, rows, "Nobody has named a group yet.")


@app.command()
def decide(
    id_: IdArgument,
    config: ConfigOption,
    group: Annotated[str, typer.Option(help="It is this group: its id, name or source/id.")] = "",
    not_a_group: Annotated[bool, typer.Option("--not-a-group", help="It is no work group.")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask somebody to put it into the register.")] = False,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Say what a named group is: one of --group, --not-a-group and --ask."""
    chosen = {
        CandidateDecision.GROUP: bool(group),
        CandidateDecision.NOT_A_GROUP: not_a_group,
        CandidateDecision.ASKED: ask,
    }
    decisions = [one for one, is_chosen in chosen.items() if is_chosen]
    if len(decisions) != 1:
        raise typer.BadParameter("say one of --group, --not-a-group and --ask")
    at = clock_at(now)
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        after = worker.census.decide(id_, decisions[0], who, at, group, reason)
    out.print(Text(f"{after.label} {after.name}: {_SAID[after.decision]}"))


@app.command()
def link(
    config: ConfigOption,
    new: Annotated[bool, typer.Option("--new", help="Make another; the earlier one is over.")] = False,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Print the address of the public form, on which staff name groups without an account."""
    at = clock_at(now)
    with opened(config, now) as worker:
        url = worker.census.url(actor(by, worker.settings), at, reason, is_new=new)
    print_link(url, worker.settings)


def _row(shown: CandidateShown, when: Settings) -> tuple[str, ...]:
    one = shown.candidate
    counts = (str(one.named_by), str(one.anonymous))
    last = local_time(one.last_named_at, when)
    return one.label, one.name, one.messenger, *counts, _known(shown), one.decision.value, last


def _known(one: CandidateShown) -> str:
    if one.candidate.group:
        return "/".join(one.candidate.group)
    if one.match.same:
        return one.match.same[0].name
    return f"may be {one.match.alike[0].name}" if one.match.alike else ""
