"""plans: held plans, and their release or rejection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

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
    need_reason,
    opened,
    out,
    print_list,
    print_shape,
    print_table,
)
from worker.contract.plans import PlanShape
from worker.domain.messages.held import found_of
from worker.domain.reconcile.guard import HeldPlan, HoldState, plan_number
from worker.running.app import App

app = typer.Typer(no_args_is_help=True, help="Look at held plans, release or reject them.")


def _number(text: str) -> int:
    try:
        return plan_number(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


IdArgument = Annotated[int, typer.Argument(parser=_number, metavar="ID", help="A plan's id: P-000007.")]
CohortOption = Annotated[
    list[str] | None, typer.Option("--cohort", metavar="ID", help="Only this cohort (c1).")
]


@app.command("list")
def list_(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List held plans, newest first."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        plans = uow.episodes.plans()
        when = worker.settings
    if json:
        print_list([PlanShape.of(plan) for plan in plans])
        return
    rows = [
        (
            p.label,
            p.state.value,
            p.source,
            p.size,
            local_time(p.created_at, when),
            p.why,
        )
        for p in plans
    ]
    print_table("", ("plan", "state", "source", "size", "held on", "why"), rows, "Nothing is or was held.")


@app.command()
def show(id_: IdArgument, config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """Show one plan with its cohorts and people."""
    with opened(config, now) as worker, worker.store.reading() as uow:
        plan = uow.episodes.plan(id_)
        when = worker.settings
    if plan is None:
        raise Refused(f"There is no plan P-{id_:06d}; `whosleft plans list` shows them.")
    if json:
        print_shape(PlanShape.of(plan))
        return
    held_on = local_time(plan.created_at, when)
    now_is = "waits" if plan.state is HoldState.HELD else f"is {plan.state.value} now"
    out.print(Text(f"{plan.label} ({plan.source}) was held on {held_on}, and {now_is}."))
    out.print(Text(plan.why))
    for cohort in plan.cohorts:
        out.print(Text(f"\n{cohort.id}  {cohort.state.value}  {cohort.counted}: {cohort.cause}"))
        if cohort.decided_at is not None:
            said = f"{cohort.decided_by} on {local_time(cohort.decided_at, when)}: {cohort.reason}"
            out.print(Text(f"    {cohort.state.value} by {said}"))
        rows = [(p.name, f"{p.person.source}/{p.person.person_id}", p.evidence.value) for p in cohort.people]
        if rows:
            print_table("", ("person", "id", "evidence"), rows, "")
        found = [
            (one.name, f"{one.source}/{one.subject}", found_of(cohort.id, one)) for one in cohort.subjects
        ]
        if found:
            print_table("", ("whom it is about", "id", "what is wrong"), found, "")


@app.command()
def release(
    id_: IdArgument,
    config: ConfigOption,
    cohort: CohortOption = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Let a plan, or some of its cohorts, go on."""
    at = clock_at(now)
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        plan = worker.approvals.decide(id_, cohort or [], who, need_reason(reason), at, release=True)
        waiting = _waiting(worker, plan, HoldState.RELEASED)
        is_known = plan.is_of_controls or plan.source in {one.name for one in worker.settings.directories}
    then = "The next run of the job opens the tickets of what is released."
    if not is_known:
        gone = f"There is no directory {plan.source} any more"
        then = f"{gone}: whoever another one knows gets a ticket by that one's plan."
    _say(plan, HoldState.RELEASED, then, waiting)


@app.command()
def reject(
    id_: IdArgument,
    config: ConfigOption,
    cohort: CohortOption = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    now: NowOption = None,
) -> None:
    """Drop a plan, or some of its cohorts: nothing is done about it."""
    at = clock_at(now)
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        plan = worker.approvals.decide(id_, cohort or [], who, need_reason(reason), at, release=False)
        waiting = _waiting(worker, plan, HoldState.REJECTED)
    _say(plan, HoldState.REJECTED, "What is rejected is not held again for the same reasons.", waiting)


def _waiting(worker: App, plan: HeldPlan, verdict: HoldState) -> list[str]:
    """The cohorts with one person's decision that wait for a second person."""
    with worker.store.reading() as uow:
        kept = {one.cohort for one in uow.episodes.approvals(plan.id) if one.verdict is verdict}
    return [one.id for one in plan.cohorts if one.id in kept and one.state is HoldState.HELD]


def _say(plan: HeldPlan, verdict: HoldState, then: str, waiting: Sequence[str]) -> None:
    is_any = any(one.state is verdict for one in plan.cohorts)
    out.print(Text(f"{plan.label} is {plan.state.value}.{f' {then}' if is_any else ''}"))
    if waiting:
        verb = "release" if verdict is HoldState.RELEASED else "reject"
        many = f"a size of {plan.size}, so two have to {verb} it"
        out.print(Text(f"{', '.join(waiting)}: kept. The plan has {many}: somebody else has to do the same."))
